"""Reads a lesson's file. All that is wrong with it comes at once: the line, the key, and what was expected there.

Fields are read by the types that commands have (``commands/field_types``), lines as the palette's, conditions as those
of breakpoints. A line is read here on the machine as it begins, and once more where it is done.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.backends.catalogue import BACKENDS, DEFAULT_BACKEND, DEFAULT_SHEETS, generation_for, reason_against
from app.breakpoints.condition import NEVER, Condition
from app.commands.command import Stimulus
from app.commands.field_types import (
    CostSheet,
    OfCondition,
    Schema,
    Text,
    Whole,
    named,
)
from app.commands.fields import MISSING, Fields, shown
from app.costs.reference import cost_sheet_of
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.history.journal_text import MOST_CPUS
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.lesson.kinds.table import KINDS
from app.lesson.lesson import DENSITIES, LEVELS, Lesson, MachineOf, Problem, Scene, Selected, Task
from app.lesson.playing import UnusableLine, command_of
from app.lesson.questions import Question
from app.lesson.toml_places import Path, line_of, lines_of, path_words
from app.x86.redirection import PIN_COUNT

#: Of characters; a lesson is read in a lecture.
_LONGEST_FILE = 200_000
_LONGEST_TITLE, _LONGEST_TEXT = 80, 2_000
_MOST_MINUTES = 240
_MOST_COMMANDS = 100
_FEWEST_WRONG = 3
#: What ``tomllib`` says of where a text is wrong; its errors have no fields before Python 3.14.
_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_TAG = re.compile(r"</?[A-Za-z][^>]*>|<!--")
_LESSON = ("title", "summary", "level", "minutes", "backends", "machine", "scene")
_MACHINE = ("cpus", "backend", "profile", "generation", "cost_sheet")
_SCENE = ("title", "say", "do", "until", "select", "density", "ask", "task")
_TASK = ("goal", "without", "most", "hint", "answer", "wrong")


class UnreadableLesson(ValueError):
    """All that is wrong with a lesson's file, in the order of its lines."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"line {one.line}: {one.key}: {one.says}" for one in problems))
        self.problems = problems


def read_lesson(text: str) -> Lesson:
    """The lesson that *text* is. UnreadableLesson lists everything that is wrong with it."""
    if len(text) > _LONGEST_FILE:
        raise UnreadableLesson([Problem(1, "", f"a lesson has {_LONGEST_FILE:,} characters at most")])
    text = text.replace("\r\n", "\n")
    try:
        raw, lines = tomllib.loads(text), lines_of(text)
    except RecursionError:
        raise UnreadableLesson([Problem(1, "", "is nested too deep")]) from None
    except tomllib.TOMLDecodeError as error:
        raise UnreadableLesson([_no_toml(text, str(error))]) from error
    errors: list[tuple[str, str]] = []
    lesson = _Reader(lines, errors).lesson(raw)
    if errors:
        problems = [_problem(lines, name, says) for name, says in errors]
        raise UnreadableLesson(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))
    return lesson


def _no_toml(text: str, says: str) -> Problem:
    found = _AT_LINE.search(says)
    if found is None:
        return Problem(text.count("\n") + 1, "", f"this is no TOML: {says}")
    return Problem(int(found[1]), "", f"this is no TOML: {says[: found.start()]}, at column {found[2]}")


def _problem(lines: dict[Path, int], name: str, says: str) -> Problem:
    """What is wrong with the field *name*, whose parts are keys and places in lists."""
    path: Path = ()
    for part in name.split(".") if name else ():
        is_place = part.isdecimal() and (*path, part) not in lines
        path = (*path, int(part) if is_place else part)
    return Problem(line_of(lines, path), path_words(path), says)


@dataclass(frozen=True, slots=True)
class _Prose:
    """Text of several lines."""

    longest: int = _LONGEST_TEXT

    def read(self, fields: Fields, name: str, default: str = MISSING) -> str:
        raw = fields.get(name, default)
        if raw is MISSING:
            return ""
        if not isinstance(raw, str) or not raw.strip():
            fields.refuse(name, f"{shown(raw)} is no text")
            return ""
        if _TAG.search(raw):
            fields.refuse(name, "has HTML in it: a lesson is written in Markdown alone")
        if len(raw) > self.longest:
            fields.refuse(name, f"has {len(raw):,} characters, {self.longest:,} at most")
        return raw.strip()

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


_TITLE, _TEXT = Text(_LONGEST_TITLE), _Prose()


class _Reader:
    """Reads one file; what is wrong is added to *errors*, as (key, what was expected)."""

    def __init__(self, lines: dict[Path, int], errors: list[tuple[str, str]]) -> None:
        self._lines = lines
        self._errors = errors
        #: The lesson's machine as it begins, under the first of its back ends that goes with it; None where none does.
        self._machine: Simulation | None = None
        self._cpus = 1

    def _fields(self, raw: object, prefix: str) -> Fields:
        if not isinstance(raw, Mapping):
            self._errors.append((prefix, f"{shown(raw)} is no table"))
            raw = {}
        return Fields(raw, self._cpus, f"{prefix}." if prefix else "", self._errors)

    def lesson(self, raw: Mapping[str, Any]) -> Lesson:
        """The lesson that *raw* is, as far as it is one."""
        fields = self._fields(raw, "")
        fields.only(_LESSON)
        machine = self._of_machine(raw.get("machine", {}), self._of_backends(fields))
        scenes = fields.get("scene", MISSING)
        if scenes is not MISSING and (not isinstance(scenes, list) or not scenes):
            fields.refuse("scene", "is written [[scene]], once for each scene")
        return Lesson(
            _TITLE.read(fields, "title"),
            _TEXT.read(fields, "summary"),
            named(LEVELS).read(fields, "level"),
            Whole(1, _MOST_MINUTES).read(fields, "minutes"),
            machine,
            tuple(self._scene(scene, f"scene.{place}") for place, scene in enumerate(_listed(scenes))),
            self._lines,
        )

    # The machine

    def _of_backends(self, fields: Fields) -> tuple[str, ...]:
        names = self._texts(fields, "backends", optional=True)
        for place, name in enumerate(names):
            if name not in BACKENDS:
                fields.refuse(f"backends.{place}", f"{shown(name)} is none of {', '.join(BACKENDS)}")
        return tuple(name for name in names if name in BACKENDS)

    def _of_machine(self, raw: object, backends: tuple[str, ...]) -> MachineOf:
        fields = self._fields(raw, "machine")
        fields.only(_MACHINE)
        before = len(self._errors)
        cpus = Whole(1, MOST_CPUS).read(fields, "cpus", 4)
        if len(self._errors) > before:
            cpus = MOST_CPUS  # nobody knows how many are meant, and no other key is wrong for that
        backend = named(BACKENDS).read(fields, "backend", DEFAULT_BACKEND)
        profile = named(PROFILES).read(fields, "profile", DEFAULT_PROFILE)
        generation = named(GENERATIONS).read(fields, "generation", generation_for(backend))
        default = DEFAULT_SHEETS[generation]
        machine = MachineOf(
            cpus, backend, profile, generation, CostSheet().read(fields, "cost_sheet", default) or default, backends
        )
        self._cpus = cpus
        for key, name in [("machine.backend", backend)] + [
            (f"backends.{place}", name) for place, name in enumerate(backends)
        ]:
            reason = reason_against(name, generation, cost_sheet_of(machine.cost_sheet))
            if reason:
                self._errors.append((key, f"{name}: {reason}"))
            elif self._machine is None:
                self._machine = Simulation(*machine.beginning(name))
        return machine

    # Scenes

    def _scene(self, raw: object, prefix: str) -> Scene:
        fields = self._fields(raw, prefix)
        fields.only(_SCENE)
        return Scene(
            _TITLE.read(fields, "title"),
            _TEXT.read(fields, "say"),
            self._commands(fields, "do", f"{prefix}.do", optional=True),
            OfCondition().read(fields, "until") if fields.there("until") else None,
            self._selected(fields.nested("select")) if fields.there("select") else None,
            named(DENSITIES).read(fields, "density") if fields.there("density") else None,
            self._question(fields.get("ask"), f"{prefix}.ask") if fields.there("ask") else None,
            self._task(fields.get("task"), f"{prefix}.task") if fields.there("task") else None,
        )

    def _selected(self, fields: Fields) -> Selected:
        fields.only(("cpu", "vector", "pin"))
        limits = {"cpu": Whole(0, self._cpus - 1), "vector": Whole(0, 255, bits=True), "pin": Whole(0, PIN_COUNT - 1)}
        return Selected(**{name: one.read(fields, name) for name, one in limits.items() if fields.there(name)})

    def _question(self, raw: object, prefix: str) -> Question | None:
        fields = self._fields(raw, prefix)
        before = len(self._errors)
        kind = named(KINDS).read(fields, "kind")
        if len(self._errors) > before:
            return None
        chosen = KINDS[kind]
        fields.only(("kind", "when", *(field.name for field in chosen.parameters)))
        values = {one.name: one.type.read(fields, one.name, one.default) for one in chosen.parameters}
        when = self._commands(fields, "when", f"{prefix}.when", optional=not chosen.needs_when, acts=True)
        return Question(chosen, values, when)

    def _task(self, raw: object, prefix: str) -> Task:
        fields = self._fields(raw, prefix)
        fields.only(_TASK)
        wrong = fields.get("wrong")
        ways = _listed(wrong)
        if wrong is not MISSING and len(ways) < _FEWEST_WRONG:
            fields.refuse("wrong", f"a list of {_FEWEST_WRONG} ways or more that fail, each of them a list of lines")
        return Task(
            self._goals(fields, prefix),
            _TEXT.read(fields, "hint"),
            self._commands(fields, "answer", f"{prefix}.answer"),
            tuple(self._lines_of(way, f"{prefix}.wrong.{place}") for place, way in enumerate(ways)),
            OfCondition().read(fields, "without") if fields.there("without") else None,
            Whole(0, _MOST_COMMANDS).read(fields, "most") if fields.there("most") else None,
        )

    def _goals(self, fields: Fields, prefix: str) -> tuple[Condition, ...]:
        """One condition, or a list of them."""
        raw = fields.get("goal")
        if raw is MISSING:
            return (NEVER,)
        if not isinstance(raw, list):
            return (OfCondition().read(fields, "goal"),)
        if not raw:
            fields.refuse("goal", "is empty: a condition, or a list of them")
        each = Fields({str(place): one for place, one in enumerate(raw)}, self._cpus, f"{prefix}.goal.", self._errors)
        return tuple(OfCondition().read(each, str(place)) for place in range(len(raw)))

    # Lines

    def _commands(
        self, fields: Fields, name: str, path: str, *, optional: bool = False, acts: bool = False
    ) -> tuple[str, ...]:
        raw = fields.get(name, () if optional else MISSING)
        return () if raw is MISSING or raw == () else self._lines_of(raw, path, acts=acts)

    def _lines_of(self, raw: object, path: str, *, acts: bool = False) -> tuple[str, ...]:
        """A list of lines of the palette; where they are to *act*, none that only moves time on."""
        if not isinstance(raw, list) or not raw:
            self._errors.append((path, "is empty" if raw == [] else f"{shown(raw)} is no list of lines"))
            return ()
        lines = []
        for place, line in enumerate(raw):
            if not isinstance(line, str):
                self._errors.append((f"{path}.{place}", f"{shown(line)} is no line"))
                continue
            lines.append(line)
            if self._machine is not None:
                try:
                    command = command_of(line, self._machine)
                    if acts and not isinstance(command, Stimulus):
                        raise UnusableLine(f"{line!r}: only what acts on the machine can be asked about")
                except UnusableLine as unusable:
                    self._errors.append((f"{path}.{place}", str(unusable)))
        return tuple(lines)

    def _texts(self, fields: Fields, name: str, *, optional: bool = False) -> list[str]:
        raw = fields.get(name, [] if optional else MISSING)
        if raw is MISSING:
            return []
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
            fields.refuse(name, f"{shown(raw)} is no list of texts")
            return []
        return raw


def _listed(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []
