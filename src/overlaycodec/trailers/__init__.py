"""Trailers that are declared like headers: what devices put at the end of frames, read from the last octet on."""
