"""The rules of `diagnose`: a table for each layer."""
