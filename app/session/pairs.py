"""The pairs of this process."""

import asyncio
from importlib import resources
from typing import NamedTuple

from app.backends.cost_sheet import CostSheet
from app.compare.journal_script import journal_script
from app.compare.lock_step import LockStep
from app.compare.recorded_script import Machine, recorded_script
from app.compare.script import Script
from app.session.drive import NotPossible
from app.session.owner import make_room, new_id
from app.session.pair import MOST_WAITING, Pair
from app.session.recorded import RecordedDrive
from app.session.registry import SAMPLES, UnknownSession
from app.session.session import Session
from app.session.share import Share
from app.session.simulated import SimulatedDrive
from app.sim.watched import WatchedSimulation
from app.traces.errors import UnusableRecording
from app.traces.operations import Recording
from app.traces.qemu_log import read_recording

_EMPTY = Script("what you do here", ())
_MOST_CPUS = 255


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

    def __init__(self, share: Share, limit: int = 20) -> None:
        self._limit = limit
        self._pairs: dict[str, Pair] = {}
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

    async def create(self, wanted: Wanted) -> Pair:
        """Two quiet machines. ValueError (why) when a back end does not go with its kernel."""
        return self._add(wanted, await asyncio.to_thread(_machines, wanted), _EMPTY)

    async def create_from_session(self, wanted: Wanted, session: Session) -> Pair:
        """Two machines that are given what *session* was given, as many CPUs as it has, and stand still at first."""
        drive = session.drive
        if isinstance(drive, RecordedDrive):
            return await self._create_from(wanted, drive.replay.recording)
        if not isinstance(drive, SimulatedDrive):
            raise NotPossible("what this session was told to do is not known")
        wanted = wanted._replace(cpus=session.cpu_count, paused=True)
        simulation = drive.simulation
        journal, until, sheet = tuple(simulation.journal), simulation.time, simulation.sheet
        backend, kernel = session.drive.backend, simulation.generation
        lock_step = await asyncio.to_thread(_machines, wanted)
        script = await asyncio.to_thread(
            journal_script, session.title, journal, until, wanted.cpus, backend, kernel, sheet
        )
        return self._add(wanted, lock_step, script)

    async def create_from_recording(self, wanted: Wanted, name: str, data: bytes) -> Pair:
        """Two machines that are given the interrupts of a recording, and stand still at first. UnusableRecording says
        what is wrong with *data*, and where."""
        return await self._create_from(wanted, await asyncio.to_thread(read_recording, name, data))

    async def create_from_sample(self, wanted: Wanted, name: str) -> Pair:
        """As create_from_recording, for one of the recordings that come with the program."""
        if name not in dict(SAMPLES):
            raise UnusableRecording(f"there is no sample {name[:40]!r}")
        file = resources.files("app.traces") / "samples" / f"{name}.qemu.log.gz"
        return await self.create_from_recording(wanted, file.name, file.read_bytes())

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

    async def _create_from(self, wanted: Wanted, recording: Recording) -> Pair:
        if recording.cpu_count > _MOST_CPUS:
            raise UnusableRecording(f"{recording.cpu_count} CPUs are more than {_MOST_CPUS}")
        wanted = wanted._replace(cpus=recording.cpu_count, paused=True)
        lock_step = await asyncio.to_thread(_machines, wanted)
        script = await asyncio.to_thread(recorded_script, recording, wanted.a, wanted.b)
        if len(script.stimuli) > MOST_WAITING:
            said = f"Only the first {MOST_WAITING:,} of {len(script.stimuli):,} stimuli were taken over."
            script = Script(script.title, script.stimuli[:MOST_WAITING], (*script.remarks, said))
        return self._add(wanted, lock_step, script)

    def _add(self, wanted: Wanted, lock_step: LockStep, script: Script) -> Pair:
        make_room(self._pairs, self._limit)
        pair_id = new_id()
        pair = Pair(pair_id, lock_step, script, paused=wanted.paused, share=self.share)
        self._pairs[pair_id] = pair
        return pair


def _machines(wanted: Wanted) -> LockStep:
    a, b = (
        WatchedSimulation(wanted.cpus, one.backend, wanted.sheet, generation=one.generation)
        for one in (wanted.a, wanted.b)
    )
    return LockStep(a, b)
