"""Reads typed fields out of untyped input and collects what is wrong, so that a person hears of all of it at once."""

import math
import reprlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, cast

from app.costs.reference import UnusableReference, cost_sheet_of, reference_of

Choice = TypeVar("Choice")

#: The default of a field that must be there.
MISSING: Any = object()
_LONGEST_NUMBER = 66
_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no"})


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
        self._cpu_count = cpu_count
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
                self._wrong(str(name)[:40], f"is not known here; {listed}")

    def given(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def refuse(self, name: str, message: str) -> None:
        """Notes what is wrong with a field that is right by itself."""
        self._wrong(name, message)

    def _wrong(self, name: str, message: str) -> None:
        self._errors.append((self._prefix + name, message))

    def _get(self, name: str, default: Any) -> Any:
        value = self._raw.get(name)
        if value is None:
            if default is MISSING:
                self._wrong(name, "is missing")
            return default
        return value

    def number(self, name: str, lowest: int, highest: int, default: int = MISSING) -> int:
        """A whole number in range, or a string that is one."""
        raw = self._get(name, default)
        if raw is MISSING:
            return lowest
        value = _whole_number(raw)
        if value is None:
            self._wrong(name, f"{shown(raw)} is not a whole number (write 81 or 0x51)")
            return lowest
        if not lowest <= value <= highest:
            wide = highest > 0xFFFF
            limits = f"{lowest:#x} to {highest:#x}" if wide else f"{lowest} to {highest} ({lowest:#x} to {highest:#x})"
            self._wrong(name, f"{shown(raw)} is not in {limits}")
            return lowest
        return value

    def number_of(self, name: str, numbers: Collection[int]) -> int:
        """A whole number that is one of *numbers*, or a string that is one."""
        raw = self._get(name, MISSING)
        value = _whole_number(raw)
        if value is not None and value in numbers:
            return value
        if raw is not MISSING:
            self._wrong(name, f"{shown(raw)} is none of {', '.join(map(str, sorted(numbers)))}")
        return next(iter(numbers))

    def cpu(self, name: str) -> int:
        """The number of a CPU that exists."""
        raw = self._get(name, MISSING)
        if raw is MISSING:
            return 0
        value = _whole_number(raw)
        if value is None or not 0 <= value < self._cpu_count:
            self._wrong(name, f"there is no CPU {shown(raw)}; this machine has 0 to {self._cpu_count - 1}")
            return 0
        return value

    def mask(self) -> int | None:
        """A set of CPUs: ``cpus`` as a list or comma-separated, or ``mask`` as a number."""
        if self.given("mask"):
            if self.given("cpus"):
                self._wrong("cpus", "says the same as mask: give one of them")
            return self.number("mask", 1, (1 << self._cpu_count) - 1)
        raw = self._raw.get("cpus")
        if raw is None:
            return None
        numbers = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(numbers, list) or not numbers:
            self._wrong("cpus", "must be a list of CPU numbers")
            return None
        chosen = {self._one_of("cpus", number) for number in numbers}
        return sum(1 << cpu for cpu in chosen)

    def _one_of(self, name: str, number: object) -> int:
        return Fields({name: number}, self._cpu_count, self._prefix, self._errors).cpu(name)

    def choice(
        self,
        name: str,
        choices: Mapping[str, Choice],
        default: Choice = MISSING,
        transform: Callable[[str], str] = lambda text: text,
    ) -> Choice:
        """One of *choices*, by its name."""
        raw = self._get(name, default)
        fallback = next(iter(choices.values())) if default is MISSING else default
        if raw is default or raw is MISSING:
            return fallback
        found = choices.get(transform(raw), MISSING) if isinstance(raw, str) else MISSING
        if found is MISSING:
            self._wrong(name, f"{shown(raw)} is none of {', '.join(choices)}")
            return fallback
        return cast("Choice", found)

    def boolean(self, name: str, default: bool = MISSING) -> bool:
        raw = self._get(name, default)
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in _TRUE:
            return True
        if isinstance(raw, str) and raw.lower() in _FALSE:
            return False
        if raw is not MISSING:
            self._wrong(name, f"{shown(raw)} is neither true nor false")
        return False

    def speed(self, name: str, slowest: float, fastest: float) -> float | None:
        """A speed; null, "max" or an empty string is as fast as it goes."""
        if name not in self._raw:
            self._wrong(name, "is missing")
            return None
        raw = self._raw[name]
        if raw is None or raw in ("", "max"):
            return None
        try:
            number = _plain(raw) if isinstance(raw, str) else isinstance(raw, int | float) and not isinstance(raw, bool)
            value = float(raw) if number else math.nan
        except (ValueError, OverflowError):
            value = math.nan
        if not slowest <= value <= fastest:
            self._wrong(name, f"{shown(raw)} is not a speed from {slowest:g} to {fastest:g} cycles a second, or max")
            return None
        return value

    def cost_sheet(self, name: str) -> str:
        """The text that names a cost sheet, in its shortest form."""
        raw = self._get(name, MISSING)
        if raw is MISSING:
            return ""
        if not isinstance(raw, str):
            self._wrong(name, f"{shown(raw)} is no name of a cost sheet")
            return ""
        try:
            return reference_of(cost_sheet_of(raw))
        except UnusableReference as unusable:
            self._wrong(name, str(unusable))
            return ""

    def nested(self, name: str) -> "Fields":
        """The fields of an object inside this one; none when it is absent."""
        raw = self._raw.get(name)
        if raw is not None and not isinstance(raw, Mapping):
            self._wrong(name, "must be an object")
            raw = None
        return Fields(raw or {}, self._cpu_count, f"{self._prefix}{name}.", self._errors)


def _plain(raw: str) -> bool:
    """Whether a number may be written so. Python also takes other alphabets' digits, and underscores."""
    return raw.isascii() and "_" not in raw


def _whole_number(raw: object) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() else None
    if isinstance(raw, str) and len(raw) <= _LONGEST_NUMBER and _plain(raw):
        try:
            return int(raw.strip(), 16 if raw.strip().lower().startswith("0x") else 10)
        except ValueError:
            return None
    return None


def shown(value: object) -> str:
    """*value* as a refusal repeats it: 40 characters at most, and never as deep as it may be nested."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = str(value)
    else:
        text = repr(value) if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
