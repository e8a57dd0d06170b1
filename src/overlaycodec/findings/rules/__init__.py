"""The rules of `diagnose`, one table for each place in a packet."""
