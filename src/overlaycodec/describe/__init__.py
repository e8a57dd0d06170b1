"""Layouts -> words, plain values, figures."""
