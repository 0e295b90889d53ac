"""How much one visitor may have at a time of what there is for everybody. A visitor is an address."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_network

from app.session.owner import Admission, Owner
from app.web.errors import Problem
from app.web.hosts import address_of
from app.web.settings import Limits

#: A session that nobody watches or drives for so many seconds counts for nobody.
_FORGOTTEN = 600.0
#: Visitors of whom something is remembered. Those who hold nothing are forgotten first.
_MOST_VISITORS = 10_000
_NETWORK_BITS = 64  # of an IPv6 address: whoever has one has all that share these

#: Who asks for what is being answered. Empty when nobody does: the program itself.
visitor: ContextVar[str] = ContextVar("visitor", default="")


def visitor_at(address: str) -> str:
    """Who comes from *address*: that address, or the network that a holder of an IPv6 address has."""
    known = address_of(address)
    if isinstance(known, IPv6Address):
        return str(ip_network((known, _NETWORK_BITS), strict=False))
    return str(known) if known is not None else address


@dataclass(slots=True)
class _Visitor:
    tokens: float
    filled: float
    sockets: int = 0
    owners: list[Owner] = field(default_factory=list)

    @property
    def holds_something(self) -> bool:
        return self.sockets > 0 or any(not owner.over for owner in self.owners)


class Shares(Admission):
    """What each visitor has: sockets, commands in this second, sessions and pairs."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._visitors: dict[str, _Visitor] = {}

    def command(self) -> None:
        """Takes one command off the present visitor's share. Problem 429 when that is used up."""
        limit = self._limits.commands_per_second
        mine, now = self._of(visitor.get()), self._clock()
        mine.tokens = min(float(limit), mine.tokens + (now - mine.filled) * limit)
        mine.filled = now
        if mine.tokens < 1.0:
            wait = (1.0 - mine.tokens) / limit
            raise _used_up(f"{limit} commands per second are the most that one address may send.", wait)
        mine.tokens -= 1.0

    @contextmanager
    def socket(self) -> Iterator[None]:
        """A socket of the present visitor, for as long as the block lasts. Problem 429 when there are too many."""
        mine = self._of(visitor.get())
        if mine.sockets >= self._limits.sockets:
            raise _used_up(f"{mine.sockets} sockets are open from this address, the most that one may have.", 10.0)
        mine.sockets += 1
        try:
            yield
        finally:
            mine.sockets -= 1

    def ask(self) -> None:
        """Problem 429 when the present visitor has all the sessions and pairs that one may have.

        What nobody has watched or driven for ten minutes is not counted: it goes as soon as somebody needs its place.
        """
        if not visitor.get():
            return
        mine, now = self._of(visitor.get()), time.monotonic()  # the clock that owners are touched by
        mine.owners = [owner for owner in mine.owners if not owner.over]
        ages = [0.0 if owner.watched else now - owner.touched for owner in mine.owners]
        fresh = [age for age in ages if age < _FORGOTTEN]
        if len(fresh) >= self._limits.sessions:
            said = f"{len(fresh)} sessions of this address are in use, the most that one may have. End one of them."
            raise _used_up(said, _FORGOTTEN - max(fresh))

    def note(self, owner: Owner) -> None:
        """The present visitor has made *owner*."""
        if visitor.get():
            self._of(visitor.get()).owners.append(owner)

    def _of(self, name: str) -> _Visitor:
        known = self._visitors.pop(name, None)
        if known is None:
            self._forget_some()
            known = _Visitor(float(self._limits.commands_per_second), self._clock())
        self._visitors[name] = known  # last: who came last is forgotten last
        return known

    def _forget_some(self) -> None:
        """Once there are too many, half of those who hold nothing: one at a time would cost a search each."""
        if len(self._visitors) < _MOST_VISITORS:
            return
        idle = [name for name, one in self._visitors.items() if not one.holds_something]
        for name in idle[: len(idle) // 2 + 1]:
            del self._visitors[name]


def _used_up(detail: str, wait: float) -> Problem:
    return Problem(429, "More than one visitor's share", detail, retry_after=max(1, math.ceil(wait)))
