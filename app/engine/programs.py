"""Guest and host code as programs: what it comes to by which replies is remembered, and its generator runs only where
nobody has been before.

Such code knows its arguments and the replies to what it yields alone (``guest/asks``). So the places that it comes to
are a tree: from each, every reply leads to one other. A frame stands at such a *point*, and goes on by a look into a
table; the generator is needed once a point; for the chain of functions that it is suspended in, when somebody asks.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from types import CodeType, FrameType, GeneratorType
from typing import Any, NamedTuple

from app.guest.answers import ANSWERS
from app.guest.asks import Again, Ask, Loop
from app.guest.steps import Step, Steps

#: What a generator was sent: None, which starts it, and the answers to what it yielded. At the head of a loop without
#: bound, which gets no answer worth one, the name of the loop.
Reply = int | str | None
Code = Steps[Any]

#: What the head of a loop gets when the loop goes round again.
_AGAIN = 0
_GUEST_ROOM = "app.guest."
#: So many points of all programs are kept, half a kilobyte each; then all begin anew.
_MOST = 30_000


class Function(NamedTuple):
    """One of the functions that some code is suspended in. *of_guest*: it is of the guest's kernel, not of this
    model."""

    code: CodeType
    of_guest: bool


_function = lru_cache(4096)(Function)


class Programs:
    """Those of one simulation, each by what it runs."""

    STATE = ()
    WIRES = ("_known", "points")
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """What code does depends on something that is another than before. Who runs goes on as it has begun."""
        self._known: dict[Hashable, Point] = {}
        #: How many were made since.
        self.points = 0

    def beginning(self, key: Hashable, make: Callable[[], Code]) -> "Point":
        """Where the code that *make* makes, and *key* names, begins."""
        if self.points >= _MOST:
            self.forget()
        begins = self._known.get(key)
        if begins is None:
            begins = self._known[key] = Program(make, self).begins
        return begins


class Program:
    """The code that *make* makes, one time like the other, as far as anybody came with it. *first* was made already."""

    STATE = ()
    WIRES = ("_generator", "_make", "_programs", "_stands", "begins")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, make: Callable[[], Code], programs: Programs, first: Code | None = None) -> None:
        self._make = make
        self._programs = programs
        #: A generator, and where it stands: whoever goes on from there to where nobody has been takes that.
        self._generator: Code = first or make()
        self.begins = Point(self)
        self._stands: Point | None = self.begins

    def grow(self, point: "Point", reply: Reply) -> "Point":
        """Where *reply* leads to from *point*, from where nobody has gone that way so far."""
        generator = self._generator if self._stands is point else self._come_again(point)
        self._stands = None  # should the code fail
        self._programs.points += 1
        try:
            yielded, heads = _send(generator, reply)
            if type(yielded) is Again:
                following = self._at_head(generator, *point.head_of(yielded.name))
            else:
                following = Point(self, point, (reply, *heads), yielded)
        except StopIteration as stop:
            following = Point(self, point, (reply,))
            following.ended, following.result = True, stop.value
        point.after[reply] = following
        self._generator, self._stands = generator, following
        return following

    def _at_head(self, generator: Code, point: "Point", reached: tuple[Reply, ...]) -> "Point":
        """The head of a loop, to which *generator* goes back: *point*, if that was *reached* so."""
        yielded, heads = _send(generator, _AGAIN)
        reached = (*reached, *heads)
        if reached != point.reached:  # whoever came to the point by many replies at once has passed the head
            return Point(self, point.before, reached, yielded)
        assert yielded == point.yielded, f"a round that begins at {yielded}, not at {point.yielded}"
        return point

    def come_to(self, replies: list[Reply]) -> "Point":
        """Where *replies* lead to from the beginning, with no points in between. StopIteration when the code ends
        sooner."""
        if not replies:
            return self.begins
        generator, yielded = self._make(), None
        for reply in replies:
            yielded = generator.send(reply)  # type: ignore[arg-type]  # None starts it
        self._generator, self._stands = generator, Point(self, None, tuple(replies), yielded)
        return self._stands

    def functions_at(self, point: "Point") -> "tuple[Function, ...]":
        """The functions that are suspended at *point*, outermost first."""
        if self._stands is not point:
            self._generator, self._stands = self._come_again(point), point
        return _functions(self._generator)

    def _come_again(self, point: "Point") -> Code:
        """A generator that stands at *point*."""
        generator = self._make()
        for reply in point.replies:
            generator.send(reply)  # type: ignore[arg-type]  # None starts it
        return generator


class Point:
    """Where code stands: at a step or an ask, at its end, or, before it has begun, at nothing."""

    #: A record keeps ``replies`` and ``yielded`` (``engine/codec``), and makes the rest anew.
    STATE = ()
    WIRES = ("_functions", "after", "asks", "before", "ended", "program", "reached", "result", "taken_over", "yielded")
    __slots__ = (*STATE, *WIRES)

    def __init__(
        self,
        program: Program | None,
        before: "Point | None" = None,
        reached: tuple[Reply, ...] = (),
        yielded: Any = None,
    ) -> None:
        """*reached* by these replies, from *before* or, without that, from the beginning."""
        self.program = program
        self.before = before
        self.reached = reached
        #: The step, or the ask, at which it stands.
        self.yielded = yielded
        self.asks = type(yielded) in ANSWERS
        self._functions: tuple[Function, ...] | None = None
        #: The points that replies have led to from here.
        self.after: dict[Reply, Point] = {}
        self.ended = False
        #: What the code gives at its end.
        self.result: int | None = None
        #: Where that begins which the hypervisor does instead of this step; None when the guest does it undisturbed;
        #: NOT_ASKED as long as nobody has asked the hypervisor.
        self.taken_over: Point | None = NOT_ASKED

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions that are suspended here, outermost first: looked for when somebody asks first."""
        if self._functions is None:
            self._functions = () if self.program is None or self.ended else self.program.functions_at(self)
        return self._functions

    @property
    def replies(self) -> list[Reply]:
        """All that the code was sent."""
        parts = []
        point: Point | None = self
        while point is not None:
            parts.append(point.reached)
            point = point.before
        return [reply for part in reversed(parts) for reply in part]

    def on(self, reply: Reply) -> "Point":
        """Where *reply* leads to, for the first time."""
        assert self.program is not None, "a record's point has no code yet"
        return self.program.grow(self, reply)

    def head_of(self, loop: str) -> "tuple[Point, tuple[Reply, ...]]":
        """The point at, or behind, the head of the innermost loop of that name, and by which of its replies that head
        was reached."""
        point = self
        while loop not in point.reached:
            assert point.before is not None, f"no loop {loop} has begun"
            point = point.before
        behind = point.reached[::-1].index(loop)
        return point, point.reached[: len(point.reached) - behind]


#: See ``Point.taken_over``.
NOT_ASKED: Any = object()


class Once(Point):
    """Where code stands that runs one time only: one point for all of its way, of which nothing is kept. To remember
    it would cost some three times what it takes to run it."""

    __slots__ = ("_generator",)

    def __init__(self, generator: Code) -> None:
        super().__init__(None)
        self._generator = generator

    def on(self, reply: Reply) -> Point:
        """The same, where *reply* leads to."""
        self.taken_over = NOT_ASKED
        try:
            self.yielded, _ = _send(self._generator, reply)
            if type(self.yielded) is Again:
                self.yielded, _ = _send(self._generator, _AGAIN)
            self.asks = type(self.yielded) in ANSWERS
        except StopIteration as stop:
            self.ended, self.result, self.asks = True, stop.value, False
        return self

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions that are suspended now, outermost first."""
        return _functions(self._generator)


def _send(generator: Code, reply: Reply) -> tuple[Step | Ask, list[str]]:
    """What *generator* yields to *reply*, and the names of the loops whose heads it passes on the way."""
    heads: list[str] = []
    yielded = generator.send(reply)  # type: ignore[arg-type]  # None starts it
    while type(yielded) is Loop:
        heads.append(yielded.name)
        yielded = generator.send(yielded.name)  # type: ignore[arg-type]  # nobody looks at it
    return yielded, heads


def _functions(generator: object) -> tuple[Function, ...]:
    """The functions of the generators that *generator* delegates to, its own first."""
    found = []
    while isinstance(generator, GeneratorType):
        found.append(_function(generator.gi_code, _is_of_guest(generator.gi_frame)))
        generator = generator.gi_yieldfrom
    return tuple(found)


def _is_of_guest(frame: FrameType | None) -> bool:
    return frame is not None and str(frame.f_globals.get("__name__", "")).startswith(_GUEST_ROOM)
