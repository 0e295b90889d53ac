"""Parts of lines that name one of what the program knows: back ends, cost sheets, conditions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.backends.catalogue import BACKENDS
from app.breakpoints.reading import UnreadableCondition, read_condition
from app.breakpoints.words import CPU_VALUES, WORDS
from app.commands.line import Completion, Misread, Part, Surroundings, Values
from app.commands.line_parts import Remaining, none_of
from app.costs.reference import UnusableReference, cost_sheet_of
from app.costs.sheet import cost_sheet_names

_LAST_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")


@dataclass(frozen=True, slots=True)
class BackendName(Part):
    """A back end by its name."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        if text.lower() not in BACKENDS:
            raise Misread(none_of(text, BACKENDS))
        return {"backend": text.lower()}

    def write(self, values: Values, among: Surroundings | None) -> str:
        return str(values["backend"])

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        fits = sorted(BACKENDS, key=lambda name: name in among.refused)
        for name in fits:
            yield Completion(name, among.refused.get(name, BACKENDS[name].sentence))


@dataclass(frozen=True, slots=True)
class CostSheetName(Part):
    """The text that names a cost sheet."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        try:
            cost_sheet_of(text)
        except UnusableReference as unusable:
            raise Misread(str(unusable)) from unusable
        return {"cost_sheet": text}

    def write(self, values: Values, among: Surroundings | None) -> str:
        return str(values["cost_sheet"])

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for name in cost_sheet_names():
            yield Completion(name)


@dataclass(frozen=True, slots=True)
class ConditionText(Remaining):
    """A condition to the end of the line."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        try:
            read_condition(text)
        except UnreadableCondition as unreadable:
            raise Misread(str(unreadable).partition(": ")[2], at=unreadable.column - 1) from unreadable
        return {"condition": text}

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for word in WORDS:
            yield Completion(word.name, word.meaning)
        for value in CPU_VALUES:
            yield Completion(value.name, value.meaning, spelled=True)

    def begun(self, text: str) -> str:
        found = _LAST_NAME.search(text)
        return found[0] if found else ""
