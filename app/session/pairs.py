"""The pairs of this process."""

from typing import NamedTuple

from app.costs.sheet import CostSheet
from app.engine.journal import Journalled
from app.pair.lock_step import LockStep
from app.pair.recorded_script import Machine
from app.pair.script import Script
from app.pair.watched import WatchedSimulation
from app.session import jobs
from app.session.drive import NotPossible
from app.session.owner import Admission, Room, make_room, new_id
from app.session.pair import MOST_WAITING, Pair, weight_of
from app.session.recorded import RecordedDrive
from app.session.registry import File, UnknownSession
from app.session.repeats import Repeats
from app.session.session import Session
from app.session.share import Share
from app.session.simulated import SimulatedDrive
from app.session.sleep import SLEEP_AFTER
from app.session.workshop import Workshop
from app.trace.errors import UnusableRecording

_EMPTY = Script("what you do here", ())
_MOST_CPUS = 255
ROOM = Room(20, 512 << 20)


class UnknownPair(UnknownSession):
    """No pair has that id (any more)."""


class Wanted(NamedTuple):
    """What a pair is made of. ``sheet`` prices both machines."""

    a: Machine
    b: Machine
    sheet: CostSheet
    cpus: int = 4
    paused: bool = False


class Pairs:
    """Creates, finds and ends pairs; over the limit, the one that nobody watches and nobody has touched for longest
    must go."""

    def __init__(
        self,
        share: Share,
        workshop: Workshop,
        room: Room = ROOM,
        sleep_after: float = SLEEP_AFTER,
        admission: Admission | None = None,
    ) -> None:
        self._workshop = workshop
        self._room = room
        self._sleep_after = sleep_after
        self._admission = admission or Admission()
        self._pairs: dict[str, Pair] = {}
        #: Of requests for new pairs.
        self.repeats = Repeats()
        self.share = share

    def all(self) -> list[Pair]:
        """Every pair, oldest first."""
        return list(self._pairs.values())

    def get(self, pair_id: str) -> Pair:
        """The pair with that id. UnknownPair when there is none."""
        try:
            return self._pairs[pair_id]
        except KeyError:
            raise UnknownPair(pair_id) from None

    def create(self, wanted: Wanted) -> Pair:
        """Two quiet machines. ValueError (why) when a back end does not go with its kernel."""
        return self._add(wanted, _EMPTY)

    async def create_from_session(self, wanted: Wanted, session: Session, visitor: str) -> Pair:
        """Two machines that are given what *session* was given, as many CPUs as it has, and stand still at first."""
        drive = session.drive
        if isinstance(drive, RecordedDrive):
            return await self.create_from_recording(wanted, File(drive.name, drive.data, visitor))
        if not isinstance(drive, SimulatedDrive):
            raise NotPossible("what this session was told to do is not known")
        simulation, at = drive.simulation, drive.simulation.moment
        # The simulation's own journal begins where somebody came back to: the branch knows it whole.
        entries = (entry for entry in drive.timeline.journal(drive.branch) if entry.tick < at.tick)
        journal = tuple(Journalled(entry.tick, entry.time, entry.command) for entry in entries)
        asked = (simulation.beginning, journal, at)
        parts = await self._workshop.parts(jobs.journal_script, session.title, *asked, visitor=visitor)
        return self._add_waiting(wanted, *jobs.whole_script(parts))

    async def create_from_recording(self, wanted: Wanted, file: File) -> Pair:
        """Two machines that are given the interrupts of a recording, and stand still at first. UnusableRecording says
        what is wrong with it, and where."""
        job = (jobs.recorded_script, file.name, file.data, wanted.a, wanted.b, MOST_WAITING)
        parts = await self._workshop.parts(*job, visitor=file.visitor)
        return self._add_waiting(wanted, *jobs.whole_script(parts))

    async def end(self, pair_id: str) -> None:
        """Ends a pair. UnknownPair when there is none."""
        pair = self.get(pair_id)
        del self._pairs[pair_id]
        await pair.close()

    async def stop(self, code: int) -> None:
        """Ends every pair; their streams are closed with *code*."""
        for pair in self.all():
            await pair.close(code)
        self._pairs.clear()

    def _add_waiting(self, wanted: Wanted, cpus: int, script: Script) -> Pair:
        """A pair whose stimuli wait."""
        if cpus > _MOST_CPUS:
            raise UnusableRecording(f"{cpus} CPUs are more than {_MOST_CPUS}")
        return self._add(wanted._replace(cpus=cpus, paused=True), script)

    def _add(self, wanted: Wanted, script: Script) -> Pair:
        self._admission.ask()
        lock_step = _machines(wanted)
        make_room(self._pairs, self._room, weight_of(wanted.cpus))
        pair_id = new_id()
        pair = Pair(
            pair_id,
            lock_step,
            script,
            paused=wanted.paused,
            share=self.share,
            sleep_after=self._sleep_after,
        )
        self._pairs[pair_id] = pair
        self._admission.note(pair)
        return pair


def _machines(wanted: Wanted) -> LockStep:
    a, b = (
        WatchedSimulation(wanted.cpus, one.backend, wanted.sheet, generation=one.generation)
        for one in (wanted.a, wanted.b)
    )
    return LockStep(a, b)
