"""What two machines made of one stimulus, interrupt by interrupt: the n-th of one beside the n-th of the other."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.commands.command import Stimulus
from app.engine.work import Work
from app.pair.accounts import Interrupt, Stretch
from app.x86.icr import DeliveryMode

Names = Mapping[int, str]


class AlignedInterrupt(NamedTuple):
    """One interrupt on both sides; None where it did not happen. ``differences`` are sentences."""

    a: Interrupt | None
    b: Interrupt | None
    differences: tuple[str, ...]

    @property
    def either(self) -> Interrupt:
        """The one of A; of B, when A has none."""
        one = self.a or self.b
        assert one is not None
        return one


@dataclass(frozen=True, slots=True)
class AlignedStimulus:
    """One stimulus on both sides."""

    number: int
    commands: tuple[Stimulus, ...]
    interrupts: tuple[AlignedInterrupt, ...]
    rest: tuple[Work, Work]
    total: tuple[Work, Work]
    #: What differs between the two orders in which handlers began, over all of its interrupts.
    differences: tuple[str, ...]
    #: Why A, and why B, did not do all of it; empty where it did.
    reasons: tuple[str, str] = ("", "")

    @property
    def same(self) -> bool:
        """Nothing at all differs."""
        return (
            self.total[0] == self.total[1] and not self.differences and not any(i.differences for i in self.interrupts)
        )


class _Named(NamedTuple):
    interrupt: Interrupt
    name: str


#: By what two interrupts are the same, the strictest first: kernels number their vectors differently, so a name counts
#: before a number; a kernel without an APIC knows the same names as ports.
_SAMENESS: tuple[Callable[[_Named], Hashable], ...] = (
    lambda one: (_sender(one.interrupt), one.name, _kind(one.interrupt), _targets(one)),
    lambda one: (_sender(one.interrupt), one.interrupt.vector, _kind(one.interrupt), _targets(one)),
    lambda one: (_sender(one.interrupt), _kind(one.interrupt), _targets(one)),
    lambda one: (_sender(one.interrupt), one.name, _kind(one.interrupt)),
    lambda one: (_sender(one.interrupt), _kind(one.interrupt)),
)


def _targets(one: _Named) -> tuple[int, ...]:
    return tuple(sorted(one.interrupt.targets))


def _sender(interrupt: Interrupt) -> Hashable:
    return ("cpu" if interrupt.from_cpu else interrupt.origin.value, interrupt.source)


def _kind(interrupt: Interrupt) -> DeliveryMode:
    """Lowest priority and fixed are one kind: who is chosen is told by the targets."""
    mode = interrupt.delivery_mode
    return DeliveryMode.FIXED if mode is DeliveryMode.LOWEST_PRIORITY else mode


def align(
    commands: tuple[Stimulus, ...],
    a: Stretch,
    b: Stretch,
    names_a: Names,
    names_b: Names,
    reasons: tuple[str, str] = ("", ""),
) -> AlignedStimulus:
    """*a* and *b*, which are what two machines made of *commands*; *names_a* and *names_b* are what the
    two kernels call vectors, *reasons* why they did not do all of it."""
    left = [_Named(one, names_a.get(one.vector, f"{one.vector:#04x}")) for one in a.interrupts]
    right = [_Named(one, names_b.get(one.vector, f"{one.vector:#04x}")) for one in b.interrupts]
    partner: dict[Interrupt, Interrupt] = {}
    for same in _SAMENESS:
        _match(left, right, same, partner)
    rows = []
    for one in a.interrupts:
        other = partner.get(one)
        rows.append(AlignedInterrupt(one, other, differences(one, other)))
    taken = set(partner.values())
    for other in b.interrupts:
        if other not in taken:
            rows.append(AlignedInterrupt(None, other, differences(None, other)))
    order = () if any(row.differences for row in rows) else _order_over_all(a, b, partner)
    return AlignedStimulus(a.number, commands, tuple(rows), (a.rest, b.rest), (a.total, b.total), order, reasons)


def _match(
    left: list[_Named], right: list[_Named], same: Callable[[_Named], Hashable], partner: dict[Interrupt, Interrupt]
) -> None:
    """Pairs those that are the *same*, the n-th with the n-th, and takes them off both lists."""
    candidates: defaultdict[Hashable, deque[_Named]] = defaultdict(deque)
    for one in right:
        candidates[same(one)].append(one)
    alone = []
    for one in left:
        others = candidates[same(one)]
        if others:
            partner[one.interrupt] = others.popleft().interrupt
        else:
            alone.append(one)
    taken = set(partner.values())
    left[:], right[:] = alone, [one for one in right if one.interrupt not in taken]


def _order_over_all(a: Stretch, b: Stretch, partner: dict[Interrupt, Interrupt]) -> tuple[str, ...]:
    """Whether handlers of different interrupts began in another order."""
    ours = _handlers([partner.get(one, one) for one in a.interrupts], a.interrupts)
    theirs = _handlers(b.interrupts, b.interrupts)
    if [(cpu, owner) for _, cpu, owner in ours] == [(cpu, owner) for _, cpu, owner in theirs]:
        return ()
    return ("B: handlers of different interrupts begin in another order",)


def _handlers(owners: list[Interrupt], interrupts: list[Interrupt]) -> list[tuple[int, int, int]]:
    return sorted(
        (handled.time, handled.cpu, id(owner))
        for owner, one in zip(owners, interrupts, strict=True)
        for handled in one.handled
    )


def differences(a: Interrupt | None, b: Interrupt | None) -> tuple[str, ...]:
    """What differs between the two, in words; cycles and latency are numbers beside each other and need none."""
    if a is None or b is None:
        return (f"only in {'B' if a is None else 'A'}",)
    found = [
        _crossings(a.total, b.total),
        _counted("access", "accesses", a.total.accesses, b.total.accesses),
        _counted("message", "messages", a.messages, b.messages),
        "" if a.vector == b.vector else f"B: vector {b.vector:#04x} instead of {a.vector:#04x}",
        ""
        if sorted(a.targets) == sorted(b.targets)
        else f"B: reaches {_cpus(b.targets)} instead of {_cpus(a.targets)}",
        _order(a, b),
        _lost("merged with one that was pending", a.merged, b.merged),
        _lost("dropped", a.refused, b.refused),
    ]
    return tuple(words for words in found if words)


def _crossings(a: Work, b: Work) -> str:
    """ "B: 1 hypercall instead of 3 exits"."""
    if (a.exits, a.hypercalls) == (b.exits, b.hypercalls):
        return ""
    return f"B: {crossing_words(b)} instead of {crossing_words(a)}"


def crossing_words(work: Work) -> str:
    """ "3 exits and 1 hypercall", or "no exit"."""
    traps = work.exits - work.hypercalls
    words = [_number(traps, "exit", "exits")] if traps else []
    words += [_number(work.hypercalls, "hypercall", "hypercalls")] if work.hypercalls else []
    return " and ".join(words) or "no exit"


def _counted(one: str, many: str, a: int, b: int) -> str:
    return "" if a == b else f"B: {_number(b, one, many)} instead of {a or 'none'}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count or 'no'} {one if count in (0, 1) else many}"


def _order(a: Interrupt, b: Interrupt) -> str:
    ours, theirs = ([handled.cpu for handled in one.handled] for one in (a, b))
    if ours == theirs:
        return ""
    if sorted(ours) != sorted(theirs):
        return f"B: handled by {_cpus(theirs)} instead of {_cpus(ours)}"
    first = next(index for index, cpu in enumerate(ours) if theirs[index] != cpu)
    return f"handler order differs: in B, CPU {theirs[first]} before CPU {ours[first]}"


def _lost(what: str, a: list[int], b: list[int]) -> str:
    return "" if sorted(a) == sorted(b) else f"{what}: in A {_cpus(a)}, in B {_cpus(b)}"


def _cpus(cpus: list[int]) -> str:
    listed = ", ".join(map(str, sorted(cpus)))
    return f"CPU{'' if len(cpus) == 1 else 's'} {listed}" if cpus else "no CPU"
