"""Where the keys of a TOML text stand, which ``tomllib`` does not tell."""

import re
from collections.abc import Iterator

_HEADER = re.compile(r"""\s*\[\s*(["']?)([^"'\[\]]+)\1\s*\]""")
_KEY = re.compile(r"""\s*(["']?)([\w-]+)\1\s*(?:\.\s*(["']?)([\w-]+)\3\s*)?=""")
_LONG_QUOTES = re.compile(r'"""|\'\'\'')
_BY_TOMLLIB = re.compile(r"\(at line (\d+), column \d+\)")


class KeyLines:
    """The line, counted from 1, of every table and every key of *text*."""

    def __init__(self, text: str) -> None:
        lines = text.split("\n")  # TOML knows no other line ends
        self.last = max(len(text.rstrip().split("\n")), 1)
        self._lines: dict[str, int] = {}
        table = ""
        for number, line in _outside_long_strings(lines):
            if header := _HEADER.match(line):
                table = header[2].strip()
                self._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                self._note(".".join(part for part in (table, key[2], key[4]) if part), number)

    def _note(self, path: str, number: int) -> None:
        self._lines.setdefault(path, number)
        if "." in path:  # `vm_exit.value = 1` begins the table vm_exit
            self._lines.setdefault(path.partition(".")[0], number)

    def of(self, path: str) -> int:
        """The line of a key such as ``vm_exit.value``; of its table when the key is missing; the last line when that
        is missing too, since there is where it would be added."""
        return self._lines.get(path) or self._lines.get(path.partition(".")[0]) or self.last

    def of_syntax_error(self, message: str) -> int:
        """The line that ``tomllib`` names in *message*."""
        found = _BY_TOMLLIB.search(message)
        return int(found[1]) if found else self.last


def _outside_long_strings(lines: list[str]) -> Iterator[tuple[int, str]]:
    inside = ""
    for number, line in enumerate(lines, 1):
        if not inside:
            yield number, line
        for quotes in _LONG_QUOTES.findall(line):
            if not inside:
                inside = quotes
            elif inside == quotes:
                inside = ""
