"""What a session shows of itself, beside its machine: types of the state."""

from typing import Annotated, Literal, TypedDict


class UnderWayState(TypedDict):
    """A step, a run until idle or to a condition, or a way to another moment that takes long."""

    command: Annotated[str, Literal["step", "run_until_idle", "run_to", "seek", "switch_branch"]]
    operations: int
    words: str


class SleepState(TypedDict):
    """It sleeps, or slept until just now."""

    asleep: bool
    words: str


class ThrottledState(TypedDict):
    """It does not get the time that it wants."""

    share: float
    words: str


class KeptState(TypedDict):
    """What there is to say of how the session is kept."""

    #: False while nothing can be kept, and what would change the session is refused.
    open: bool
    words: str


class ScoreState(TypedDict):
    """What the page need not ask for again as long as it stays as it is."""

    #: How often a flag has come or gone. Flags do not belong to the moment that is shown, but to the session.
    flags: int


class BreakpointState(TypedDict):
    """A condition at which running stops by itself."""

    breakpoint: int
    condition: str


class HitState(TypedDict):
    """The moment that is shown is one in which a condition has come true."""

    condition: str
    tick: int
    time: int
    words: str
    why: str


class BreakpointsState(TypedDict):
    """Where a session stops by itself, and the hit that is shown."""

    held: list[BreakpointState]
    hit: HitState | None
