"""Cost sheets: what each step costs, in TSC cycles, with where the figure comes from and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources

from app.costs.entries import (
    ENTRY_WORDS,
    REQUIRED_ENTRIES,
    CostEntry,
    cycles_of,
    wrong_with_cycles,
)
from app.costs.reading import HEAD_TEXTS, WITHOUT, SheetError, SheetReading, UnusableCostSheet
from app.x86.units import Cycles

__all__ = [
    "CHANGED",
    "DEFAULT_COST_SHEET",
    "REQUIRED_ENTRIES",
    "CostEntry",
    "CostSheet",
    "NoFigure",
    "SheetError",
    "UnusableCostSheet",
    "cost_sheet_names",
    "load_cost_sheet",
    "parse_cost_sheet",
]

DEFAULT_COST_SHEET = "2007"
#: How the name of a copy ends.
CHANGED = "-changed"


class NoFigure(LookupError):
    """Something was to be priced that the sheet's hardware or hypervisor does not have; the message says why."""


class _Prices(dict[str, Cycles]):
    """Cycles by entry. What is not in it raises as ``CostSheet.price`` does, at the moment when it is wanted."""

    def __init__(self, sheet: "CostSheet") -> None:
        entries = sheet.entries.items()
        super().__init__({name: Cycles(entry.cycles) for name, entry in entries if entry.cycles is not None})
        self._sheet = sheet

    def __missing__(self, name: str) -> Cycles:
        return self._sheet.price(name)


@dataclass(frozen=True, slots=True)
class CostSheet:
    """All figures of one machine and hypervisor of one time. ``gigahertz`` is the frequency of the TSC."""

    name: str
    title: str
    hardware: str
    hypervisor: str
    gigahertz: float
    gigahertz_source: str
    summary: str
    entries: Mapping[str, CostEntry]
    #: Back ends that this hardware does not have whatever figures there are, each with the reason.
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def cycles(self) -> dict[str, Cycles]:
        """Entry name to cycles, without the entries that are not available: to ask for one of those is NoFigure."""
        return _Prices(self)

    @property
    def unavailable(self) -> dict[str, str]:
        """Entry name to the reason why the hardware or the hypervisor has no such thing."""
        return {name: entry.unavailable for name, entry in self.entries.items() if entry.unavailable}

    def price(self, name: str) -> Cycles:
        """The cycles of the entry *name*. NoFigure says why there are none, KeyError that the name is unknown."""
        entry = self.entries[name]
        if entry.cycles is None:
            raise NoFigure(f"{self.name} has no figure for {name}: {entry.unavailable}")
        return Cycles(entry.cycles)

    def with_values(self, values: Mapping[str, int | float]) -> "CostSheet":
        """A copy with other figures, each in its entry's own unit; cycles where there was none.

        UnusableCostSheet names every entry that is unknown or cannot have its value, by line 0.
        """
        errors: list[SheetError] = []
        entries = dict(self.entries)
        for name, value in values.items():
            if name not in entries:
                errors.append(SheetError(0, name, "is no entry of a cost sheet"))
            elif wrong := self._wrong_with(name, value):
                errors.append(SheetError(0, name, wrong))
            elif value != entries[name].value:
                entries[name] = self._changed(entries[name], value)
        if errors:
            raise UnusableCostSheet(self.name, errors)
        if entries == self.entries:
            return self
        return replace(self, name=self.name.removesuffix(CHANGED) + CHANGED, entries=entries)

    def _wrong_with(self, name: str, value: int | float) -> str | None:
        if not 0 <= value < float("inf"):
            return f"must be a number, 0 or more, not {value}"
        return wrong_with_cycles(name, cycles_of(value, self.entries[name].unit, self.gigahertz))

    def _changed(self, entry: CostEntry, value: int | float) -> CostEntry:
        if entry.value is None:
            source = f"given by hand; the sheet has none: {entry.unavailable}"
        elif entry.confidence == "yours":
            source = entry.source
        else:
            source = f"changed by hand from {entry.value} {entry.unit}, {entry.confidence}: {entry.source}"
        cycles = cycles_of(value, entry.unit, self.gigahertz)
        return CostEntry(value, entry.unit, (value, value), source, "yours", cycles)

    def to_toml(self) -> str:
        """The sheet as a TOML text that ``parse_cost_sheet`` reads back to an equal one."""
        texts = {key: getattr(self, key) for key in HEAD_TEXTS}
        head = [f"{key} = {_quoted(text)}" for key, text in texts.items()]
        head.insert(HEAD_TEXTS.index("gigahertz_source"), f"gigahertz = {self.gigahertz}")
        blocks = ["\n".join(head)]
        blocks += [_block(name, entry) for name, entry in self.entries.items()]
        if self.without:
            reasons = [f"{name} = {_quoted(reason)}" for name, reason in self.without.items()]
            blocks.append("\n".join(["# Back ends that the hardware does not have", f"[{WITHOUT}]", *reasons]))
        return "\n\n".join(blocks) + "\n"


def _block(name: str, entry: CostEntry) -> str:
    lines = [f"# {ENTRY_WORDS[name]}", f"[{name}]"]
    if entry.range is None:
        lines.append(f"unavailable = {_quoted(entry.unavailable)}")
    else:
        lines += [
            f"value = {entry.value}",
            f"unit = {_quoted(entry.unit)}",
            f"range = [{entry.range[0]}, {entry.range[1]}]",
            f"source = {_quoted(entry.source)}",
            f"confidence = {_quoted(entry.confidence)}",
        ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """*text* as a basic string of TOML, in which control characters do not stand as they are."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x20 or ord(c) == 0x7F else c for c in escaped) + '"'


def parse_cost_sheet(name: str, text: str) -> CostSheet:
    """Reads a sheet. UnusableCostSheet holds every key that is missing, unknown or out of range, with its line."""
    reading = SheetReading(text)
    if reading.errors:
        raise UnusableCostSheet(name, reading.errors)
    return CostSheet(
        name, gigahertz=reading.gigahertz, entries=reading.entries, without=reading.without, **reading.texts
    )


@lru_cache
def load_cost_sheet(name: str) -> CostSheet:
    """The sheet *name* that comes with the program. FileNotFoundError when there is none of that name."""
    if name not in cost_sheet_names():
        raise FileNotFoundError(f"no cost sheet is called {name!r}; there are {', '.join(cost_sheet_names())}")
    text = (resources.files("app.costs") / "sheets" / f"{name}.toml").read_text(encoding="utf-8")
    return parse_cost_sheet(name, text)


@lru_cache
def cost_sheet_names() -> tuple[str, ...]:
    """The sheets that come with the program: the default first, the others in the order of their names."""
    found = (resources.files("app.costs") / "sheets").iterdir()
    names = [entry.name.removesuffix(".toml") for entry in found if entry.name.endswith(".toml")]
    return tuple(sorted(names, key=lambda name: (name != DEFAULT_COST_SHEET, name)))
