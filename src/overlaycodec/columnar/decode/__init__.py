"""Captures -> columns."""
