"""A complete sheet, and ways to spoil it."""

from app.costs.entries import REQUIRED_ENTRIES

HEAD = """\
title = "A sheet"
hardware = "A CPU"
hypervisor = "A hypervisor"
gigahertz = 2.5
gigahertz_source = "its data sheet"
summary = "What it is for."
"""
ENTRY = """\
value = 5
unit = "cycles"
range = [4, 6]
source = "measured here"
confidence = "published"
"""
COMPLETE = HEAD + "".join(f"[{name}]\n{ENTRY}" for name in REQUIRED_ENTRIES)


def with_entry(name: str, body: str) -> str:
    """COMPLETE with another *body* for the entry *name*."""
    return COMPLETE.replace(f"[{name}]\n{ENTRY}", f"[{name}]\n{body}")


def line_of(text: str, line: str, after: str = "") -> int:
    """The number of the first *line* behind the line *after*, counted from 1."""
    lines = text.splitlines()
    start = lines.index(after) if after else 0
    return lines.index(line, start) + 1
