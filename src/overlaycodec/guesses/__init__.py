"""Guesses: headers that are found by a sign that may mislead, and what speaks for them."""
