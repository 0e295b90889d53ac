"""What the store keeps: plain values, which come back exactly as they went in.

The store knows nothing of the model: set-ups, commands, answers and views are JSON text to it, states are bytes. A
*tick* is one thing that happens in a session (``engine/journal``), a *time* is virtual, in TSC cycles; both are below
2**63. Times of the day (``made``, ``used``, ``ended``, ``removed``, ``at``) are seconds since 1970, as ``time.time``
gives them.
"""

from typing import Literal, NamedTuple


class KeptSession(NamedTuple):
    """What a session began as. ``owner``, ``used``, ``ended`` and ``place`` may change later, the rest never."""

    id: str
    #: The hash of a secret that its owner holds; the secret itself is never given to the store.
    owner: str
    #: JSON: what the machine was when it began.
    setup: str
    #: Of the program that made it.
    version: str
    made: float
    #: When somebody last did or watched something in it.
    used: float
    #: None as long as it lives. Only what has ended is ever forgotten to make room.
    ended: float | None = None
    #: JSON: which moment was shown last, and how.
    place: str = "{}"


class KeptBranch(NamedTuple):
    """One course of a session. ``name``, ``head`` and ``time`` may change later, and ``head`` only grows."""

    session: str
    #: Its number within the session; the first is 0.
    branch: int
    name: str
    #: The branch that it leaves, with the last tick that both share; None and 0 for the first.
    parent: int | None
    leaves_at: int
    #: The last tick that the branch is known to have reached, and the virtual time then. When read, a command or
    #: a linked moment beyond it counts, too: nobody need keep the branch with each of them.
    head: int
    time: int


class KeptCommand(NamedTuple):
    """An entry of a branch's journal. It never changes."""

    session: str
    branch: int
    #: From 0 in each branch, without a gap: the store refuses the next but one.
    number: int
    #: The ticks before it. The command is itself one, so that the next has a larger number.
    tick: int
    time: int
    who: str
    #: JSON: the command.
    body: str
    #: The ``Idempotency-Key`` it came with, which no other command of the session has; None without one.
    key: str | None = None
    #: JSON: what was answered, to be answered again to whoever repeats the key.
    answer: str = ""


class KeptKeyframe(NamedTuple):
    """A state from which to run on, instead of from the beginning: a cache. A later one in its place replaces it."""

    session: str
    branch: int
    tick: int
    time: int
    #: Of the program whose state this is, and the fingerprint of its model. Another program has no use for it.
    version: str
    fingerprint: str
    #: Of all events up to here, so that a replay can tell whether it goes the same way.
    event_hash: str
    #: The zipped record.
    record: bytes


class KeptMoment(NamedTuple):
    """A moment that has a link. ``note`` and ``view`` may change later."""

    link: str
    session: str
    branch: int
    tick: int
    time: int
    made: float
    note: str
    #: JSON: what the page showed.
    view: str = "{}"


class KeptFlag(NamedTuple):
    """A word that somebody put at a linked moment, for all who watch the session. ``removed`` may change later."""

    session: str
    #: Its number within the session, from 0; none has it a second time.
    flag: int
    #: Of its moment, whose link stays when the flag is removed.
    link: str
    word: str
    who: str
    #: When somebody took it away; None as long as it stands.
    removed: float | None = None


Kept = KeptSession | KeptBranch | KeptCommand | KeptKeyframe | KeptMoment | KeptFlag


class Listed(NamedTuple):
    """One line of the list of what is kept."""

    session: KeptSession
    #: Bytes of its texts and records; the database's own bookkeeping comes on top.
    bytes: int
    commands: int
    #: Its moments' links, oldest first.
    links: tuple[str, ...]
    #: True where what is written here is not what was kept: the file has been damaged.
    damaged: bool


class EventHash(NamedTuple):
    """What a keyframe says about the way to it; with whose program it was computed."""

    tick: int
    version: str
    event_hash: str


class Gone(NamedTuple):
    """What became of a session or a link that is no longer kept."""

    #: The session's id or the moment's link.
    name: str
    at: float
    why: Literal["budget", "deleted"]


class Forgotten(NamedTuple):
    """What had to go to make room, in the order of going. Nothing else has."""

    keyframes: int
    sessions: tuple[str, ...]
    #: The links of those sessions, which lead to nothing now.
    links: tuple[str, ...]
    bytes_before: int
    bytes_after: int
    budget: int

    @property
    def enough(self) -> bool:
        """Whether what is left keeps to the budget. Otherwise it lives, or has links, and was not to go."""
        return self.bytes_after <= self.budget
