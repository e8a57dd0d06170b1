"""Filters: which packets are wanted, as one expression that is a value with a text form."""
