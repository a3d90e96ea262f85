"""The rules, grouped by family. One module is one rule."""
