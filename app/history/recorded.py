"""Any moment of a recording that is played: as ``timeline``, for what nobody can act on.

A tick is one recorded operation, and nothing else happens; so there is one branch, whose head is the recording's end,
and no clock goes on behind a tick. Where a step ends can be read in the recording itself.
"""

import io
import pickle
from bisect import bisect_right
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Search
from app.engine.counters import Counters
from app.engine.endings import MAY_END, Ending, note
from app.engine.event_log import EventLog
from app.engine.events import Event
from app.engine.journal import Moment, moment_at
from app.history.branches import Branch
from app.history.keyframes import Keyframes, Pack
from app.history.reexecution import TICKS_A_SLICE, Record
from app.history.rests import Rests
from app.history.search import Guard, Searches, showing
from app.history.slices import Slices, at_once, with_nothing
from app.history.watch import PlaybackWatch
from app.hw.profile import INTEL_SDM, Profile
from app.trace.check.replay import Replay
from app.trace.operations import Operation, Recording, RegisterRead, RegisterWrite, VectorTaken
from app.x86.words import VectorNames

_OPERATIONS_A_SLICE = 1_000
#: Of events that may be endings, so many of the newest are looked through.
_ENDED_KEPT = 32
_time_of = attrgetter("time")

#: By the names that commands use: which operations end a step. Which functions ran no recording of ours says.
RECORDED_UNITS: dict[str, tuple[type[Operation], ...] | None] = {
    "operation": None,
    "access": (RegisterRead, RegisterWrite),
    "interrupt": (VectorTaken,),
}


class Playback:
    """A recording that is played through the model, from its beginning, with the log of what the model reports."""

    def __init__(
        self,
        replay: Replay,
        counters: Counters | None = None,
        before: int = 0,
        told_by: int = 0,
        ended: Iterable[tuple[int, Event]] = (),
    ) -> None:
        self.replay = replay
        self.counters = counters or Counters()
        self._log = EventLog(replay.machine.clock, self.counters)
        self._before = before
        #: The newest operation of which anything came.
        self._told_by = told_by
        #: The newest events that may be endings, each with its operation.
        self._ended = deque(ended, _ENDED_KEPT)

    @property
    def ticks(self) -> int:
        """Operations that have been played."""
        return self.replay.position

    @property
    def time(self) -> int:
        """Of the last operation, in TSC cycles."""
        return self.replay.time

    @property
    def happened(self) -> int:
        """How many events there have been."""
        return self._before + self._log.happened

    @property
    def endings(self) -> list[Ending]:
        """The newest of what ended otherwise than by acceptance, the newest last, and of each whether that was by the
        last operation of which anything came."""
        endings: list[Ending] = []
        newest = 0
        for operation, event in self._ended:
            if operation != newest:
                endings = [ending._replace(fresh=False) for ending in endings]
            newest = operation
            note(endings, event)
        fresh = newest == self._told_by
        return endings if fresh else [ending._replace(fresh=False) for ending in endings]

    def told(self) -> tuple[object, ...]:
        """All that another one like this is made of."""
        return self.replay, self.counters, self.happened, self._told_by, list(self._ended)

    def count(self) -> None:
        """Brings ``counters`` up to date."""
        self._log.count()

    def take_log(self) -> list[tuple[int, Event]]:
        """What the log has kept of what happened since the last call, with its time."""
        return self._log.take()

    def events_since(self, number: int) -> list[tuple[int, Event]]:
        """What the log has kept of what happened after the first *number* events; it stays there."""
        return self._log.since(number - self._before)

    def run(self, until: int | None = None, operations: int | None = None, *, to_tick: int | None = None) -> int:
        """Plays on: to virtual time *until*, for so many operations, to the end of tick *to_tick*, or to the end of the
        recording. Returns the operations done."""
        replay, machine, record, ended = self.replay, self.replay.machine, self._log.record, self._ended
        last = replay.length if to_tick is None else min(to_tick, replay.length)
        if operations is not None:
            last = min(last, replay.position + operations)
        before = replay.position
        while replay.position < last and (until is None or (replay.next_time or 0) <= until):
            replay.step()
            events = machine.take_events()
            if events:
                self._told_by = replay.position
            for event in events:
                record(event)
                if type(event) in MAY_END:
                    ended.append((self._told_by, event))
        return replay.position - before


class RecordedTimeline:
    """The whole of *recording*, which plays through the model as *profile* has it."""

    def __init__(
        self, recording: Recording, profile: Profile = INTEL_SDM, keyframes: Keyframes[Playback] | None = None
    ) -> None:
        self.recording = recording
        self._profile = profile
        self._keyframes = keyframes
        #: The one at the present moment. It is another object after each way to another moment.
        self.playback = self._new()
        operations = recording.operations
        self.branch = Branch(0, "main", head=moment_at(len(operations), operations[-1].time if operations else 0))
        self._rests = Rests()
        self._searches = Searches()

    def _new(self) -> Playback:
        return Playback(Replay(self.recording, self._profile))

    # Where it stands

    @property
    def moment(self) -> Moment:
        """How many operations have been played, and the time of the last."""
        return moment_at(self.playback.ticks, self.playback.time)

    @property
    def head(self) -> Moment:
        """The end of the recording."""
        return self.branch.head

    @property
    def live(self) -> bool:
        """The recording is at its end."""
        return self.playback.ticks == self.head.tick

    def next_time(self) -> int | None:
        """When the next operation happens; None when there is none left."""
        return self.playback.replay.next_time

    # Going on

    def run(self, until: int | None = None, operations: int | None = None, *, to_tick: int | None = None) -> int:
        """As ``Playback.run``."""
        return self._run(self.playback, until, operations, to_tick)

    def _run(self, playback: Playback, until: int | None, operations: int | None, to_tick: int | None) -> int:
        done = playback.run(until, operations, to_tick=to_tick)
        if self._keyframes and self._keyframes.due(self.branch, playback.ticks):
            self._keyframes.keep(self.branch, playback)
        return done

    def step(self, unit: str, count: int = 1) -> int:
        """Plays until *count* of *unit*, which ``RECORDED_UNITS`` names, have ended, or to the end. Returns how many
        did. A step ends, too, where somebody stood and asked for one of that unit. KeyError for another unit."""
        return at_once(self.stepper(unit, count))

    def stepper(self, unit: str, count: int = 1) -> Slices[int]:
        """As ``step``, with the present moment going on at each slice."""
        self.stands(unit)
        here = self.playback.ticks
        stops = self._stops(unit, range(here + 1, self.head.tick + 1), count)
        last = [here, *stops][-1] if len(stops) == count else self.head.tick
        while self.playback.ticks < last:
            self.run(operations=_OPERATIONS_A_SLICE, to_tick=last)
            yield
        return len(stops)

    def step_back(self, unit: str, count: int = 1) -> int:
        """Undoes *count* steps of *unit*. Returns how many it went: fewer when it came to the beginning, which ends the
        way back. KeyError for another unit."""
        return at_once(self.stepper_back(unit, count))

    def stepper_back(self, unit: str, count: int = 1) -> Slices[int]:
        """As ``step_back``; the present moment changes with the last slice."""
        self.stands(unit)
        tick = self.playback.ticks
        stops = self._stops(unit, range(tick - 1, 0, -1), count)
        if tick > 0 and len(stops) < count:
            stops.append(0)
        if stops:
            self.playback = yield from self.finder(stops[-1])
        return len(stops)

    def stands(self, unit: str) -> None:
        """A step of *unit* is made from the present moment: a step back will end there, too. KeyError for a unit that
        there is not."""
        if unit not in RECORDED_UNITS:
            raise KeyError(f"a recording has no step by {unit}: there are {', '.join(RECORDED_UNITS)}")
        self._rests.stood(self.branch, self.moment, unit)

    def _stops(self, unit: str, ticks: range, count: int) -> list[int]:
        """The first *count* of *ticks* with which a step ends."""
        kinds = RECORDED_UNITS[unit]
        operations = self.recording.operations
        ends = (
            tick
            for tick in ticks
            if kinds is None
            or isinstance(operations[tick - 1], kinds)
            or self._rests.time_at(self.branch, tick, unit) is not None
        )
        return list(islice(ends, count))

    # Conditions

    def searcher(self, condition: Condition, limit: int, names: VectorNames) -> Search:
        """Plays on to the next tick in which *condition* comes true, or as far as *limit* ticks; the present moment
        goes on with each slice."""
        return self._searches.on(lambda: self, self._watch(), condition, limit, names)

    def searcher_back(self, condition: Condition, names: VectorNames) -> Search:
        """Goes back to the last tick before the present one in which *condition* came true; the present moment changes
        with the last slice, and stays where there is none."""
        looked = yield from self._searches.back(self, condition, self.playback.ticks, names)
        if looked.hit is not None:
            self.playback = yield from showing(self.finder(looked.hit.tick), looked)
        return looked

    def guard(self, conditions: Mapping[int, Condition], names: VectorNames) -> Slices[Guard]:
        """What plays on from the present moment, tick by tick, and tells when one of *conditions* comes true."""
        return self._searches.guard(self, self._watch(), conditions, names)

    def _watch(self) -> PlaybackWatch:
        return PlaybackWatch(self.playback, lambda: self.run(operations=1) > 0)

    def past(self, branch: int | None = None) -> "RecordedTimeline":
        """Its only branch, to be looked at again."""
        return self

    def watch(self, tick: int) -> PlaybackWatch:
        """A playback of its own, that stands at *tick* or before, to be looked at as it goes on."""
        keyframes = self._keyframes
        playback = (keyframes and keyframes.nearest(self.branch, tick)) or self._new()
        return PlaybackWatch(playback, lambda: self._run(playback, None, 1, None) > 0)

    # Other moments

    def seek(self, tick: int | None = None, time: int | None = None) -> Moment:
        """Makes another moment the present one and returns it: *tick*, without it the last one at *time* or before,
        without either the end. ValueError when there is no such tick or time."""
        return at_once(self.seeker(tick, time))

    def seeker(self, tick: int | None = None, time: int | None = None) -> Slices[Moment]:
        """As ``seek``; the present moment changes with the last slice."""
        if tick is None and time is not None:
            if time < 0:
                raise ValueError(f"there is no time {time}")
            tick = bisect_right(self.recording.operations, time, key=_time_of)
        self.playback = yield from self.finder(tick)
        return self.moment

    def at(self, tick: int | None = None) -> Playback:
        """A playback of its own that stands at *tick*, or at the end: nobody moves. ValueError when there is no such
        tick."""
        return at_once(self.finder(tick))

    def finder(self, tick: int | None = None) -> Slices[Playback]:
        """As ``at``."""
        tick = self.head.tick if tick is None else tick
        if not 0 <= tick <= self.head.tick:
            raise ValueError(f"there is no tick {tick:,}: the recording has {self.head.tick:,}")
        keyframes = self._keyframes
        playback = (keyframes and keyframes.nearest(self.branch, tick)) or self._new()
        places = keyframes.halves(playback.ticks, tick) if keyframes else deque[int]()
        while playback.ticks < tick:
            self._run(playback, None, _OPERATIONS_A_SLICE, places[0] if places else tick)
            if keyframes and places and playback.ticks == places[0]:
                places.popleft()
                keyframes.pass_by(self.branch, playback)
            yield
        return playback

    # What happened

    def records(self, first: int, last: int) -> Iterator[Record]:
        """What the model reported in the ticks from *first*, at least 1, to *last*, in its order. Nobody moves."""
        for records in self.recorder(first, last):
            yield from records

    def recorder(self, first: int, last: int) -> Generator[list[Record], None, None]:
        """As ``records``, a few at a time: each slice gives what it has found, which may be nothing."""
        first, last = max(first, 1), min(last, self.head.tick)
        if last < first:
            return
        playback = yield from with_nothing(self.finder(first - 1))
        playback.take_log()
        records: list[Record] = []
        while playback.ticks < last:
            playback.run(operations=1)
            records += [Record(playback.ticks, time, event) for time, event in playback.take_log()]
            if (playback.ticks - first) % TICKS_A_SLICE == 0:
                yield records
                records = []
        yield records


# Keyframes


def recorded_pack(recording: Recording, profile: Profile = INTEL_SDM) -> Pack[Playback]:
    """How a playback of *recording* is kept in memory: pickled, for itself alone."""
    shared = {"recording": recording, "operations": recording.operations, "profile": profile}
    names = {id(value): name for name, value in shared.items()}

    def state(playback: Playback) -> bytes:
        playback.count()
        written = io.BytesIO()
        _Pickler(written, names).dump(playback.told())
        return written.getvalue()

    def from_state(record: bytes) -> Playback:
        return Playback(*_Unpickler(io.BytesIO(record), shared).load())

    return Pack(state, from_state, len)


class _Pickler(pickle.Pickler):
    """Writes the name of what is one of a kind, and is not copied."""

    def __init__(self, file: io.BytesIO, names: dict[int, str]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._names = names

    def persistent_id(self, value: object) -> str | None:
        return self._names.get(id(value))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: dict[str, Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, name: str) -> Any:
        return self._shared[name]
