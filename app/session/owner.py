"""What sessions and pairs have in common: one task owns the machines, and everybody else asks it."""

import asyncio
import hashlib
import logging
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from app.session.drive import NotPossible
from app.session.hub import Hub
from app.session.repeats import Repeats
from app.session.share import Share
from app.session.sleep import Sleep
from app.session.throttle import Throttle

_SESSION_OVER, _BROKEN = 1000, 1011
_LOG = logging.getLogger(__name__)
#: Letters and digits that nobody mistakes for one another when reading them off a projector.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ID_LENGTH = 6


class TooManySessions(Exception):
    """Every place is taken by something that somebody watches."""


class Owner(ABC):
    """One task that does all the work. Whoever wants something leaves a request and calls it.

    A subclass calls ``_begin_to_live`` when it is ready to. ``kind`` is what people call it.
    """

    kind: str

    def __init__(self, owner_id: str, share: Share | None, sleep_after: float = 0.0, key: str | None = None) -> None:
        self.id = owner_id
        #: Whoever holds it may end this; "" where nothing but its hash is known any more.
        self.key = new_key() if key is None else key
        self._locks = {lock_of(self.key)} if self.key else set()
        self.touched = time.monotonic()
        self.repeats = Repeats()
        self.sleep = Sleep(sleep_after)
        self.throttle = Throttle()
        self._share = share or Share()
        self._called = asyncio.Event()

    @property
    @abstractmethod
    def hubs(self) -> Iterable[Hub]:
        """Where its machines are watched."""

    @abstractmethod
    async def _live(self) -> None:
        """The work, without an end."""

    @abstractmethod
    def _unanswered(self) -> Iterable["asyncio.Future[Any]"]:
        """What somebody still waits for."""

    @property
    @abstractmethod
    def weight(self) -> int:
        """About how many bytes of memory it takes."""

    @abstractmethod
    def _changed(self) -> None:
        """What is shown of it may have changed."""

    # For others

    @property
    def over(self) -> bool:
        return any(hub.over is not None for hub in self.hubs)

    @property
    def watched(self) -> bool:
        return any(hub.viewers for hub in self.hubs)

    @property
    def over_words(self) -> str:
        return f"the {self.kind} is over"

    def touch(self) -> None:
        """Somebody is interested: it wakes up, or does not fall asleep."""
        self.touched = time.monotonic()
        if self.sleep.end(self.touched):
            self._changed()
        self._called.set()

    def wait_for_somebody(self) -> None:
        """Time stands still until somebody is interested for the first time; if that takes long, it falls asleep."""
        self.sleep.begin_unseen(time.monotonic())
        if self.sleep.after:
            asyncio.get_running_loop().call_later(self.sleep.after, self._called.set)

    def opens_to(self, key: str) -> bool:
        """Whether *key* is one of this. Hashes are compared: how long that takes says nothing of the key."""
        lock = lock_of(key)
        return any(secrets.compare_digest(lock, one) for one in self._locks)

    def also_opens_to(self, lock: str) -> None:
        """The key whose hash is *lock* is another one of this."""
        self._locks.add(lock)

    async def close(self, code: int = _SESSION_OVER) -> None:
        """Ends the task and closes its viewers' streams with *code*."""
        self.abandon(code)
        await asyncio.gather(self._task, return_exceptions=True)

    def abandon(self, code: int = _SESSION_OVER) -> None:
        """As close, without waiting for the task to end."""
        self._task.cancel()
        self._share.busy(self, False)
        for future in self._unanswered():
            if not future.done():
                future.set_exception(NotPossible(self.over_words))
        for hub in self.hubs:
            hub.close(code)

    # The task

    def _begin_to_live(self) -> None:
        self._task = asyncio.create_task(self._live(), name=f"{self.kind} {self.id}")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """The task has stopped. By itself it never does: then a fault of ours has stopped it, and nobody is to wait."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            _LOG.error("%s %s broke", self.kind, self.id, exc_info=fault)
            self.abandon(_BROKEN)

    def _falls_asleep(self) -> bool:
        """Whether time stands still: nobody watches, and nobody has asked for long, or ever."""
        now = time.monotonic()
        if not self.sleep.asleep and not self.watched and self.sleep.due(now - self.touched):
            self.sleep.begin(now)
            self.throttle.stop()
            self._changed()
        return self.sleep.time_stands_still

    async def _sleep(self, delay: float | None) -> None:
        """Until the next thing happens or somebody calls; *delay* None is until somebody calls."""
        if delay == 0.0:
            await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):  # not wait_for, which may swallow the cancellation that ends the task
                await self._called.wait()


class Admission:
    """Who may have another session or pair. This one lets everybody in; whoever knows visitors knows better."""

    def ask(self) -> None:
        """Raises what there is to say to whoever may not have another one."""

    def note(self, owner: Owner) -> None:
        """Whoever asks now has made *owner*."""


OwnerType = TypeVar("OwnerType", bound=Owner)


def new_id(length: int = _ID_LENGTH) -> str:
    """A name for an owner, short enough to be read out; one of more characters nobody guesses."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_key() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(18)


def lock_of(key: str) -> str:
    """What is kept of a key: its hash, from which nobody finds the key again."""
    return hashlib.sha256(key.encode()).hexdigest()


class Room(NamedTuple):
    """How many owners of one kind there may be, and how many bytes they may take together."""

    number: int
    bytes: int


def make_room(
    owners: dict[str, OwnerType],
    room: Room,
    weight: int,
    spared: Collection[OwnerType] = (),
    farewell: Callable[[OwnerType], None] = lambda owner: None,
) -> None:
    """Room for one more that takes *weight* bytes: those that nobody has touched for longest and nobody watches must
    go, each after its *farewell*, but none of *spared*. TooManySessions when that is not enough, and then none has
    gone."""
    count, total = len(owners), weight + sum(owner.weight for owner in owners.values())
    leaving = []
    idle = sorted(
        (owner for owner in owners.values() if not owner.watched and owner not in spared),
        key=lambda owner: owner.touched,
        reverse=True,
    )
    while count >= room.number or total > room.bytes:
        if not idle:
            raise TooManySessions(_why_full(owners, room, count))
        leaving.append(idle.pop())
        count, total = count - 1, total - leaving[-1].weight
    for owner in leaving:
        farewell(owner)
        del owners[owner.id]
        owner.abandon()


def _why_full(owners: dict[str, OwnerType], room: Room, watched: int) -> str:
    kind = next(iter(owners.values())).kind if owners else "session"
    if watched >= room.number:
        return f"{watched} {kind}s are open and all of them are watched"
    return f"it would need more memory than the {room.bytes >> 20} MiB for all {kind}s that the others leave"
