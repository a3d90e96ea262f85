"""The analysis: a program in, facts out."""
