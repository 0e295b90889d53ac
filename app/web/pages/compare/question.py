"""What the compare page is asked: read from its form's fields, which are its address, and written back into one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import urlencode

from app.backends.catalogue import BACKENDS, DEFAULT_SHEETS
from app.charts.curve import Measure
from app.charts.scales import ScaleKind
from app.commands.fields import InvalidCommand
from app.costs.reference import UnusableReference, cost_sheet_of
from app.costs.sheet import CostSheet
from app.guest.generations import GENERATIONS
from app.web.pages.forms import unknown_fields, whole_number

Kind = Literal["function", "scenario", "recording"]

MOST_TARGETS = 255
_USUAL_TARGETS = 8
FIELDS = ("work", *get_args(Kind), "targets", "generation", "backend", "sheet", "measure", "scale")
#: How the names of files begin that people have sent.
UPLOADED = "upload-"
#: It has a figure for everything, so that all back ends can stand beside each other.
USUAL_SHEET = "sapphire-rapids"


@dataclass(frozen=True, slots=True)
class Question:
    """One comparison, as it was asked for. Equal questions have equal answers.

    ``subject`` is the guest function, the scenario or the recording; ``targets`` counts for a function alone. An empty
    ``generation`` gives each back end the kernel of the sheet's time, or the other one where it never met that.
    """

    kind: Kind
    subject: str
    targets: int
    generation: str
    backends: tuple[str, ...]
    sheet: str
    measure: Measure = "sender"
    scale: ScaleKind | None = None

    @property
    def cost_sheet(self) -> CostSheet:
        """The sheet that prices it."""
        return cost_sheet_of(self.sheet)

    @property
    def query(self) -> str:
        """The query of its address: what is as usual is left out."""
        fields: list[tuple[str, str]] = [("work", self.kind), (self.kind, self.subject)]
        if self.kind == "function":
            fields.append(("targets", str(self.targets)))
        if self.generation:
            fields.append(("generation", self.generation))
        if self.backends != tuple(BACKENDS):
            fields += [("backend", name) for name in self.backends]
        fields.append(("sheet", self.sheet))
        if self.measure != "sender":
            fields.append(("measure", self.measure))
        if self.scale is not None:
            fields.append(("scale", self.scale))
        return urlencode(fields)

    def seen(self, measure: Measure, scale: ScaleKind | None) -> "Question":
        """The same, its curves drawn in another way."""
        return replace(self, measure=measure, scale=scale)

    @property
    def work(self) -> "Question":
        """The part that takes work: how its curves are drawn does not count."""
        return self.seen("sender", None)


def question_of(fields: Iterable[tuple[str, str]], subjects: Mapping[Kind, Mapping[str, str]]) -> Question:
    """Reads a question. *subjects* are those there are, name to title. InvalidCommand names every field that is wrong.

    What is missing is as usual; an address without any field is a comparison all the same.
    """
    pairs = [(name, value.strip()) for name, value in fields]
    one = dict(pairs)
    errors = unknown_fields((name for name, _ in pairs), FIELDS)

    def chosen(name: str, usual: str, known: Iterable[str]) -> str:
        value = one.get(name) or usual
        if value not in known:
            gone = name == "recording" and value.startswith(UPLOADED)
            wrong = f"there is none called {value[:40]!r}"
            errors.append((name, "this file is not kept here any more: send it again" if gone else wrong))
            return usual
        return value

    kind = _kind(chosen("work", "function", get_args(Kind)))
    subject = chosen(kind, next(iter(subjects[kind])), subjects[kind])
    generation = chosen("generation", "", ("", *GENERATIONS))
    asked = {value for name, value in pairs if name == "backend"}
    errors += [("backend", f"there is none called {name[:40]!r}") for name in sorted(asked - set(BACKENDS))]
    sheet = one.get("sheet") or DEFAULT_SHEETS.get(generation, USUAL_SHEET)
    errors += _wrong_with_sheet(sheet)
    measure = chosen("measure", "sender", get_args(Measure))
    scale = chosen("scale", "auto", ("auto", *get_args(ScaleKind)))
    targets = _targets(one, errors)
    if errors:
        raise InvalidCommand(errors)
    return Question(
        kind,
        subject,
        targets if kind == "function" else _USUAL_TARGETS,
        generation,
        tuple(name for name in BACKENDS if not asked or name in asked),
        sheet,
        "all" if measure == "all" else "sender",
        None if scale == "auto" else "log" if scale == "log" else "linear",
    )


def _kind(name: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == name)


def _targets(fields: Mapping[str, str], errors: list[tuple[str, str]]) -> int:
    try:
        return whole_number(fields, "targets", 1, MOST_TARGETS, otherwise=_USUAL_TARGETS)
    except InvalidCommand as wrong:
        errors += wrong.errors
        return _USUAL_TARGETS


def _wrong_with_sheet(reference: str) -> list[tuple[str, str]]:
    try:
        cost_sheet_of(reference)
    except UnusableReference as wrong:
        return [("sheet", str(wrong))]
    return []
