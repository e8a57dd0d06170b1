"""Packets as people see them: a line, a tree, annotated octets; for Python, notebooks and the command line alike."""
