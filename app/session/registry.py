"""The sessions of this process, and those that rest on disk."""

import asyncio
import logging
import time
from contextlib import suppress
from importlib import resources
from typing import NamedTuple

from app.backends.catalogue import DEFAULT_BACKEND
from app.commands.transport import OPERATION, StepBy, SwitchBranch
from app.costs.sheet import CostSheet
from app.engine.simulation import Simulation
from app.history.journal_text import Journal, timeline_of
from app.history.kept import KeptSession
from app.history.store_errors import Condition, StoreError
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.session import jobs
from app.session.archive import Archive
from app.session.drive import NotPossible
from app.session.first_machine import first_machine
from app.session.keeper import Keeper
from app.session.owner import Admission, Room, lock_of, make_room, new_id, new_key
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

#: How far a running session has come is written down so often, in seconds: a kill loses no more than one second of it.
_KEEP_EVERY = 0.5
#: Seconds between two looks at how much is kept.
_FORGET_EVERY = 60.0
#: Seconds that the start of the server waits for the session that was used last.
_LONGEST_START = 5.0
_LOG = logging.getLogger(__name__)

SAMPLES = (("linux-6.1-boot-4cpu", "Linux 6.1 boots on 4 CPUs"),)


class UnknownSession(LookupError):
    """No session has that id (any more)."""


class NotRevived(Exception):
    """A session that is on disk cannot be brought back; the message says why."""


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
    """Creates, finds and ends sessions. One of them, the default, lasts as long as the process.

    With an *archive* sessions outlive the process, but for those that play a recording. *remark* is said of all of
    them, "" for nothing.
    """

    def __init__(
        self,
        room: Room = ROOM,
        sleep_after: float = SLEEP_AFTER,
        workshop: Workshop | None = None,
        first_key: str = "",
        admission: Admission | None = None,
        archive: Archive | None = None,
        remark: str = "",
    ) -> None:
        self._room = room
        self.archive = archive
        self._remark = remark
        self._reviving: dict[str, asyncio.Task[Session]] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._condition: Condition | None = None
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
        """Opens the default session: the one that was used last, or a machine that already does something, slowly."""
        if self.archive is not None:
            with suppress(StoreError):  # its condition says why, to all who look
                await self.archive.open()
            self._keeping = asyncio.create_task(self._keep_up(), name="keeping sessions")
            for session_id in list(self.archive.resting):
                with suppress(NotRevived, TimeoutError):
                    async with asyncio.timeout(
                        _LONGEST_START
                    ):  # it goes on being brought back, and others need not wait
                        self._default = await self.find(session_id)
                    self._default.also_opens_to(lock_of(self.first_key))
                    return
        self._open_default()

    def _open_default(self) -> Session:
        self._default = self._add("Four CPUs", first_machine(), paused=False, speed=SLOW_MOTION, key=self.first_key)
        self._default.wait_for_somebody()
        return self._default

    async def stop(self, code: int) -> None:
        """Closes every session; their viewers' streams are closed with *code*. Those that are kept can go on later."""
        if self._keeping is not None:
            self._keeping.cancel()
        for session in list(self._sessions.values()):
            session.keep()
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

    async def find(self, session_id: str) -> Session:
        """The session with that id, which may have to be brought back from the disk first. UnknownSession when there is
        none, NotRevived when it cannot be brought back."""
        if session_id not in self._sessions and self.archive is not None and session_id in self.archive.resting:
            reviving = self._reviving.get(session_id)
            if reviving is None:
                reviving = self._reviving[session_id] = asyncio.create_task(self._revive(self.archive, session_id))
                reviving.add_done_callback(lambda _: self._reviving.pop(session_id, None))
            return await asyncio.shield(reviving)  # whoever goes away takes it from nobody
        return self.get(session_id)

    async def _revive(self, archive: Archive, session_id: str) -> Session:
        try:
            revived = await archive.revive(archive.resting[session_id])
        except (StoreError, ValueError, LookupError, TypeError) as error:
            _LOG.warning("session %s cannot be brought back: %s", session_id, error)
            raise NotRevived(f"session {session_id} is kept, and cannot be brought back: {error}") from error
        kept = archive.resting[session_id]
        self._make_room(revived.drive.weight)
        session = Session(
            session_id,
            revived.title,
            revived.drive,
            paused=True,
            speed=revived.speed,
            share=self.share,
            sleep_after=self._sleep_after,
            key="",
            keeper=revived.keeper,
            remark=f"{self._remark} {revived.remark}".strip(),
            first_seq=int(time.time() * 1000),  # behind all numbers of its earlier lives
            flags=revived.flags,
        )
        session.also_opens_to(kept.owner)
        self._sessions[session_id] = session
        del archive.resting[session_id]
        return session

    def lives(self, session_id: str) -> bool:
        """Whether there is such a session that is not over, in memory or on disk."""
        return session_id in self._sessions or (self.archive is not None and session_id in self.archive.resting)

    def resting(self) -> list[KeptSession]:
        """Those that are on disk and not in memory."""
        return list(self.archive.resting.values()) if self.archive is not None else []

    def get(self, session_id: str) -> Session:
        """The session with that id. UnknownSession when there is none in memory."""
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
        key: str | None = None,
    ) -> Session:
        """A quiet machine. KeyError for an unknown *backend* or *profile*, ValueError (why) for a *backend* that does
        not go with *generation* or *sheet*. None is the first generation that it goes with, and that one's own sheet.

        Whoever has *key* may end it. *seed* is kept for what may be random one day; today nothing is.
        """
        self._make_sure_it_can_be_kept()
        drive = SimulatedDrive(Simulation(cpus, backend, sheet, PROFILES[profile], generation))
        usual = f"{cpus} CPU{'' if cpus == 1 else 's'}" + (f", {profile}" if profile != DEFAULT_PROFILE else "")
        return self._add(title or usual, drive, paused=paused, speed=speed, key=key)

    async def open_journal(self, journal: Journal, title: str = "", key: str | None = None) -> Session:
        """A session that has done *journal*, paused at its end; whoever has *key* may end it. NotPossible when its
        commands do not lead there."""
        self._make_sure_it_can_be_kept()
        timeline = timeline_of(journal, new_keyframes())
        drive = SimulatedDrive(timeline.simulation, timeline)
        session = self._add(title or "from a journal", drive, paused=True, speed=None, key=key)
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
        session = await self.find(session_id)
        del self._sessions[session_id]
        await session.close()
        if self.archive is not None and session.keeper is not None:
            await self.archive.end(session.keeper)
        if session is self._default:
            self._open_default()

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
        self._make_room(drive.weight)
        session_id, key = new_id(), key or new_key()
        keeper, remark = self._keeper_of(session_id, title, drive, key)
        session = Session(
            session_id,
            title,
            drive,
            paused=paused,
            speed=speed,
            share=self.share,
            sleep_after=self._sleep_after,
            key=key,
            keeper=keeper,
            remark=remark,
        )
        self._sessions[session_id] = session
        self._admission.note(session)
        session.keep()
        return session

    # What is on disk

    def _keeper_of(
        self, session_id: str, title: str, drive: SimulatedDrive | RecordedDrive, key: str
    ) -> tuple[Keeper | None, str]:
        """Who keeps a new session, or what there is to say where nobody does."""
        if self.archive is None:
            return None, self._remark
        if isinstance(drive, RecordedDrive):
            return None, f"{self._remark} A recording that is played ends with the server; its file does not.".strip()
        return self.archive.begin(session_id, title, drive, lock_of(key)), self._remark

    def _make_sure_it_can_be_kept(self) -> None:
        """NotKept where it cannot: nothing new begins then."""
        if self.archive is not None and (refusal := self.archive.refusal):
            raise refusal

    async def kept(self, session: Session) -> Session:
        """*session*, once all of it is on disk. NotKept when that cannot be; then there is no such session."""
        try:
            if writing := session.keep():
                await asyncio.shield(writing)
            elif session.keeper is not None and (refusal := session.keeper.refusal):
                raise refusal  # somebody else's writing has failed since it began: nothing of it was tried
        except StoreError:
            self._sessions.pop(session.id, None)
            await session.close()
            raise
        return session

    def _make_room(self, weight: int) -> None:
        """Room for one more in memory: those that are kept rest on disk, the others end."""
        spared = {session for session in self._sessions.values() if session is self._default or session.must_stay}
        make_room(self._sessions, self._room, weight, spared, self._put_to_rest)

    def _put_to_rest(self, session: Session) -> None:
        if session.keeper is not None and self.archive is not None:
            session.keep()
            self.archive.resting[session.id] = session.keeper.session

    async def _keep_up(self) -> None:
        """Writes down how far sessions have come, and tells them when nothing can be kept any more, or again."""
        assert self.archive is not None, "it keeps what is kept"
        forgets = 0.0
        while True:
            await asyncio.sleep(_KEEP_EVERY)
            if time.monotonic() >= forgets:
                forgets = time.monotonic() + _FORGET_EVERY
                with suppress(StoreError):  # its condition says why
                    await self.archive.forget()
            condition = self.archive.store.condition
            for session in list(self._sessions.values()):
                session.keep()
                if condition != self._condition:
                    session.condition_changed()
            self._condition = condition
