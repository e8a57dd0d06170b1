"""Many records at once, with NumPy."""
