"""What the commands print of names and texts that others have chosen."""

import sys


def one_line(text: str) -> str:
    """*text* without line ends or anything else that a terminal would obey: such characters stand as Python writes
    them."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def say_unusable(what: str) -> None:
    """One line on stderr says that *what* cannot be used."""
    say(what)


def say(what: str) -> None:
    """One line on stderr."""
    print(f"apicscope: {one_line(what)}", file=sys.stderr)
