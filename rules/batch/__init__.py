"""BS1: batch sizes."""
