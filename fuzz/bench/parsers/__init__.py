"""Small parsers, each with bugs that can be planted in it one at a time."""
