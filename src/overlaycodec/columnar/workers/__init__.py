"""Columns by several processes, each of which decodes splits of the captures."""
