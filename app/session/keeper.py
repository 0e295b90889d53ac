"""Keeps a session on disk as it goes on: what was asked, its branches, and how far they have come.

The session goes first and its keeper follows: each time it is called, it writes whatever the disk does not have yet. So
what could not be written once is written with the next, as soon as the store can write again; a journal has no gap.
"""

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

from app.commands.command import Stimulus
from app.engine.journal import Moment, moment_at
from app.history.branches import Branch
from app.history.kept import Kept, KeptBranch, KeptCommand, KeptKeyframe, KeptSession
from app.history.record import hash_of_tick, unpacked
from app.history.store import Store
from app.history.store_errors import NotKept
from app.history.timeline import Timeline
from app.history.versions import fingerprint
from app.session.answer import Answer
from app.session.repeats import OtherRequest
from app.session.version import program_version

#: When it was last used is written down at least so often, in seconds, when nothing else is.
_USED_EVERY = 60.0
#: No session's keyframes are written more often, in seconds.
_KEYFRAMES_EVERY = 10.0
_LOG = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where a command stands: in which branch's journal, and at which number there."""

    branch: int
    number: int


class Answered(NamedTuple):
    """What was answered to the command at *place*, which came with this Idempotency-Key; None without one."""

    place: Place
    key: str | None
    answer: Answer


class _Mark(NamedTuple):
    """How much of a branch is written."""

    name: str
    head: Moment
    commands: int


_NOTHING = _Mark("", moment_at(-1, 0), 0)


class Keeper:
    """That of one session, whose course *timeline* is. *branches* and *commands* are on disk already."""

    def __init__(
        self,
        store: Store,
        session: KeptSession,
        timeline: Timeline,
        branches: Iterable[KeptBranch] = (),
        commands: Iterable[KeptCommand] = (),
    ) -> None:
        self.session = session
        self._store = store
        self._timeline = timeline
        counts: dict[int, int] = {}
        self._by_key: dict[str, Answered] = {}
        for command in commands:
            counts[command.branch] = command.number + 1
            if command.key is not None and command.answer:
                place = Place(command.branch, command.number)
                self._by_key[command.key] = Answered(place, command.key, Answer.of_text(command.answer))
        #: What is on disk, and what the store has been asked to write.
        self._kept = {
            kept.branch: _Mark(kept.name, moment_at(kept.head, kept.time), counts.get(kept.branch, 0))
            for kept in branches
        }
        self._asked = dict(self._kept)
        self._written = session if self._kept else None
        #: Commands that are not known to be on disk, as they were given to the store: they never change.
        self._pending: dict[Place, KeptCommand] = {}
        self._answers: dict[Place, Answered] = {}
        self._last: asyncio.Future[None] | None = None
        #: Up to which tick of each branch keyframes are on disk, and when the next may be written.
        self._keyframed: dict[int, int] = {}
        self._next_keyframe = 0.0

    @property
    def refusal(self) -> NotKept | None:
        """Why nothing can be kept at present; None when it can."""
        condition = self._store.condition
        return None if condition.state == "open" else NotKept(condition)

    @property
    def behind(self) -> bool:
        """Whether the session has something that the disk does not have."""
        return any(self._kept.get(branch.number) != _mark_of(branch) for branch in self._timeline.branches)

    def newest(self) -> Place:
        """Where the command stands that was done last in the present branch."""
        branch = self._timeline.branch
        return Place(branch.number, len(branch.journal) - 1)

    # Requests that are sent again

    async def earlier(self, key: str, command: object) -> Answer | None:
        """What was answered when *command* came with this *key* before; None when it did not. OtherRequest when the key
        came with another command. NotKept where that one was done and still cannot be kept."""
        found = self._by_key.get(key)
        if found is None:
            return None
        if self._command_at(found.place) != command:
            raise OtherRequest(key)
        if found.place.number >= self._kept.get(found.place.branch, _NOTHING).commands:
            if refusal := self.refusal:
                raise refusal
            if writing := self.keep():
                await asyncio.shield(writing)
        return found.answer

    def _command_at(self, place: Place) -> Stimulus:
        return self._timeline.branches[place.branch].journal[place.number].command

    # Writing

    def place(self, shown: dict[str, Any], used: float) -> None:
        """Which moment is *shown*, as JSON, and when it was last *used*: they are written with whatever is next."""
        self.session = self.session._replace(place=json.dumps(shown, separators=(",", ":")), used=used)

    def keep(self, answered: Iterable[Answered] = ()) -> "asyncio.Future[None] | None":
        """Writes what is new. The result is there when the disk has it, or its NotKept; None where there is nothing to
        wait for. While the store is not open nothing is tried, unless something was *answered*."""
        due = False
        for one in answered:
            due = True
            self._answers[one.place] = one
            if one.key is not None:
                self._by_key[one.key] = one
        if self.refusal and not due:
            return None
        records, marks = self._news()
        if not records:
            return self._last
        writing = asyncio.wrap_future(self._store.keep(*records))
        self._asked |= marks
        self._last = writing
        writing.add_done_callback(partial(self._wrote, marks, self.session))
        return writing

    def keep_keyframes(self) -> None:
        """Writes the newest keyframe of each branch that has one, from which another process goes on. They are a cache:
        nobody waits for them, and one that cannot be written is missed by nobody."""
        now, keyframes = time.monotonic(), self._timeline.keyframes
        if self.refusal or keyframes is None or now < self._next_keyframe or self._written is None:
            return
        newest = {keyframe.branch: keyframe for keyframe in keyframes.kept}
        for number, keyframe in newest.items():
            if keyframe.tick <= self._keyframed.get(number, 0) or number not in self._kept:
                continue
            self._keyframed[number] = keyframe.tick
            self._next_keyframe = now + _KEYFRAMES_EVERY
            state = hash_of_tick(unpacked(keyframe.record))
            written = self._store.keep(
                KeptKeyframe(
                    self.session.id,
                    number,
                    keyframe.tick,
                    keyframe.time,
                    program_version(),
                    fingerprint(),
                    state,
                    keyframe.record,
                )
            )
            written.add_done_callback(lambda future: future.exception())  # which is all that is to be done with it

    def _news(self) -> tuple[list[Kept], dict[int, _Mark]]:
        records: list[Kept] = []
        marks: dict[int, _Mark] = {}
        for branch in self._timeline.branches:
            asked, mark = self._asked.get(branch.number, _NOTHING), _mark_of(branch)
            if mark == asked:
                continue
            marks[branch.number] = mark
            records.append(self._branch(branch))
            records += [self._command(branch, number) for number in range(asked.commands, mark.commands)]
        if records or self._session_is_new():
            records.insert(0, self.session)
        return records, marks

    def _session_is_new(self) -> bool:
        written = self._written
        if written is None or (written.owner, written.place, written.ended) != (
            self.session.owner,
            self.session.place,
            self.session.ended,
        ):
            return True
        return self.session.used - written.used > _USED_EVERY

    def _branch(self, branch: Branch) -> KeptBranch:
        parent = None if branch.parent is None else branch.parent.number
        return KeptBranch(self.session.id, branch.number, branch.name, parent, branch.leaves_at, *branch.head)

    def _command(self, branch: Branch, number: int) -> KeptCommand:
        """The command as it was given to the store before, which may have written it after all."""
        place = Place(branch.number, number)
        if place not in self._pending:
            tick, moment, who, command = branch.journal[number]
            answered = self._answers.pop(place, None)
            key, answer = (answered.key, answered.answer.as_text()) if answered else (None, "")
            body = json.dumps(command.to_json(), separators=(",", ":"))
            self._pending[place] = KeptCommand(self.session.id, *place, tick, moment, who, body, key, answer)
        return self._pending[place]

    def _wrote(self, marks: dict[int, _Mark], session: KeptSession, writing: "asyncio.Future[None]") -> None:
        if self._last is writing:
            self._last = None
        if writing.cancelled():
            return
        error = writing.exception()
        if error is not None:
            self._asked = dict(self._kept)
            if not isinstance(error, NotKept):
                _LOG.error("session %s cannot be kept", self.session.id, exc_info=error)
            return
        self._written = session
        for number, mark in marks.items():
            for done in range(self._kept.get(number, _NOTHING).commands, mark.commands):
                self._pending.pop(Place(number, done), None)
            self._kept[number] = mark


def _mark_of(branch: Branch) -> _Mark:
    return _Mark(branch.name, branch.head, len(branch.journal))
