"""A session's journal as text, to keep, to send and to run again: one JSON object a line.

The first line says what the machine was when it began, the last where it came to, and each between them is a command
with the moment at which it was done::

    {
        "apicscope": "0.6.0",
        "cpus": 4,
        "backend": "vmi",
        "generation": "linux-2.6.22",
        "cost_sheet": "2007",
        "profile": "intel-sdm",
    }
    {"tick": 0, "time": 0, "who": "", "command": {"type": "read_register", "cpu": 0, "register": "SVR"}}
    {"head": {"tick": 1, "time": 0, "hash": "…"}}
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.backends.catalogue import BACKENDS, reason_against
from app.commands.command import Stimulus
from app.commands.fields import InvalidCommand
from app.commands.reading import read_command
from app.costs.reference import UnusableReference, cost_sheet_of, reference_of
from app.engine.journal import Beginning, Moment, moment_at
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.history.branches import Branch
from app.history.journal import Entry
from app.history.keyframes import Keyframes
from app.history.timeline import Timeline
from app.hw.profile import PROFILES

MOST_CPUS = 255
#: No tick or time of a journal is this or more.
_TOO_LARGE = 1 << 63
_SHOWN = 60


class InvalidJournal(ValueError):
    """A text that is no journal: *line*, from 1, and what is wrong there."""

    def __init__(self, line: int, wrong: str) -> None:
        super().__init__(f"line {line}: {wrong}")
        self.line = line
        self.wrong = wrong


class Journal(NamedTuple):
    """A branch of a session from its beginning: enough to do all of it again."""

    #: Of the program that wrote it.
    version: str
    beginning: Beginning
    entries: tuple[Entry, ...]
    head: Moment
    #: Of the state at the head; None where nobody has computed it.
    hash: str | None


def journal_of(timeline: Timeline, version: str, branch: int | None = None, state_hash: str | None = None) -> Journal:
    """What *timeline* has done in a branch, the present one without a number, by a program of this *version*.
    *state_hash* is that of the branch's head. LookupError when there is no such branch."""
    entries = tuple(timeline.journal(branch))
    head = timeline.head if branch is None else timeline.branches[branch].head
    return Journal(version, timeline.beginning, entries, head, state_hash)


def timeline_of(journal: Journal, keyframes: Keyframes[Simulation] | None = None) -> Timeline:
    """A timeline that has done *journal* and stands at its beginning: ``seek()`` goes to the head, with Diverged where
    the commands do not lead there. A head may be written that is far away; ``seeker()`` can be left at any slice."""
    main = Branch(0, "main", journal=journal.entries, head=journal.head)
    return Timeline(Simulation(*journal.beginning), keyframes, [main])


def write_journal(journal: Journal) -> str:
    """*journal* as text. ValueError when its cost sheet has no reference: it is neither one that comes along nor a copy
    of one."""
    lines: list[Mapping[str, Any]] = [
        beginning_to_json(journal.beginning, journal.version),
        *(entry._asdict() | {"command": entry.command.to_json()} for entry in journal.entries),
        {"head": journal.head._asdict() | {"hash": journal.hash}},
    ]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def beginning_to_json(beginning: Beginning, version: str) -> dict[str, Any]:
    """A journal's first line, by a program of this *version*. ValueError when the cost sheet has no reference."""
    try:
        sheet = reference_of(beginning.sheet)
    except KeyError as error:
        raise ValueError(f"{error.args[0]}, so nobody else could price this by it") from error
    return {
        "apicscope": version,
        "cpus": beginning.cpu_count,
        "backend": beginning.backend,
        "generation": beginning.generation,
        "cost_sheet": sheet,
        "profile": beginning.profile.name,
    }


def read_beginning(line: object) -> Beginning:
    """What a journal's first *line*, as JSON, says. InvalidJournal says what is wrong with it."""
    return _first_line(_Members(1, line))[1]


def read_journal(text: str) -> Journal:
    """The journal that *text* is. InvalidJournal names the first line that is wrong, and says how; that the commands
    lead to its head is for whoever runs it to find out."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise InvalidJournal(1, "there is nothing here")
    version, beginning = _first_line(_line(*lines[0]))
    if len(lines) < 2:
        raise InvalidJournal(lines[0][0], "nothing follows: the last line says where the journal ends")
    entries: list[Entry] = []
    before = moment_at(-1, 0)
    for number, line in lines[1:-1]:
        entries.append(_entry(_line(number, line), beginning.cpu_count, before))
        before = entries[-1].moment
    head, state_hash = _last_line(_line(*lines[-1]), before)
    return Journal(version, beginning, tuple(entries), head, state_hash)


def _line(number: int, text: str) -> "_Members":
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidJournal(number, f"is no JSON: {_shortened(text)}") from error
    return _Members(number, value)


class _Members:
    """A JSON object of line *number*, whose members are asked for one by one, and which has no others."""

    def __init__(self, number: int, value: Any) -> None:
        self.number = number
        if not isinstance(value, dict):
            raise self.wrong(f"is no JSON object: {_shortened(json.dumps(value))}")
        self._members = value

    def wrong(self, words: str) -> InvalidJournal:
        """The error that says so of this line."""
        return InvalidJournal(self.number, words)

    def only(self, *names: str) -> None:
        """InvalidJournal unless these are its members, in whatever order."""
        if missing := [name for name in names if name not in self._members]:
            raise self.wrong(f"{missing[0]} is missing")
        if unknown := [name for name in self._members if name not in names]:
            raise self.wrong(f"{_shortened(unknown[0])} is not known here; known: {', '.join(names)}")

    def inside(self, name: str) -> "_Members":
        """The object that the member *name* is."""
        return _Members(self.number, self._members[name])

    def text(self, name: str) -> str:
        """The member *name*, a text."""
        value = self._members[name]
        if not isinstance(value, str):
            raise self.wrong(f"{name} is no text: {_shortened(json.dumps(value))}")
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str:
        """The member *name*, which is one of *known*."""
        value = self.text(name)
        if value not in known:
            raise self.wrong(f"{name} is {_shortened(value)}; there are {', '.join(known)}")
        return value

    def number_in(self, name: str, lowest: int, highest: int) -> int:
        """The member *name*, a whole number in this range."""
        value = self._members[name]
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            shown = _shortened(json.dumps(value))
            raise self.wrong(f"{name} is {shown}, and must be a whole number from {lowest:,} to {highest:,}")
        return value

    def moment(self) -> Moment:
        """The members *tick* and *time*."""
        return moment_at(self.number_in("tick", 0, _TOO_LARGE - 1), self.number_in("time", 0, _TOO_LARGE - 1))

    def raw(self, name: str) -> object:
        """The member *name*, whatever it is."""
        return self._members[name]


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _first_line(line: _Members) -> tuple[str, Beginning]:
    line.only("apicscope", "cpus", "backend", "generation", "cost_sheet", "profile")
    backend, generation = line.one_of("backend", BACKENDS), line.one_of("generation", GENERATIONS)
    try:
        sheet = cost_sheet_of(line.text("cost_sheet"))
    except UnusableReference as error:
        raise line.wrong(f"cost_sheet: {error}") from error
    if reason := reason_against(backend, generation, sheet):
        raise line.wrong(f"backend {backend}: {reason}")
    profile = PROFILES[line.one_of("profile", PROFILES)]
    beginning = Beginning(line.number_in("cpus", 1, MOST_CPUS), backend, sheet, profile, generation)
    return line.text("apicscope"), beginning


def _entry(line: _Members, cpu_count: int, before: Moment) -> Entry:
    line.only("tick", "time", "who", "command")
    moment = line.moment()
    if moment.tick <= before.tick:
        raise line.wrong(f"tick {moment.tick:,} comes after tick {before.tick:,}; each command has a later one")
    if moment.time < before.time:
        raise line.wrong(f"time {moment.time:,} comes after time {before.time:,}")
    try:
        command = read_command(line.raw("command"), cpu_count)
    except InvalidCommand as error:
        raise line.wrong(f"command: {error}") from error
    if not isinstance(command, Stimulus):
        raise line.wrong(f"command: {command.kind} changes nothing of a machine, and stands in no journal")
    return Entry(*moment, line.text("who"), command)


def _last_line(line: _Members, before: Moment) -> tuple[Moment, str | None]:
    line.only("head")
    head = line.inside("head")
    head.only("tick", "time", "hash")
    moment = head.moment()
    if moment.tick <= before.tick or moment.time < before.time:
        raise line.wrong(f"the head, tick {moment.tick:,} at {moment.time:,}, is not after the last command")
    return moment, None if head.raw("hash") is None else head.text("hash")
