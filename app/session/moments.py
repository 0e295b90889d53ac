"""Moments that have a link: a tick of a branch, which stays what it is whatever comes later."""

import json
import time
from asyncio import shield, wrap_future
from typing import Any

from app.engine.journal import moment_at
from app.history.journal_text import Journal
from app.history.kept import Kept, KeptFlag, KeptMoment
from app.session.archive import Archive
from app.session.drive import NotPossible
from app.session.flags import Flag
from app.session.looking_back import MOST_RECORDS, FoundMoment, collected, in_slices
from app.session.owner import new_id
from app.session.registry import Registry, UnknownSession
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.session.version import program_version
from app.state.event_records import EventRecord, event_record
from app.state.ladder import Selection
from app.state.shapes import LadderState, NumberedState

#: Characters of what people say of a moment.
LONGEST_NOTE = 1_000
#: Bytes of what a page may want to have back with a moment, as JSON.
LARGEST_VIEW = 8 * 1024
#: Of what happened before a moment so much is told with it: of so many ticks, so many events.
_TICKS_TOLD, _EVENTS_TOLD = 2_000, 200
#: Sessions that are over and stay in memory for those who look at their moments.
_MOST_PAST = 3


class UnknownMoment(LookupError):
    """No moment has that link."""


class GoneMoment(LookupError):
    """The moment with that link is no longer kept; the message says why."""


_WHY = {"budget": "to make room for others", "deleted": "by whoever owned it"}


class Moments:
    """The linked moments of all sessions of *registry*: on disk where sessions are kept, and else in memory."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._in_memory: dict[str, KeptMoment] = {}
        #: Of sessions that are over, those whose moments were asked for last: brought back, and read only.
        self._past: dict[str, SimulatedDrive] = {}

    async def link(
        self, session: Session, branch: int | None, tick: int | None, note: str, view: dict[str, Any]
    ) -> KeptMoment:
        """A link to a tick of a branch of *session*, to what is shown where they are None. It is kept when this
        returns. NotPossible when there is no such moment, NotKept when it cannot be kept."""
        if not has_links(session):
            raise NotPossible("a recording that is played ends with the server, and a link would lead nowhere")
        moment = _linked(session, await found_moment(session, branch, tick), note, view)
        await self._keep(session, moment)
        return moment

    async def put_flag(self, session: Session, branch: int | None, tick: int | None, word: str, who: str = "") -> Flag:
        """A flag with that *word* at a tick of a branch of *session*, at what is shown where they are None. It is kept
        when this returns, with a link to its moment, but for a recording's: those end with the session, and have none.
        NotPossible when there is no such moment, or no room for another flag; NotKept when it cannot be kept."""
        found = await found_moment(session, branch, tick)
        number = session.flags.new_number()
        link = ""
        if has_links(session):
            moment = _linked(session, found, word, {})
            link = moment.link
            await self._keep(session, moment, KeptFlag(session.id, number, link, word, who))
        flag = Flag(number, found.branch, found.moment, word, who, link)
        session.flags.put(flag)
        session.condition_changed()
        return flag

    async def remove_flag(self, session: Session, number: int) -> None:
        """Takes a flag away; its moment's link goes on leading there. UnknownFlag when there is none of that number,
        NotKept when that cannot be written down."""
        flag = session.flags.find(number)
        if flag.link:
            await self._keep(session, KeptFlag(session.id, number, flag.link, flag.word, flag.who, time.time()))
        session.flags.remove(number)
        session.condition_changed()

    async def _keep(self, session: Session, *records: Kept) -> None:
        """All or none of *records*, on disk where *session* is kept, and else in memory."""
        if session.keeper is None or self._registry.archive is None:
            self._in_memory |= {record.link: record for record in records if isinstance(record, KeptMoment)}
            return
        session.keep()  # the branch comes before what leads into it
        await shield(wrap_future(self._registry.archive.store.keep(*records)))

    async def find(self, link: str) -> KeptMoment:
        """The moment with that link. UnknownMoment when there never was one, GoneMoment when there was."""
        if link in self._in_memory:
            return self._in_memory[link]
        archive = self._registry.archive
        if archive is None:
            raise UnknownMoment(link)
        moment = await wrap_future(archive.store.moment(link))
        if moment is not None:
            return moment
        if gone := await archive.gone(link):
            raise GoneMoment(f"its session was deleted {_WHY[gone.why]}")
        raise UnknownMoment(link)

    async def state(self, moment: KeptMoment) -> NumberedState:
        """What was to be seen at *moment*. It moves nobody."""
        drive = await self._drive(moment)
        then, machine = await in_slices(drive.state_finder(moment.branch, moment.tick, moment.time))
        return {
            "time": then,
            "paused": True,
            "speed": None,
            "under_way": None,
            "sleep": None,
            "throttled": None,
            "kept": None,
            "score": {"flags": 0},
            "breakpoints": {"held": [], "hit": None},
            "viewers": 0,
            **machine,
            "seq": 0,
        }

    async def branch_name(self, moment: KeptMoment) -> str:
        """What the branch of *moment* is called."""
        return (await self._drive(moment)).timeline.branches[moment.branch].name

    async def ladder(self, moment: KeptMoment, selection: Selection) -> LadderState:
        """The gates that what is selected passed at *moment*. NotPossible when there was no such thing."""
        drive = await self._drive(moment)
        try:
            return await in_slices(drive.ladder_finder(selection, moment.branch, moment.tick))
        except LookupError as missing:
            raise NotPossible(str(missing)) from missing

    async def events(self, moment: KeptMoment) -> list[EventRecord]:
        """The newest of what happened before *moment*, numbered as in its session's stream."""
        drive = await self._drive(moment)
        there = await in_slices(drive.timeline.finder(moment.tick, moment.time, moment.branch))
        recorder = drive.recorder(moment.branch, moment.tick - _TICKS_TOLD + 1, moment.tick)
        found = await in_slices(collected(recorder, MOST_RECORDS, moment.tick, None))
        newest = found.records[-_EVENTS_TOLD:]
        first = there.happened - len(newest) + 1
        return [
            event_record(first + index, record.time, record.event, drive.vector_names)
            for index, record in enumerate(newest)
        ]

    async def drive(self, moment: KeptMoment) -> SimulatedDrive:
        """What *moment*'s session did, with its score as far as that is known: of a session that is over, all of it."""
        drive = await self._drive(moment)
        if moment.session in self._past:
            drive.score.line(moment.branch)  # somebody asks for it
            while filler := drive.score.filler():
                await in_slices(filler)
        return drive

    async def begin(self, moment: KeptMoment, key: str | None = None) -> Session:
        """A session that has done what led to *moment*, and stands there. Whoever has *key* may end it."""
        timeline = (await self._drive(moment)).timeline
        entries = tuple(entry for entry in timeline.journal(moment.branch) if entry.tick < moment.tick)
        head = moment_at(moment.tick, moment.time)
        journal = Journal(program_version(), timeline.simulation.beginning, entries, head, None)
        return await self._registry.open_journal(journal, f"from moment {moment.link}", key)

    async def _drive(self, moment: KeptMoment) -> SimulatedDrive:
        """That of its session, living or over."""
        try:
            drive = (await self._registry.find(moment.session)).drive
        except UnknownSession:
            if self._registry.archive is None:
                raise
            drive = await self._of_the_past(self._registry.archive, moment.session)
        if not isinstance(drive, SimulatedDrive):
            raise UnknownMoment(moment.link)
        return drive

    async def _of_the_past(self, archive: Archive, session_id: str) -> SimulatedDrive:
        if session_id not in self._past:
            kept = await wrap_future(archive.store.session(session_id))
            if kept is None:
                raise UnknownSession(session_id)
            self._past[session_id] = (await archive.revive(kept)).drive
            while len(self._past) > _MOST_PAST:
                del self._past[next(iter(self._past))]
        return self._past[session_id]


def has_links(session: Session) -> bool:
    """Whether its moments have links: they must outlive the server, and a recording that is played does not."""
    return isinstance(session.drive, SimulatedDrive)


def _linked(session: Session, found: FoundMoment, note: str, view: dict[str, Any]) -> KeptMoment:
    return KeptMoment(new_id(10), session.id, found.branch, *found.moment, time.time(), note, json.dumps(view))


async def found_moment(session: Session, branch: int | None, tick: int | None) -> FoundMoment:
    """When a tick of a branch of *session* was; what is shown where both are None. NotPossible when there is no such
    moment."""
    try:
        return await in_slices(session.drive.moment_finder(branch, tick))
    except (LookupError, ValueError) as error:
        raise NotPossible(str(error)) from error
