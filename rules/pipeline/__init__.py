"""BS2: input pipelines."""
