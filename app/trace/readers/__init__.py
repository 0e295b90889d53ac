"""Readers of recordings: bytes in, operations out."""
