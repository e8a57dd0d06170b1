"""Pipelines: patterns of headers as values, by which packets are decoded, encoded, built and selected."""
