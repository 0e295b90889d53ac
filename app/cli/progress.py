"""A line on stderr that says how far a long command has come, when a person is watching."""

import sys


class Progress:
    """Rewrites one line of a terminal; does nothing when stderr is no terminal."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = ""

    def show(self, what: str, done: int, total: int) -> None:
        """*what* is being done, and *done* of *total* is behind us."""
        if not self._terminal:
            return
        words = f"{what} {100 * done // max(1, total):3} %"
        if words != self._shown:
            self._shown = words
            print(f"\r{words}\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """The line goes."""
        if self._shown:
            self._shown = ""
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
