"""BS4: memory and out-of-memory handling."""
