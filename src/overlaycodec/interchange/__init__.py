"""Packets to and from what other programs read: plain data, JSON, hexadecimal digits as tools copy them."""
