"""What a person has written into the fields of a cost sheet, and the changed copy that it makes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.backends.cost_entries import ENTRY_GROUPS, CostEntry
from app.backends.cost_sheet import CostSheet, UnusableCostSheet

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")  # as Python would write it, never with an exponent
LONGEST_NUMBER = 16


class Row(NamedTuple):
    """One entry as the page shows it: *written* is what stands in its field, *wrong* what is wrong with that."""

    name: str
    words: str
    entry: CostEntry
    written: str
    wrong: str

    @property
    def changed(self) -> bool:
        return self.entry.confidence == "yours"


@dataclass(frozen=True, slots=True)
class Changes:
    """*base* as *written* makes it: ``sheet`` is the copy, which leaves out what ``errors`` names."""

    base: CostSheet
    sheet: CostSheet
    written: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str]:
        """The figures that differ, in the sheet's order: the query of the copy's address."""
        return {
            name: str(entry.value) for name, entry in self.sheet.entries.items() if entry != self.base.entries[name]
        }

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Every entry under the title of its group."""
        return [
            (group.title, [self._row(name, words) for name, words in group.words.items()]) for group in ENTRY_GROUPS
        ]

    @property
    def unknown(self) -> dict[str, str]:
        """What is wrong with names that no field has."""
        return {name: wrong for name, wrong in self.errors.items() if name not in self.base.entries}

    def _row(self, name: str, words: str) -> Row:
        entry = self.sheet.entries[name]
        own = "" if entry.value is None else str(entry.value)
        wrong = self.errors.get(name, "")
        return Row(name, words, entry, self.written.get(name, own) if wrong else own, wrong)


def changes_to(base: CostSheet, fields: Mapping[str, str]) -> Changes:
    """Reads *fields*, entry name to what was written; an empty field means the sheet's own figure."""
    values: dict[str, int | float] = {}
    errors: dict[str, str] = {}
    for name, written in fields.items():
        if name not in base.entries:
            errors[name[:40]] = "is no entry of a cost sheet"
        elif _NUMBER.fullmatch(written):
            number = float(written)
            values[name] = int(number) if number.is_integer() else number
        elif written:
            errors[name] = f"must be a number such as 900 or 12.5, not “{written[:40]}”"
    sheet = base
    for name, value in values.items():
        try:
            sheet = sheet.with_values({name: value})
        except UnusableCostSheet as unusable:
            errors |= {error.key: error.message for error in unusable.errors}
    return Changes(base, sheet, fields, errors)
