"""The sessions of a server that are on disk: those of earlier processes, and those that memory has no room for."""

import asyncio
import json
import time
from typing import Any, NamedTuple

from app.commands.command import Stimulus
from app.commands.reading import read_command
from app.engine.journal import Beginning, moment_at
from app.engine.simulation import Simulation
from app.history.branches import Branch
from app.history.journal import Entry
from app.history.journal_text import beginning_to_json, read_beginning
from app.history.kept import Forgotten, Gone, KeptBranch, KeptCommand, KeptSession, Listed
from app.history.keyframes import Keyframe
from app.history.record import hash_of_tick, state
from app.history.store import Store
from app.history.store_errors import NotKept
from app.history.timeline import Timeline
from app.history.units import Diverged
from app.history.versions import fingerprint
from app.session.flags import Flags
from app.session.keeper import Keeper
from app.session.looking_back import in_slices
from app.session.simulated import SimulatedDrive, new_keyframes
from app.session.version import program_version

#: What nobody has used for so many seconds may go when there is no room.
UNUSED_SECONDS = 30 * 24 * 3600.0
#: Bytes that everything in a data directory may take.
KEPT_BYTES = 1 << 30


class Setup(NamedTuple):
    """What a session began as."""

    title: str
    beginning: Beginning

    def as_text(self, version: str) -> str:
        """As JSON, by a program of this *version*."""
        return json.dumps({"title": self.title, "machine": beginning_to_json(self.beginning, version)})

    @classmethod
    def of_text(cls, text: str) -> "Setup":
        """What was kept as *text*. ValueError when this program knows no such machine."""
        kept = json.loads(text)
        return cls(kept["title"], read_beginning(kept["machine"]))


class Revived(NamedTuple):
    """A session of the disk: its drive, which stands where it stood last, and who goes on writing it."""

    title: str
    drive: SimulatedDrive
    keeper: Keeper
    speed: float | None
    flags: Flags
    #: What there is to say of it; "" for nothing.
    remark: str


class Archive:
    """What *store* has, and may have of *budget* bytes, for a program of this *version*."""

    def __init__(self, store: Store, version: str, budget: int = KEPT_BYTES) -> None:
        self.store = store
        self._budget = budget
        #: What had to go to keep to the budget, since the process began; when, in seconds since 1970.
        self.forgotten: list[tuple[float, Forgotten]] = []
        self._version = version
        #: Sessions that live and are not in memory, by their ids; who was used last comes first at the start.
        self.resting: dict[str, KeptSession] = {}

    @property
    def refusal(self) -> NotKept | None:
        """Why nothing can be kept at present; None when it can."""
        condition = self.store.condition
        return None if condition.state == "open" else NotKept(condition)

    async def open(self) -> None:
        """Finds out what there is. NotKept where that cannot be read."""
        sessions = await asyncio.wrap_future(self.store.sessions())
        self.resting = {session.id: session for session in sessions if session.ended is None}

    def begin(self, session_id: str, title: str, drive: SimulatedDrive, lock: str) -> Keeper:
        """The keeper of a session that begins now, and belongs to whoever has the key to *lock*."""
        setup = Setup(title, drive.simulation.beginning).as_text(self._version)
        now = time.time()
        return Keeper(self.store, KeptSession(session_id, lock, setup, self._version, now, now), drive.timeline)

    async def revive(self, kept: KeptSession) -> Revived:
        """A session that is on disk alone, brought to where it stood. Damaged or NotKept when it cannot be read,
        ValueError where this program does not know such a machine."""
        setup = Setup.of_text(kept.setup)
        branches, commands = await self._course(kept.id)
        keyframes = new_keyframes()
        timeline = Timeline(Simulation(*setup.beginning), keyframes, _branches(setup.beginning, branches, commands))
        place = json.loads(kept.place)
        course = timeline.branches[place.get("branch", 0)]
        other_way = ""
        for part, last in course.line():
            head = part.head.tick if last is None else last
            if keyframe := await self._keyframe(kept.id, part.number, head):
                keyframes.add(keyframe)
                break
            other_way = other_way or await self._compared(kept.id, timeline, part, head)
        remark = await _go_to(timeline, place, kept.version, self._version) or other_way
        drive = SimulatedDrive(timeline.simulation, timeline)
        keeper = Keeper(self.store, kept, timeline, branches, commands)
        return Revived(setup.title, drive, keeper, place.get("speed"), await self._flags(kept.id), remark)

    async def _flags(self, session_id: str) -> Flags:
        asked = self.store.flags(session_id), self.store.moments(session_id)
        flags, moments = await asyncio.wrap_future(asked[0]), await asyncio.wrap_future(asked[1])
        by_link = {moment.link: moment for moment in moments}
        return Flags((flag, by_link[flag.link]) for flag in flags)

    async def _course(self, session_id: str) -> tuple[tuple[KeptBranch, ...], list[KeptCommand]]:
        branches = await asyncio.wrap_future(self.store.branches(session_id))
        journals = [asyncio.wrap_future(self.store.commands(session_id, one.branch)) for one in branches]
        return branches, [command for journal in await asyncio.gather(*journals) for command in journal]

    async def _keyframe(self, session_id: str, branch: int, tick: int) -> Keyframe | None:
        """The newest of this program at *tick* of a branch, or before."""
        found = await asyncio.wrap_future(
            self.store.keyframe(session_id, branch, tick, program_version(), fingerprint())
        )
        return Keyframe(branch, found.tick, found.time, found.record, len(found.record)) if found else None

    async def _compared(self, session_id: str, timeline: Timeline, branch: Branch, tick: int) -> str:
        """What there is to say where the branch comes to another state than an earlier program did; "" for nothing."""
        hashes = await asyncio.wrap_future(self.store.event_hashes(session_id, branch.number))
        known = [one for one in hashes if one.tick <= tick]
        if not known:
            return ""
        try:
            found = hash_of_tick(state(await in_slices(timeline.finder(known[-1].tick, None, branch.number))))
        except Diverged:
            return ""  # which is said when the session goes there
        if found == known[-1].event_hash:
            return ""
        return (
            f"With this version the session goes another way: at tick {known[-1].tick:,} its state is not what it was "
            f"under version {known[-1].version}."
        )

    async def end(self, keeper: Keeper) -> None:
        """A session is over, which *keeper* has written until now. Where links lead into it, it is there for them;
        otherwise nothing is left of it. NotKept when that cannot be written down."""
        session = keeper.session
        if await asyncio.wrap_future(self.store.moments(session.id)):
            ended = session._replace(ended=time.time())
            await asyncio.wrap_future(self.store.keep(ended))
        elif await asyncio.wrap_future(self.store.session(session.id)) is not None:
            await asyncio.wrap_future(self.store.delete(session.id))

    async def listing(self, lock: str) -> tuple[Listed, ...]:
        """The sessions of whoever has the key to *lock*, with their sizes."""
        return await asyncio.wrap_future(self.store.listing(lock))

    async def has(self, session_id: str) -> bool:
        """Whether it is on disk, alive or over."""
        return await asyncio.wrap_future(self.store.session(session_id)) is not None

    async def delete(self, session_id: str) -> tuple[str, ...]:
        """Deletes a session that is in nobody's memory, with its links, which are returned. Contradiction when it is
        not kept, NotKept when that cannot be written down."""
        links = await asyncio.wrap_future(self.store.delete(session_id))
        self.resting.pop(session_id, None)
        return links

    async def forget(self) -> None:
        """Forgets what must go so that all keeps to the budget: keyframes, then sessions that are over and have no
        links, then such as nobody has used for long. NotKept when that cannot be written down."""
        if await asyncio.wrap_future(self.store.bytes_kept()) <= self._budget:
            return
        forgotten = await asyncio.wrap_future(self.store.forget(self._budget))
        if not forgotten.enough:
            now = time.time()
            unused = [one for one in self.resting.values() if now - one.used > UNUSED_SECONDS]
            for one in unused:
                await asyncio.wrap_future(self.store.keep(one._replace(ended=now)))
                del self.resting[one.id]
            again = await asyncio.wrap_future(self.store.forget(self._budget))
            forgotten = again._replace(
                keyframes=forgotten.keyframes + again.keyframes,
                sessions=forgotten.sessions + again.sessions,
                bytes_before=forgotten.bytes_before,
            )
        if forgotten.keyframes or forgotten.sessions:
            self.forgotten.append((time.time(), forgotten))

    async def gone(self, name: str) -> Gone | None:
        """What became of a session, or of a link; None where it never was, or is still there."""
        return await asyncio.wrap_future(self.store.gone(name))


def _branches(beginning: Beginning, kept: tuple[KeptBranch, ...], commands: list[KeptCommand]) -> list[Branch]:
    made: list[Branch] = []
    for one in kept:
        parent = None if one.parent is None else made[one.parent]
        journal = [_entry(command, beginning.cpu_count) for command in commands if command.branch == one.branch]
        made.append(Branch(one.branch, one.name, parent, one.leaves_at, journal, moment_at(one.head, one.time)))
    return made


def _entry(kept: KeptCommand, cpu_count: int) -> Entry:
    command = read_command(json.loads(kept.body), cpu_count)
    if not isinstance(command, Stimulus):
        raise TypeError(f"{kept.body} stands in a journal and changes no machine")
    return Entry(*moment_at(kept.tick, kept.time), kept.who, command)


async def _go_to(timeline: Timeline, place: dict[str, Any], version: str, own_version: str) -> str:
    """Goes where the session stood, and says so where that way is not the same any more."""
    branch = place.get("branch", 0)
    live = place.get("live", True)
    try:
        await _follow(timeline, None if live else place["tick"], None if live else place["time"], branch)
    except Diverged as diverged:
        await _follow(timeline, diverged.tick, None, branch)
        other = "" if version == own_version else f" It began under version {version}; this is {own_version}."
        return f"With this version the session goes another way from tick {diverged.tick:,} on: {diverged}.{other}"
    return ""


async def _follow(timeline: Timeline, tick: int | None, time: int | None, branch: int) -> None:
    """As ``Timeline.seek``, while others have their turn."""
    await in_slices(timeline.seeker(tick, time, branch))
