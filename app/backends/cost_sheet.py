"""Cost sheets: what each step costs, in TSC cycles, with where the figure comes from and how sure it is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

#: Every entry that a sheet must have: the ``cost`` of each kind of step, and how long messages travel.
REQUIRED_ENTRIES = (
    "mmio_read",
    "mmio_write",
    "memory_write",
    "spin_exit",
    "enable_interrupts",
    "disable_interrupts",
    "halt",
    "interrupt_entry",
    "interrupt_return",
    "smm_entry",
    "smm_return",
    "vm_exit",
    "vm_entry",
    "hypervisor_call",
    "decode",
    "emulate_read",
    "emulate_write",
    "handler_reschedule",
    "handler_call_function",
    "handler_invalidate_tlb",
    "handler_timer",
    "handler_device",
    "handler_nmi",
    "handler_smi",
    "message_flight",
    "eoi_broadcast_flight",
)
#: A CPU polls until its message has been accepted: if a read took no time, it would poll for ever at one moment.
_TAKES_TIME = ("mmio_read", "emulate_read")
_CONFIDENCE = ("published", "derived", "assumed")


class UnusableCostSheet(ValueError):
    """A sheet that lacks something; the message names the sheet and the key."""


@dataclass(frozen=True, slots=True)
class CostEntry:
    """One figure. ``confidence`` is published, derived (by the arithmetic in ``source``) or assumed."""

    cycles: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class CostSheet:
    """All figures of one machine and hypervisor of one time."""

    name: str
    title: str
    entries: Mapping[str, CostEntry]

    @property
    def cycles(self) -> dict[str, int]:
        """Entry name to cycles."""
        return {name: entry.cycles for name, entry in self.entries.items()}


def parse_cost_sheet(name: str, text: str) -> CostSheet:
    """Reads a sheet. UnusableCostSheet names the first key that is missing, unknown or out of range."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnusableCostSheet(f"{name}: {error}") from error
    title = document.pop("title", None)
    if not isinstance(title, str):
        raise UnusableCostSheet(f"{name}: title is missing")
    for key in document:
        if key not in REQUIRED_ENTRIES:
            raise UnusableCostSheet(f"{name}: {key} is no entry of a cost sheet")
    return CostSheet(name, title, {key: _entry(name, key, document.get(key)) for key in REQUIRED_ENTRIES})


def _entry(sheet: str, key: str, raw: object) -> CostEntry:
    if not isinstance(raw, dict):
        raise UnusableCostSheet(f"{sheet}: {key} is missing")
    cycles, source, confidence = raw.get("cycles"), raw.get("source"), raw.get("confidence")
    if not isinstance(cycles, int) or isinstance(cycles, bool) or cycles < 0:
        raise UnusableCostSheet(f"{sheet}: {key}.cycles must be a whole number of cycles, 0 or more, not {cycles!r}")
    if key in _TAKES_TIME and cycles == 0:
        raise UnusableCostSheet(f"{sheet}: {key}.cycles must be 1 or more: a CPU polls until its message has arrived")
    if not isinstance(source, str) or not source:
        raise UnusableCostSheet(f"{sheet}: {key}.source must say where the figure comes from")
    if confidence not in _CONFIDENCE:
        raise UnusableCostSheet(
            f"{sheet}: {key}.confidence must be one of {', '.join(_CONFIDENCE)}, not {confidence!r}"
        )
    return CostEntry(cycles, source, str(confidence))


@lru_cache
def load_cost_sheet(name: str) -> CostSheet:
    """The sheet *name* that comes with the program."""
    text = (resources.files("app.backends") / "costs" / f"{name}.toml").read_text(encoding="utf-8")
    return parse_cost_sheet(name, text)


DEFAULT_COST_SHEET = "2007"
