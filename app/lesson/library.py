"""The lessons that come along, by their names."""

from importlib.resources import files
from importlib.resources.abc import Traversable

_ENDING = ".toml"


def _folder() -> Traversable:
    return files("app.lesson") / "shipped"


def shipped_lessons() -> list[str]:
    """Their names, in the order in which they are meant to be heard."""
    names = (one.name for one in _folder().iterdir())
    return sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING))


def shipped_text(name: str) -> str:
    """The file of one of them. KeyError for another name."""
    if name not in shipped_lessons():
        raise KeyError(name)
    return (_folder() / f"{name}{_ENDING}").read_text(encoding="utf-8")
