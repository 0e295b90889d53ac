"""What a lesson is, once it has been read: values, which nothing changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.breakpoints.condition import Condition
from app.costs.reference import cost_sheet_of
from app.engine.journal import Beginning
from app.hw.profile import PROFILES
from app.lesson.questions import Question
from app.lesson.toml_places import Path, line_of, path_words

LEVELS = ("beginner", "intermediate", "advanced")
#: How much stands on the page, and how large.
DENSITIES = ("explore", "lecture", "review")


class Problem(NamedTuple):
    """What is wrong with a lesson's file: the line, from 1, the key, and what was expected there."""

    line: int
    key: str
    says: str


@dataclass(frozen=True, slots=True)
class MachineOf:
    """The machine of a lesson, as a new session has it; and the other *backends* under which the lesson holds, too."""

    cpus: int
    backend: str
    profile: str
    generation: str
    cost_sheet: str
    backends: tuple[str, ...] = ()

    @property
    def all_backends(self) -> tuple[str, ...]:
        """Every back end under which the lesson holds, its own first."""
        return tuple(dict.fromkeys((self.backend, *self.backends)))

    def beginning(self, backend: str | None = None) -> Beginning:
        """What a simulation of it is made of, under its own back end or another one."""
        sheet = cost_sheet_of(self.cost_sheet)
        return Beginning(self.cpus, backend or self.backend, sheet, PROFILES[self.profile], self.generation)


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody is to bring about from a scene's moment: each of *goals* comes true, at some time, by *most*
    commands (None: by any number), and *without* does not come true. *answer* is the lines of one way to do it,
    *wrong* are ways that fail."""

    goals: tuple[Condition, ...]
    hint: str
    answer: tuple[str, ...]
    wrong: tuple[tuple[str, ...], ...]
    without: Condition | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """What is to be selected on the page: a CPU, perhaps one of its vectors, or a pin."""

    cpu: int | None = None
    vector: int | None = None
    pin: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment with a sentence. It stands where *do* has been done, behind the moment of the scene before it, and
    *until* has come true. *say* is Markdown text."""

    title: str
    say: str
    do: tuple[str, ...] = ()
    until: Condition | None = None
    select: Selected | None = None
    density: str | None = None
    ask: Question | None = None
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson; *minutes* are those that a lecture of it takes. *lines* say where each key stands in its file."""

    title: str
    summary: str
    level: str
    minutes: int
    machine: MachineOf
    scenes: tuple[Scene, ...]
    lines: Mapping[Path, int] = field(default_factory=dict, compare=False, repr=False)

    def problem(self, path: Path, says: str) -> Problem:
        """What is wrong at *path* of its file."""
        return Problem(line_of(self.lines, path), path_words(path), says)
