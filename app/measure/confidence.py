"""How sure a model number is: which entries of the sheet it is made of, weighed by their cycles."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.backends.catalogue import BACKENDS
from app.costs.entries import ENTRY_WORDS, CostEntry
from app.costs.sheet import CostSheet
from app.measure.comparison import Row, Waterfall

#: Confidences that say "somebody's guess".
_GUESSES = frozenset({"assumed"})


class Used(NamedTuple):
    """An entry that prices a step, and what it stands for."""

    name: str
    words: str
    entry: CostEntry


def cycles_by_confidence(waterfall: Waterfall, sheet: CostSheet) -> Mapping[str, int]:
    """Cycles of *waterfall* by the confidence of what prices them; "" for those that no entry prices."""
    found: Counter[str] = Counter()
    for bar in waterfall.bars:
        entry = sheet.entries.get(bar.price)
        found[entry.confidence if entry else ""] += bar.cycles
    return found


def guessed_share(waterfall: Waterfall, sheet: CostSheet) -> float:
    """Which part of *waterfall*'s cycles rests on entries that nobody has measured, 0 to 1."""
    found = cycles_by_confidence(waterfall, sheet)
    priced = sum(cycles for confidence, cycles in found.items() if confidence)
    return sum(found.get(word, 0) for word in _GUESSES) / priced if priced else 0.0


def is_estimate(waterfall: Waterfall, sheet: CostSheet) -> bool:
    """Whether assumed entries make up more than half of *waterfall*."""
    return guessed_share(waterfall, sheet) > 0.5


def entries_used(rows: Iterable[Row], sheet: CostSheet) -> list[Used]:
    """Every entry by which the back ends of *rows* are priced, in the order of the sheet.

    One for which it has no figure has priced nothing: a lesser back end did without.
    """
    wanted = frozenset().union(*(BACKENDS[row.backend].entries for row in rows))
    figures = ((name, entry) for name, entry in sheet.entries.items() if entry.value is not None)
    return [Used(name, ENTRY_WORDS[name], entry) for name, entry in figures if name in wanted]
