"""The fields of one command as they came in: untyped, each looked up by whoever knows its type; what is wrong with them
is collected, so that a person hears of all of it at once."""

import reprlib
from collections.abc import Collection, Mapping
from typing import Any

#: The default of a field that must be there.
MISSING: Any = object()


class InvalidCommand(ValueError):
    """``errors`` holds (field, what is wrong with it)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" if field else message for field, message in errors))
        self.errors = errors


class Fields:
    """The fields of one command for a session of *cpu_count* CPUs."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        cpu_count: int,
        prefix: str = "",
        errors: list[tuple[str, str]] | None = None,
    ) -> None:
        self._raw = raw
        self.cpu_count = cpu_count
        self._prefix = prefix
        self._errors: list[tuple[str, str]] = [] if errors is None else errors

    def finish(self) -> None:
        """InvalidCommand when any field was wrong."""
        if self._errors:
            raise InvalidCommand(self._errors)

    def only(self, known: Collection[str]) -> None:
        """Notes each field that nobody reads here: where it is a slip of the pen, something else would be done."""
        for name in self._raw:
            if name not in known:
                listed = f"known: {', '.join(known)}" if known else "there are none"
                self.refuse(str(name)[:40], f"is not known here; {listed}")

    def there(self, name: str) -> bool:
        """Whether the field is there, be it as null."""
        return name in self._raw

    def given(self, name: str) -> bool:
        """Whether the field is there and holds something."""
        return self._raw.get(name) is not None

    def refuse(self, name: str, message: str) -> None:
        """Notes what is wrong with a field."""
        self._errors.append((self._prefix + name, message))

    def get(self, name: str, default: Any = MISSING) -> Any:
        """What the field holds; *default* where it holds nothing, which is noted where that is MISSING."""
        value = self._raw.get(name)
        if value is None:
            if default is MISSING:
                self.refuse(name, "is missing")
            return default
        return value

    def nested(self, name: str) -> "Fields":
        """The fields of an object inside this one; none when it is absent."""
        raw = self._raw.get(name)
        if raw is not None and not isinstance(raw, Mapping):
            self.refuse(name, "must be an object")
            raw = None
        return Fields(raw or {}, self.cpu_count, f"{self._prefix}{name}.", self._errors)


def shown(value: object) -> str:
    """*value* as a refusal repeats it: 40 characters at most, and never as deep as it may be nested."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = str(value)
    else:
        text = repr(value) if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
