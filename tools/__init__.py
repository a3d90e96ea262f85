"""What the developers of bslint run: `python -m tools.docs`, `python -m tools.new_rule`."""
