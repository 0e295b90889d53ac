"""Recordings of real machines: reading them, and holding the model against them."""
