"""On which line each key of a TOML text stands. ``tomllib`` does not tell, so strings, brackets and comments are told
apart once more here, of a text that ``tomllib`` has read and that is therefore right."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping

#: The way to a value: keys, and places in lists from 0.
Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_OR_QUOTED = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"{_BARE_OR_QUOTED}(?:[ \t]*\.[ \t]*{_BARE_OR_QUOTED})*")
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|[^\[\]{},#\n]+",
    re.DOTALL,
)
_EQUALS = re.compile(r"[ \t]*=[ \t]*")


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every key and of every element of a list in *text*, which ``tomllib`` has read."""
    return _Places(text).found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of *path*, or of the nearest that it lies in: what is missing is missing there. 1 where nothing is."""
    while path not in lines:
        if not path:
            return 1
        path = path[:-1]
    return lines[path]


def path_words(path: Path) -> str:
    """``scene 2, ask.cpu``: *path* as people count."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f" {part + 1}"
        else:
            words += f"{', ' if words[-1:].isdigit() else '.' if words else ''}{part}"
    return words


class _Places:
    """Goes through the text once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._ends = [place for place, sign in enumerate(text) if sign == "\n"]
        #: How many tables each array of tables has so far.
        self._tables: dict[Path, int] = {}
        table: Path = ()
        while self._goes_on():
            if text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _goes_on(self) -> bool:
        self._skip(_BLANK)
        return self._at < len(self._text)

    def _skip(self, what: re.Pattern[str]) -> str:
        found = what.match(self._text, self._at)
        assert found is not None, "tomllib reads no such text"
        self._at = found.end()
        return found[0]

    def _note(self, path: Path, at: int) -> None:
        self.found.setdefault(path, bisect_left(self._ends, at) + 1)

    def _keys(self) -> list[str]:
        """The keys of a dotted key, without their quotes."""
        keys: list[str] = []
        value: object = tomllib.loads(f"{self._skip(_KEY)} = 0")
        while isinstance(value, dict):
            ((key, value),) = value.items()
            keys.append(key)
        return keys

    def _header(self) -> Path:
        """A table's header; returns the way to that table."""
        begins = self._at
        brackets = 2 if self._text.startswith("[[", begins) else 1
        self._at += brackets
        self._skip(_BLANK)
        path: Path = ()
        *outer, last = self._keys()
        for key in outer:
            path = self._inside((*path, key))
        path = (*path, last)
        if brackets == 2:
            self._tables[path] = self._tables.get(path, 0) + 1
        self._note(path, begins)
        path = self._inside(path)
        self._note(path, begins)
        self._skip(_BLANK)
        self._at += brackets
        return path

    def _inside(self, path: Path) -> Path:
        """Of an array of tables the last one."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, table: Path) -> None:
        begins, path = self._at, table
        for key in self._keys():
            path = (*path, key)
            self._note(path, begins)
        self._skip(_EQUALS)
        self._value(path)

    def _value(self, path: Path) -> None:
        match self._text[self._at]:
            case "[":
                self._list(path)
            case "{":
                self._inline_table(path)
            case _:
                self._skip(_SCALAR)

    def _list(self, path: Path) -> None:
        place = 0
        while self._another("]"):
            element = (*path, place)
            self._note(element, self._at)
            self._value(element)
            place += 1

    def _inline_table(self, path: Path) -> None:
        while self._another("}"):
            self._pair(path)

    def _another(self, end: str) -> bool:
        """Goes behind the opening bracket or the comma, or behind the *end*."""
        if self._text[self._at] in "[{":
            self._at += 1
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] == end:
            self._at += 1
            return False
        return True
