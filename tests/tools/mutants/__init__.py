"""Mutation testing: changes one thing in a module at a time and asks whether some test notices."""
