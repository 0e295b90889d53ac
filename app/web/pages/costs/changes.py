"""What a person has written into the fields of a cost sheet, and the changed copy that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.costs.entries import ENTRY_GROUPS, CostEntry
from app.costs.reference import changed_copy, changed_figures
from app.costs.sheet import CostSheet

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
        return changed_figures(self.base, self.sheet)

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
    sheet, errors = changed_copy(base, fields)
    return Changes(base, sheet, fields, errors)
