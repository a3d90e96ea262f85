"""libcst helpers: parsing and positions."""
