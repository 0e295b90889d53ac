"""What a recording comes to when a machine does it again (A/B) and when its census is priced (``compare``).

The two count different things, so they are held against each other part by part. A/B does IPIs and devices' interrupts
again, one at a time, on CPUs that halt; ``compare`` counts all that was recorded, timers and set-up too, and no HLT.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import pytest

from app.backends.backend import Backend
from app.backends.catalogue import BACKENDS
from app.backends.catalogue import backend as backend_of
from app.costs.sheet import load_cost_sheet
from app.engine.events import GuestExited
from app.engine.work import Work
from app.guest.generations import GENERATIONS
from app.guest.steps import EmulatedRead, EmulatedWrite, Load, Store, VirtualRead, VirtualWrite
from app.hw.cpu import Arrival
from app.measure.recosting import RecordedPrices
from app.pair.accounts import Interrupt
from app.pair.lock_step import Side
from app.pair.recorded_script import Machine, recorded_script
from app.pair.watched import WatchedSimulation
from app.trace.check.census import Accessed, Census, CensusTaker, Ended, Sent
from app.trace.check.replay import Replay
from app.trace.operations import Recording
from app.trace.readers.registry import read_recording
from app.x86.icr import DeliveryMode, Shorthand
from app.x86.registers import Register
from tests.cli.commands import ROOT
from tests.engine.runs import counts

pytestmark = pytest.mark.slow

SHEET = load_cost_sheet("sapphire-rapids")
RECORDINGS = {
    "boot": ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz",
    "storm": ROOT / "tests/trace/recordings/linux-6.1-ipi-storm-4cpu.qemu.log.gz",
}
MACHINES = [
    Machine(name, kernel.name)
    for kernel in GENERATIONS.values()
    for name, definition in BACKENDS.items()
    if definition.reason_against(kernel) is None
]
WAYS = [pytest.param(name, one, id=f"{name}-{one.backend}-{one.generation}") for name in RECORDINGS for one in MACHINES]
each_way = pytest.mark.parametrize(("name", "machine"), WAYS)


class Parts(NamedTuple):
    """Accesses, exits and hypercalls."""

    accesses: int
    exits: int
    hypercalls: int

    def times(self, count: int) -> "Parts":
        return Parts(*(count * each for each in self))

    def plus(self, other: "Parts") -> "Parts":
        return Parts(*(one + another for one, another in zip(self, other, strict=True)))


class Again(NamedTuple):
    """A machine that has done a recording again."""

    sends: Parts
    #: Accesses, among those of the sends, that read delivery status once more.
    polls: int
    #: From a target's gate to the end of its handler.
    receptions: Parts
    handled: int
    #: INIT, start-up and NMI, both sides.
    special: Parts
    halts: int
    total: Parts


@lru_cache
def recorded(name: str) -> tuple[Recording, Census]:
    recording = read_recording(RECORDINGS[name].name, RECORDINGS[name].read_bytes())
    taker = CensusTaker(Replay(recording))
    taker.run(taker.replay.length)
    return recording, taker.census()


@lru_cache
def again(name: str, machine: Machine) -> Again:
    recording, _ = recorded(name)
    simulation = WatchedSimulation(recording.cpu_count, machine.backend, SHEET, generation=machine.generation)
    side = Side(simulation)
    halts = 0
    for stimulus in recorded_script(recording, machine, machine).stimuli:
        side.begin(stimulus)
        side.run(1_000_000)
        reasons = [event.reason for _, event in simulation.take_log() if isinstance(event, GuestExited)]
        halts += sum(reason in {"HLT", "SCHEDOP_block"} for reason in reasons)
    interrupts = [one for stretch in side.stretches for one in stretch.interrupts]
    special = [one for one in interrupts if one.from_cpu and one.delivery_mode is not DeliveryMode.FIXED]
    sent = [one for one in interrupts if one.from_cpu and one not in special]
    handled = [one for one in interrupts if one not in special]
    counters = simulation.counters
    return Again(
        summed(one.sending for one in sent),
        sum(map(polls_of, sent)),
        summed(one.receiving for one in handled),
        sum(len(one.handled) for one in handled),
        summed(one.total for one in special),
        halts,
        Parts(counters.accesses, counters.exits, counters.hypercalls),
    )


def summed(parts: Iterable[Work]) -> Parts:
    total = Parts(0, 0, 0)
    for part in parts:
        total = total.plus(Parts(part.accesses, part.exits, part.hypercalls))
    return total


def polls_of(interrupt: Interrupt) -> int:
    """Reads of delivery status beyond one for each write."""
    on_icr = [done.step for done in interrupt.steps if getattr(done.step, "register", None) == Register.ICR_LOW]
    reads = sum(isinstance(step, Load | EmulatedRead | VirtualRead) for step in on_icr)
    return max(0, reads - sum(isinstance(step, Store | EmulatedWrite | VirtualWrite) for step in on_icr))


def bound(machine: Machine) -> Backend:
    return backend_of(machine.backend, machine.generation, SHEET)


def priced_sends(name: str, machine: Machine) -> Parts:
    """What ``compare`` charges for the ordinary IPIs that reached somebody."""
    _, census = recorded(name)
    prices = RecordedPrices(census.cpus, bound(machine), SHEET)
    sends = {
        kind: count
        for kind, count in census.kinds.items()
        if isinstance(kind, Sent) and kind.icr.delivery_mode is DeliveryMode.FIXED and kind.targets
    }
    total = Parts(0, 0, 0)
    for kind, count in sends.items():
        total = total.plus(Parts(*counts(prices.run(kind).work)).times(count))
    # Of a shorthand the recorded poll is an access by itself.
    shorthands = sum(count for kind, count in sends.items() if kind.icr.shorthand is not Shorthand.NONE)
    poll = prices.run(Accessed(Register.ICR_LOW, write=False)).work
    return total.plus(Parts(*counts(poll)).times(shorthands))


@each_way
def test_sends_reach_for_the_apic_and_leave_as_often_done_again_as_priced(name: str, machine: Machine) -> None:
    done = again(name, machine)

    assert done.sends.plus(Parts(-done.polls, 0, 0)) == priced_sends(name, machine)
    assert done.sends != Parts(0, 0, 0)
    assert done.polls == 0 or machine.backend == "native-xapic"


@each_way
def test_each_handled_interrupt_ends_as_it_is_priced(name: str, machine: Machine) -> None:
    """A CPU that halts is alone with its interrupt, so that a shared word spares every EOI: compare prices those that
    were not spared when recorded as well."""
    backend = bound(machine)
    ended = Parts(*counts(RecordedPrices(4, backend, SHEET).run(Ended(spared=True, level=False)).work))
    back_by_call = int(backend.definition.leaving(backend.generation, Arrival.INTERRUPT) is not None)
    each = ended.plus(Parts(0, back_by_call, back_by_call))
    done = again(name, machine)

    assert done.receptions == each.times(done.handled)
    assert done.handled > 0


@each_way
def test_what_is_done_again_is_sends_ends_special_ipis_and_halts_and_nothing_else(name: str, machine: Machine) -> None:
    done = again(name, machine)
    by_call = BACKENDS[machine.backend].event_channels
    halts = Parts(0, done.halts, done.halts * by_call)

    assert done.total == done.sends.plus(done.receptions).plus(done.special).plus(halts)
