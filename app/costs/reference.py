"""A cost sheet named by a text: ``skylake-sp``, or a copy of it as ``skylake-sp?vm_exit=900&decode=0``.

It is what stands behind ``/costs/`` in the address of a sheet's page; such an address is a reference too.
"""

import re
from collections.abc import Iterable, Mapping

from app.costs.entries import MOST_CYCLES
from app.costs.sheet import CHANGED, CostSheet, UnusableCostSheet, cost_sheet_names, load_cost_sheet

LONGEST_REFERENCE = 2_000
_ADDRESS = re.compile(r"(?:https?://[^/?]+)?(?:/[^?]*)?/costs/")  # a proxy may have put something before our paths
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")  # as Python would write it, never with an exponent
_ANY_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


class UnusableReference(ValueError):
    """*reference* names no sheet, or a copy that cannot be. ``problems`` are (entry, what is wrong with it); the entry
    is empty where the sheet itself is wrong."""

    def __init__(self, reference: str, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = list(problems)
        words = "; ".join(f"{entry} {wrong}" if entry else wrong for entry, wrong in self.problems)
        super().__init__(f"{reference[:60]!r} is no cost sheet: {words}")


def cost_sheet_of(reference: str) -> CostSheet:
    """The sheet that *reference* names. UnusableReference names every entry that cannot be used."""
    if len(reference) > LONGEST_REFERENCE:
        raise UnusableReference(reference, [("", f"it is longer than {LONGEST_REFERENCE:,} characters")])
    address = _ADDRESS.match(reference)
    name, _, query = reference[address.end() if address else 0 :].partition("?")
    if name not in cost_sheet_names():
        raise UnusableReference(reference, [("", f"there are {', '.join(cost_sheet_names())}")])
    sheet, errors = changed_copy(load_cost_sheet(name), _fields(query))
    if errors:
        raise UnusableReference(reference, errors.items())
    return sheet


def _fields(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {name: written for name, _, written in pairs}


def changed_copy(base: CostSheet, fields: Mapping[str, str]) -> tuple[CostSheet, dict[str, str]]:
    """*base* with *fields*, entry name to what was written; an empty field means the sheet's own figure.

    With it comes what is wrong with which field: the copy leaves those out.
    """
    values: dict[str, int | float] = {}
    errors: dict[str, str] = {}
    for name, written in fields.items():
        if name not in base.entries:
            errors[name[:40]] = "is no entry of a cost sheet"
        elif wrong := _wrong_with(written, base.entries[name].unit, base.gigahertz):
            errors[name] = wrong
        elif written:
            number = float(written)
            values[name] = int(number) if number.is_integer() else number
    sheet = base
    for name, value in values.items():
        try:
            sheet = sheet.with_values({name: value})
        except UnusableCostSheet as unusable:
            errors |= {error.key: error.message for error in unusable.errors}
    return sheet, errors


def _wrong_with(written: str, unit: str, gigahertz: float) -> str | None:
    """Which rule *written* breaks as a figure in *unit*; None when it breaks none, or is empty."""
    if not written or (_NUMBER.fullmatch(written) and float(written) <= _most(unit, gigahertz)):
        return None
    if not _ANY_NUMBER.fullmatch(written):
        return f"must be a number such as 900 or 12.5, not “{written[:40]}”"
    if float(written) < 0:
        return f"must be 0 or more, not {written[:40]}"
    if float(written) > _most(unit, gigahertz):
        return f"must be at most {_most(unit, gigahertz):,} {unit}, not {written[:40]}"
    return f"must be written like 900 or 12.5, with at most three digits after the point, not “{written[:40]}”"


def _most(unit: str, gigahertz: float) -> int:
    return int(MOST_CYCLES / (gigahertz if unit == "ns" else 1))


def changed_figures(base: CostSheet, sheet: CostSheet) -> dict[str, str]:
    """The figures in which *sheet* differs from *base*, in the order of its entries: the query of its address."""
    return {name: str(entry.value) for name, entry in sheet.entries.items() if entry != base.entries[name]}


def reference_of(sheet: CostSheet) -> str:
    """The text that names *sheet*. KeyError when it is neither one that comes along nor a copy of one."""
    name = sheet.name.removesuffix(CHANGED)
    if name not in cost_sheet_names():
        raise KeyError(f"{sheet.name} does not come with the program")
    figures = changed_figures(load_cost_sheet(name), sheet)
    return f"{name}?{'&'.join(f'{entry}={value}' for entry, value in figures.items())}" if figures else name
