"""Pure functions: figures in, measures out."""
