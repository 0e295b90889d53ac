"""Which program made a record: one of another is not read, for the same numbers may mean something else there."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

#: Of the shape of records. It goes up when they say the same in another way.
VERSION = 1
_APP = Path(__file__).parents[1]
_ROOMS = ("x86", "hw", "guest", "costs", "backends", "engine", "commands")


class OtherVersion(ValueError):
    """A record of another version of the program, or of another shape."""


@lru_cache
def fingerprint() -> str:
    """SHA-256 over all that decides what a simulation does: the sources of the model, and its cost sheets."""
    whole = sha256()
    for room in _ROOMS:
        for path in sorted((_APP / room).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                content = path.read_bytes()
                whole.update(f"{path.relative_to(_APP).as_posix()} {len(content)}\n".encode())
                whole.update(content)
    return whole.hexdigest()
