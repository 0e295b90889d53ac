"""Vocabulary: names and bit layouts of the APICs. No behaviour."""
