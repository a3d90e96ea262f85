"""BS0: suppression comments."""
