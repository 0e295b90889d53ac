"""The sessions of this process."""

from importlib import resources
from typing import NamedTuple

from app.backends.catalogue import DEFAULT_BACKEND
from app.commands.machine import Demonstrate
from app.commands.transport import OPERATION, StepBy, SwitchBranch
from app.costs.sheet import CostSheet
from app.engine.simulation import Simulation
from app.history.journal_text import Journal, timeline_of
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.session import jobs
from app.session.drive import NotPossible
from app.session.owner import Admission, Room, make_room, new_id, new_key
from app.session.owner import TooManySessions as TooManySessions
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.recorded_findings import position_of
from app.session.repeats import Repeats
from app.session.session import Session
from app.session.share import Share
from app.session.simulated import SimulatedDrive, new_keyframes
from app.session.sleep import SLEEP_AFTER
from app.session.worker import Tell
from app.session.workshop import Workshop, say_nothing
from app.trace.errors import UnusableRecording

#: Cycles a second at which a person can follow each operation.
SLOW_MOTION = 400.0
#: A recording's cycles are nanoseconds; at this pace the sample takes a few minutes.
RECORDING_SPEED = 5e6

#: In number three times what one visitor may have, so that nobody takes the place of all others.
ROOM = Room(300, 512 << 20)

SAMPLES = (("linux-6.1-boot-4cpu", "Linux 6.1 boots on 4 CPUs"),)


class UnknownSession(LookupError):
    """No session has that id (any more)."""


class File(NamedTuple):
    """A recording as it came: its name, its bytes, and who sent it, as far as the workshop tells people apart."""

    name: str
    data: bytes
    visitor: str


def sample_file(name: str, visitor: str) -> File:
    """One of the recordings that come with the program. UnusableRecording when there is none of that *name*."""
    if name not in dict(SAMPLES):
        raise UnusableRecording(f"there is no sample {name[:40]!r}")
    file = resources.files("app.trace") / "samples" / f"{name}.qemu.log.gz"
    return File(file.name, file.read_bytes(), visitor)


class Registry:
    """Creates, finds and ends sessions. One of them, the default, lasts as long as the process."""

    def __init__(
        self,
        room: Room = ROOM,
        sleep_after: float = SLEEP_AFTER,
        workshop: Workshop | None = None,
        first_key: str = "",
        admission: Admission | None = None,
    ) -> None:
        self._room = room
        self._sleep_after = sleep_after
        self._admission = admission or Admission()
        #: Of requests for new sessions.
        self.repeats = Repeats()
        #: Of the session that is always open, however often it begins anew.
        self.first_key = first_key or new_key()
        self._sessions: dict[str, Session] = {}
        self._default: Session | None = None
        #: Of the process: sessions and whatever else runs beside them.
        self.share = Share()
        self.workshop = workshop or Workshop()

    async def start(self) -> None:
        """Opens the default session: a machine that already does something, slowly."""
        self._open_default()

    def _open_default(self) -> Session:
        simulation = Simulation(4)
        simulation.apply(Demonstrate(True))
        self._default = self._add(
            "Four CPUs", SimulatedDrive(simulation), paused=False, speed=SLOW_MOTION, key=self.first_key
        )
        return self._default

    async def stop(self, code: int) -> None:
        """Ends every session; their viewers' streams are closed with *code*."""
        for session in list(self._sessions.values()):
            await session.close(code)
        self._sessions.clear()
        await self.workshop.stop()

    def default(self) -> Session:
        """The session of the front page."""
        assert self._default is not None, "the registry was not started"
        if self._default.hub.over is not None:  # a fault has ended it: the front page still needs a machine
            self._sessions.pop(self._default.id, None)
            return self._open_default()
        return self._default

    def all(self) -> list[Session]:
        """Every session, oldest first."""
        return list(self._sessions.values())

    def get(self, session_id: str) -> Session:
        """The session with that id. UnknownSession when there is none."""
        try:
            return self._sessions[session_id]
        except KeyError:
            raise UnknownSession(session_id) from None

    def create(
        self,
        cpus: int = 4,
        backend: str = DEFAULT_BACKEND,
        seed: int = 0,
        paused: bool = False,
        title: str = "",
        profile: str = DEFAULT_PROFILE,
        generation: str | None = None,
        speed: float | None = None,
        sheet: CostSheet | None = None,
    ) -> Session:
        """A quiet machine. KeyError for an unknown *backend* or *profile*, ValueError (why) for a *backend* that does
        not go with *generation* or *sheet*. None is the first generation that it goes with, and that one's own sheet.

        *seed* is kept for what may be random one day; today nothing is.
        """
        drive = SimulatedDrive(Simulation(cpus, backend, sheet, PROFILES[profile], generation))
        usual = f"{cpus} CPU{'' if cpus == 1 else 's'}" + (f", {profile}" if profile != DEFAULT_PROFILE else "")
        return self._add(title or usual, drive, paused=paused, speed=speed)

    async def open_journal(self, journal: Journal, title: str = "") -> Session:
        """A session that has done *journal*, paused at its end. NotPossible when its commands do not lead there."""
        timeline = timeline_of(journal, new_keyframes())
        drive = SimulatedDrive(timeline.simulation, timeline)
        session = self._add(title or "from a journal", drive, paused=True, speed=None)
        try:
            await session.submit(SwitchBranch(0))
        except NotPossible:
            await self.end(session.id)
            raise
        return session

    async def open_recording(self, file: File, tell: Tell = say_nothing) -> Session:
        """A session that plays a recording; *tell* hears how far it is. UnusableRecording says what is wrong with it,
        and where; TooMuchToDo and TookTooLong as the workshop raises them."""
        parts = await self.workshop.parts(jobs.read, file.name, file.data, visitor=file.visitor, tell=tell)
        drive = RecordedDrive(file.name, recorded_timeline(jobs.whole(parts)), file.data)
        return self._add(file.name, drive, paused=False, speed=RECORDING_SPEED)

    async def open_sample(self, name: str, visitor: str = "") -> Session:
        """As open_recording, for one of the recordings that come with the program."""
        return await self.open_recording(sample_file(name, visitor))

    async def open_moment(self, of: Session, line: int) -> Session:
        """A session that plays the recording of *of* up to its *line*, and stands still there. NotPossible where *of*
        follows no recording."""
        drive = of.drive
        if not isinstance(drive, RecordedDrive):
            raise NotPossible("this session follows no recording")
        again = recorded_timeline(drive.replay.recording, drive.machine.profile)
        moment = RecordedDrive(drive.name, again, drive.data)
        session = self._add(f"{drive.name}, line {line}", moment, paused=True, speed=RECORDING_SPEED)
        position = position_of(moment.replay, line)
        if position:
            await session.submit(StepBy(OPERATION, position))
        return session

    def samples(self) -> list[tuple[str, str]]:
        """(name, title) of the recordings that come with the program."""
        return list(SAMPLES)

    async def end(self, session_id: str) -> None:
        """Ends a session. UnknownSession when there is none; the default one begins anew."""
        session = self.get(session_id)
        del self._sessions[session_id]
        await session.close()
        if session is self._default:
            await self.start()

    def _add(
        self,
        title: str,
        drive: SimulatedDrive | RecordedDrive,
        *,
        paused: bool,
        speed: float | None,
        key: str | None = None,
    ) -> Session:
        self._admission.ask()
        make_room(self._sessions, self._room, drive.weight, spared=self._default)
        session_id = new_id()
        session = Session(
            session_id,
            title,
            drive,
            paused=paused,
            speed=speed,
            share=self.share,
            sleep_after=self._sleep_after,
            key=key,
        )
        self._sessions[session_id] = session
        self._admission.note(session)
        return session
