"""Reads the TOML of a cost sheet and collects all that is wrong with it, each with its line and its key."""

import math
import tomllib
from typing import Any, NamedTuple

from app.costs.entries import (
    CONFIDENCE_WORDS,
    REQUIRED_ENTRIES,
    UNITS,
    CostEntry,
    cycles_of,
    missing_feature,
    wrong_with_cycles,
)
from app.costs.lines import KeyLines

#: What a sheet says of itself, beside its frequency.
HEAD_TEXTS = ("title", "hardware", "hypervisor", "gigahertz_source", "summary")
#: The table of back ends that the hardware does not have.
WITHOUT = "without"
_ENTRY_KEYS = ("value", "unit", "range", "source", "confidence")
_MOST_GIGAHERTZ = 100


class SheetError(NamedTuple):
    """What is wrong with the value of *key* on *line*, counted from 1; line 0 when it stands in no text."""

    line: int
    key: str
    message: str


class UnusableCostSheet(ValueError):
    """A sheet that cannot be used. ``errors`` holds all that is wrong; the message names sheet, line and key."""

    def __init__(self, sheet: str, errors: list[SheetError]) -> None:
        super().__init__("\n".join(f"{sheet}: {_place(error)}{error.message}" for error in errors))
        self.sheet = sheet
        self.errors = errors


def _place(error: SheetError) -> str:
    places = [f"line {error.line}"] if error.line else []
    return ", ".join([*places, error.key] if error.key else places) + ": "


class SheetReading:
    """One sheet being read. What it holds is complete when ``errors`` is empty."""

    def __init__(self, text: str) -> None:
        self.errors: list[SheetError] = []
        self.texts: dict[str, str] = {}
        self.gigahertz = 1.0
        self.entries: dict[str, CostEntry] = {}
        self.without: dict[str, str] = {}
        self._lines = KeyLines(text)
        try:
            document = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            line = self._lines.of_syntax_error(str(error))
            self.errors.append(SheetError(line, "", f"is no TOML: {error}"))
            return
        self._read(document)
        self.errors.sort(key=lambda error: error.line)

    def _wrong(self, key: str, message: str) -> None:
        self.errors.append(SheetError(self._lines.of(key), key, message))

    def _read(self, document: dict[str, Any]) -> None:
        for key in HEAD_TEXTS:
            self.texts[key] = self._text(key, document.pop(key, None), "must be a text")
        frequency = document.pop("gigahertz", None)
        if not _is_number(frequency) or not 0 < frequency <= _MOST_GIGAHERTZ:
            self._wrong("gigahertz", f"must be a frequency above 0 and up to {_MOST_GIGAHERTZ}, not {frequency!r}")
        else:
            self.gigahertz = float(frequency)
        self._read_without(document.pop(WITHOUT, {}))
        for key in document:
            if key not in REQUIRED_ENTRIES:
                self._wrong(key, "is no entry of a cost sheet")
        for name in REQUIRED_ENTRIES:
            entry = self._entry(name, document.get(name))
            if entry is not None:
                self.entries[name] = entry

    def _read_without(self, raw: object) -> None:
        if not isinstance(raw, dict):
            self._wrong(WITHOUT, f"must be a table from back end to reason, not {_shown(raw)}")
            return
        for name, reason in raw.items():
            self.without[name] = self._text(f"{WITHOUT}.{name}", reason, "must say why the hardware has no such thing")

    def _text(self, key: str, raw: object, message: str) -> str:
        if isinstance(raw, str) and raw.strip():
            return raw
        self._wrong(key, "is missing" if raw is None else f"{message}, not {_shown(raw)}")
        return ""

    def _entry(self, name: str, raw: object) -> CostEntry | None:
        if raw is None:
            self._wrong(name, "is missing")
            return None
        if not isinstance(raw, dict):
            self._wrong(name, f"must be a table with {', '.join(_ENTRY_KEYS)}, not {_shown(raw)}")
            return None
        known = ("unavailable",) if "unavailable" in raw else _ENTRY_KEYS
        for key in raw:
            if key not in known:
                self._wrong(f"{name}.{key}", f"is not known here; an entry has {', '.join(known)}")
        if "unavailable" in raw:
            key = f"{name}.unavailable"
            return missing_feature(self._text(key, raw["unavailable"], "must say why there is no such thing"))
        return self._figure(name, raw)

    def _figure(self, name: str, raw: dict[str, Any]) -> CostEntry | None:
        before = len(self.errors)
        value = self._number(f"{name}.value", raw.get("value"))
        unit = self._one_of(f"{name}.unit", raw.get("unit"), UNITS)
        bounds = self._range(f"{name}.range", raw.get("range"), value)
        source = self._text(f"{name}.source", raw.get("source"), "must say where the figure comes from")
        confidence = self._one_of(f"{name}.confidence", raw.get("confidence"), tuple(CONFIDENCE_WORDS))
        if value is None or len(self.errors) > before:
            return None
        cycles = cycles_of(value, unit, self.gigahertz)
        if wrong := wrong_with_cycles(name, cycles):
            self._wrong(f"{name}.value", wrong)
        return CostEntry(value, unit, bounds, source, confidence, cycles)

    def _number(self, key: str, raw: object) -> int | float | None:
        if isinstance(raw, int | float) and _is_number(raw) and raw >= 0:
            return raw
        self._wrong(key, "is missing" if raw is None else f"must be a number, 0 or more, not {_shown(raw)}")
        return None

    def _range(self, key: str, raw: object, value: int | float | None) -> tuple[int | float, int | float] | None:
        if raw is None:
            self._wrong(key, "is missing")
        elif not isinstance(raw, list) or len(raw) != 2 or not _is_number(raw[0]) or not _is_number(raw[1]):
            self._wrong(key, f"must be two numbers, the lowest and the highest, not {_shown(raw)}")
        elif raw[0] < 0:
            self._wrong(key, f"must begin at 0 or more, not at {_shown(raw[0])}")
        elif value is not None and not raw[0] <= value <= raw[1]:
            self._wrong(key, f"must lie around the value {value}, not be {_shown(raw)}")
        else:
            return raw[0], raw[1]
        return None

    def _one_of(self, key: str, raw: object, words: tuple[str, ...]) -> str:
        if isinstance(raw, str) and raw in words:
            return raw
        message = "is missing" if raw is None else f"must be one of {', '.join(words)}, not {_shown(raw)}"
        self._wrong(key, message)
        return ""


def _is_number(raw: Any) -> bool:
    """A number with a place on the line: no truth value, no infinity, none so long that it cannot be shown."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return False
    return math.isfinite(raw) if isinstance(raw, float) else abs(raw) < 1 << 63


def _shown(raw: object) -> str:
    """*raw* for a message: short, whatever it is."""
    try:
        shown = repr(raw)
    except ValueError:  # an integer of thousands of digits
        return "so long a number"
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
