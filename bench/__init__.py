"""Benchmarks: this library and its peers, on the same inputs in the same run; `python -m bench` prints a report."""
