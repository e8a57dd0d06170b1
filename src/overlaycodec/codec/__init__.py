"""Layouts -> code: decoders and encoders of headers, stacks and packets; the catalog."""
