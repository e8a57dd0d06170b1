"""Headers and packets as values: paths, scopes and the offsets of fields."""
