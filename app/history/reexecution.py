"""Doing again what a branch has done: from the nearest keyframe, or the beginning, with each command at its tick."""

from collections import deque
from collections.abc import Callable, Generator
from typing import NamedTuple

from app.engine.events import Event
from app.engine.journal import Beginning, moment_at
from app.engine.performable import Performable
from app.engine.processor import Processor
from app.engine.simulation import Simulation
from app.engine.tick_watch import TickWatch
from app.history.branches import Branch
from app.history.keyframes import Keyframes
from app.history.slices import Slices, with_nothing
from app.history.units import OPERATION, Diverged, do_again, go_to, one_tick
from app.history.watch import SimulationWatch
from app.hw.messages import BusMessage

#: What is done in a slice: so many operations, or ticks that are looked at one by one.
_OPERATIONS_A_SLICE = 200
TICKS_A_SLICE = 60
#: So many ticks are run between two looks at whether a keyframe is due.
_TICKS_AT_ONCE = 1_000


class Record(NamedTuple):
    """Something that happened, in the tick of that number, from 1, and at that time in TSC cycles."""

    tick: int
    time: int
    event: Event


class _Recorder(TickWatch):
    """Writes down what happens, tick by tick."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[Record] = []

    def take(self) -> list[Record]:
        """What has happened since the last call."""
        taken, self._records = self._records, []
        return taken

    def turned(self, tick: int, time: int, processor: Processor) -> None:
        processor.stirred = False
        self.switched(tick, time)

    def arrived(self, tick: int, time: int, message: BusMessage) -> None:
        self.switched(tick, time)

    def expired(self, tick: int, time: int) -> None:
        self.switched(tick, time)

    def acted(self, tick: int, time: int, command: Performable | None) -> None:
        self.switched(tick, time)

    def switched(self, tick: int, time: int) -> None:
        self._records += [Record(tick, time, event) for event in self.heard]
        self.heard.clear()


class Reexecution:
    """Of sessions that began so, with the *keyframes* of one, if it has any."""

    def __init__(self, beginning: Beginning, keyframes: Keyframes[Simulation] | None) -> None:
        self.beginning = beginning
        self._keyframes = keyframes

    @property
    def bytes_kept(self) -> int:
        """Of all keyframes."""
        return self._keyframes.size if self._keyframes else 0

    def start(self, branch: Branch, tick: int, time: int | None = None) -> Simulation:
        """A simulation of its own that stands at *tick* of *branch*, and at *time*, or before both."""
        near = self._keyframes.nearest(branch, tick, time) if self._keyframes else None
        return near or Simulation(*self.beginning)

    def run(
        self,
        branch: Branch,
        simulation: Simulation,
        until: int | None = None,
        operations: int | None = None,
        *,
        until_idle: bool = False,
        to_tick: int | None = None,
        whole_paths: bool = False,
    ) -> int:
        """As ``Simulation.run``, with the commands of *branch*, each as soon as its turn comes. Diverged when one
        cannot be done."""
        if to_tick is None and branch.next_entry(simulation.ticks) is None and _is_short(until, operations):
            return self._run_on(branch, simulation, until, operations, until_idle, None, whole_paths)
        done = 0
        while (
            (operations is None or done < operations)
            and (to_tick is None or simulation.ticks < to_tick)
            and not (until_idle and simulation.idle)
        ):
            before = simulation.ticks
            entry = branch.next_entry(before)
            left = None if operations is None else operations - done
            last = before + _TICKS_AT_ONCE if to_tick is None else min(before + _TICKS_AT_ONCE, to_tick)
            if entry is None:
                done += self._run_on(branch, simulation, until, left, until_idle, last, whole_paths)
            elif entry.tick > before:  # no tick before the command is later, nor may the clock go past it
                latest = None if until is None else min(until, entry.time)
                done += self._run_on(branch, simulation, latest, left, until_idle, min(last, entry.tick), whole_paths)
            elif until is None or entry.time <= until:
                do_again(simulation, entry)
            if simulation.ticks == before:
                break
        if until is not None and until > simulation.time:
            self._pass_time(branch, simulation, until)
        return done

    def _pass_time(self, branch: Branch, simulation: Simulation, until: int) -> None:
        """Nothing happens up to *until*, and no command waits before that; or else the run has ended early."""
        entry = branch.next_entry(simulation.ticks)
        latest = min(until, entry.time) if entry and entry.tick == simulation.ticks else until
        simulation.run(until=latest, to_tick=simulation.ticks)

    def _run_on(
        self,
        branch: Branch,
        simulation: Simulation,
        until: int | None,
        operations: int | None,
        until_idle: bool,
        to_tick: int | None,
        whole_paths: bool,
    ) -> int:
        """Runs without commands, and keeps a keyframe where one is due."""
        keyframes = self._keyframes
        if keyframes is None:
            return simulation.run(until, operations, until_idle=until_idle, to_tick=to_tick, whole_paths=whole_paths)
        done = 0
        if operations != 0 and keyframes.due(branch, simulation.ticks) and not (until_idle and simulation.idle):
            done = self._keep(branch, simulation, until, keyframes)
        left = None if operations is None else operations - done
        return done + simulation.run(until, left, until_idle=until_idle, to_tick=to_tick, whole_paths=whole_paths)

    @staticmethod
    def _keep(branch: Branch, simulation: Simulation, until: int | None, keyframes: Keyframes[Simulation]) -> int:
        """Runs for one tick, which leaves the clock at that tick's own time, and keeps a keyframe there."""
        following = simulation.next_time()
        if following is None or (until is not None and following > until):
            return 0
        done = simulation.run(to_tick=simulation.ticks + 1)
        keyframes.keep(branch, simulation)
        return done

    def ticked(self, branch: Branch, simulation: Simulation) -> None:
        """*simulation* has just run for one tick, and may be worth a keyframe."""
        if self._keyframes and self._keyframes.due(branch, simulation.ticks):
            self._keyframes.keep(branch, simulation)

    def going(
        self, branch: Branch, tick: int, time: int | None = None, simulation: Simulation | None = None
    ) -> Slices[Simulation]:
        """A simulation that stands at *tick*, and at *time* or else at the time at which that tick happened. It may be
        made of *simulation*, which stands on the same course and not later."""
        simulation = simulation or self.start(branch, tick)
        places = self._places(simulation.ticks, tick)
        while simulation.ticks < tick:
            before = simulation.ticks
            self.run(branch, simulation, operations=_OPERATIONS_A_SLICE, to_tick=places[0], whole_paths=True)
            if simulation.ticks == before:
                raise Diverged(before, f"nothing is left to happen before tick {tick:,}")
            if simulation.ticks == places[0]:
                self._passes(branch, simulation, places)
            yield
        if time is not None:
            go_to(simulation, moment_at(tick, time))
        return simulation

    def _places(self, begin: int, end: int) -> deque[int]:
        """Where something is to be kept on the way, and its end."""
        places: deque[int] = self._keyframes.halves(begin, end) if self._keyframes else deque()
        places.append(end)
        return places

    def _passes(self, branch: Branch, simulation: Simulation, places: deque[int]) -> None:
        places.popleft()
        if places and self._keyframes:
            self._keyframes.pass_by(branch, simulation)

    def tick_at(self, branch: Branch, time: int) -> Slices[int]:
        """The last tick of *branch* that happened at *time*, before that of its head, or before."""
        simulation = self.start(branch, branch.head.tick, time)
        while True:
            before = simulation.ticks
            self.run(branch, simulation, until=time, operations=_OPERATIONS_A_SLICE, whole_paths=True)
            if simulation.ticks == before:
                return before
            yield

    def stops_before(
        self, branch: Branch, tick: int, unit: str, count: int, also: Callable[[int], bool]
    ) -> Slices[list[int]]:
        """The last *count* ticks before *tick* at which a step of *unit* ends, and those that are one *also*, the last
        first. The beginning is one; where there are no more, these are all."""
        stops: list[int] = []
        end = tick
        while end > 1 and len(stops) < count:
            simulation = self.start(branch, end - 2)  # whether it stands at a stop cannot be seen any more
            begin = simulation.ticks
            found: deque[int] = deque(maxlen=count - len(stops))
            places = self._places(begin, end - 1)
            while simulation.ticks < end - 1:
                ended = one_tick(simulation, branch.next_entry(simulation.ticks), unit)
                if ended or also(simulation.ticks):
                    found.append(simulation.ticks)
                if simulation.ticks == places[0]:
                    self._passes(branch, simulation, places)
                if (simulation.ticks - begin) % TICKS_A_SLICE == 0:
                    yield
            stops += reversed(found)
            end = begin + 1
        return stops if len(stops) == count or tick == 0 else [*stops, 0]

    def watch(self, branch: Branch, tick: int) -> SimulationWatch:
        """A simulation of its own, that stands at *tick* of *branch* or before, to be looked at as it goes on."""
        simulation = self.start(branch, tick)
        places = self._places(simulation.ticks, tick)

        def advance() -> bool:
            if one_tick(simulation, branch.next_entry(simulation.ticks), OPERATION) is None:
                return False
            if places and simulation.ticks == places[0]:
                self._passes(branch, simulation, places)
            return True

        return SimulationWatch(simulation, advance)

    def recording(self, branch: Branch, first: int, last: int) -> Generator[list[Record], None, None]:
        """What happened in the ticks from *first* to *last*, a few at a time; an empty list is one more slice."""
        simulation = yield from with_nothing(self.going(branch, first - 1))
        recorder = _Recorder()
        simulation.follow(recorder)
        while simulation.ticks < last:
            before = simulation.ticks
            self.run(branch, simulation, operations=_OPERATIONS_A_SLICE, to_tick=last)
            if simulation.ticks == before:
                raise Diverged(before, f"nothing is left to happen before tick {last:,}")
            yield recorder.take()


def _is_short(until: int | None, operations: int | None) -> bool:
    """Whether so much can be run in one go; without any end a simulation knows itself when to stop."""
    return operations <= _TICKS_AT_ONCE if operations is not None else until is None
