"""Which version of the program this is."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def program_version() -> str:
    """As it is installed; "unknown" where it runs from a bare checkout."""
    try:
        return version("apicscope")
    except PackageNotFoundError:
        return "unknown"
