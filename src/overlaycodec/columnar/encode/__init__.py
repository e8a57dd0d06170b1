"""Columns -> the octets of packets."""
