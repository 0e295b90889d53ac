"""What a session counts, and that an access by itself (``engine/alone``) comes to the same."""

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.commands.machine import SetInterruptFlag
from app.costs.sheet import load_cost_sheet
from app.engine.alone import access_cost
from app.engine.counters import Counters
from app.engine.events import Event, HandlerReturned
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.hw.events import (
    Acknowledged,
    ExternalAcknowledged,
    InterruptEnded,
    NmiTaken,
    SmiTaken,
    SpuriousDelivered,
)
from app.x86.registers import Register
from app.x86.units import Vector
from tests.engine.runs import finish, ipi, under_every_backend

CYCLES = load_cost_sheet("2007").cycles


def counted(backend: str, cpus: int, call: CallGuest) -> Counters:
    simulation = Simulation(cpus, backend)
    finish(simulation, call)
    return simulation.counters


def test_event_adds_to_the_counter_of_its_kind_and_to_no_other() -> None:
    counters = Counters()

    for event in (InterruptEnded(0, Vector(0x51)), InterruptEnded(1, Vector(0x51)), HandlerReturned(0, 0x51)):
        counters.count(event, 0)

    assert counters.as_dict() == dict.fromkeys(Counters().as_dict(), 0) | {"eois": 2}


@pytest.mark.parametrize(
    ("event", "taken"),
    [
        (Acknowledged(0, Vector(0x51)), 1),
        (ExternalAcknowledged(0, Vector(0x21)), 1),
        (NmiTaken(0), 1),
        (SmiTaken(0), 0),
        (SpuriousDelivered(0, Vector(0xFF)), 0),
    ],
    ids=lambda parameter: type(parameter).__name__,
)
def test_what_the_guest_s_handlers_serve_is_an_interrupt_taken(event: Event, taken: int) -> None:
    counters = Counters()

    counters.count(event, 0)

    assert counters.interrupts_taken == taken


def test_rate_of_a_cpu_is_what_it_took_of_late_and_fades_with_time() -> None:
    counters = Counters()
    for time in (100, 5_000, 9_999):
        counters.count(NmiTaken(1), time)
    assert counters.rates(2, 9_999) == [0, 3]
    counters.count(NmiTaken(1), 12_500)

    # Of the three of the first period half still count in the middle of the second one.
    later = (12_500, 15_000, 19_999, 25_000, 30_000)
    assert [counters.rates(2, time)[1] for time in later] == [3, 3, 1, 1, 0]


@under_every_backend
def test_a_booted_machine_has_counted_nothing(backend: str) -> None:
    assert Simulation(3, backend).counters == Counters()


@pytest.mark.parametrize(
    ("backend", "exits", "hypercalls"), [("native-xapic", 0, 0), ("trap-emulate", 6, 0), ("vmi", 6, 4)]
)
def test_reschedule_is_three_accesses_and_an_eoi(backend: str, exits: int, hypercalls: int) -> None:
    counters = counted(backend, 2, CallGuest(0, "smp_send_reschedule", target=1))

    # Beside the accesses: both CPUs halt again. The target was halted, so it was woken without an exit.
    assert (counters.accesses, counters.exits, counters.hypercalls) == (4, exits, hypercalls)
    assert (counters.ipis_sent, counters.messages, counters.accepted) == (1, 1, 1)
    assert (counters.interrupts_taken, counters.eois) == (1, 1)


@under_every_backend
def test_running_guest_is_kicked_out_once_for_an_interrupt(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False), CallGuest(0, "flush_tlb_others"))
    before = simulation.counters.exits

    finish(simulation, SendMsi(0xFEE0_0000, 0xFC))

    # CPU 0 waits for a word inside the guest: one exit to inject the interrupt, and one for its EOI.
    assert simulation.counters.exits - before == (0 if backend == "native-xapic" else 2)


@under_every_backend
def test_merged_and_refused_are_counted(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False))

    finish(simulation, ipi(0, 1, 0x41))
    finish(simulation, ipi(0, 1, 0x41))
    finish(simulation, SendMsi(0xFEE0_1000, 0x05))

    counters = simulation.counters
    assert (counters.accepted, counters.merged, counters.refused) == (1 + 1, 1, 1)  # one is the LVT error interrupt
    assert (counters.ipis_sent, counters.messages) == (2, 3)


@pytest.mark.parametrize("backend", ["kvm-pv", "native-x2apic"])
def test_an_access_counts_whether_it_exits_or_not(backend: str) -> None:
    simulation = Simulation(2, backend, load_cost_sheet("sapphire-rapids"), generation="linux-6")
    finish(simulation, CallGuest(0, "smp_send_reschedule", target=1))

    # One WRMSR sends; under kvm-pv the EOI is a word of memory.
    assert simulation.counters.accesses == (1 if backend == "kvm-pv" else 2)


def test_cycles_are_what_the_steps_cost_and_waiting_is_free() -> None:
    counters = counted("native-xapic", 2, CallGuest(0, "smp_send_reschedule", target=1))

    interrupts_off = CYCLES["disable_interrupts"] + CYCLES["enable_interrupts"]
    send = interrupts_off + CYCLES["mmio_read"] + 2 * CYCLES["mmio_write"]
    handler = CYCLES["interrupt_entry"] + CYCLES["mmio_write"] + CYCLES["handler_reschedule"]
    assert counters.cycles == send + handler + CYCLES["interrupt_return"]


def test_waiting_for_a_cpu_that_does_not_answer_costs_nothing() -> None:
    simulation = Simulation(2)
    finish(simulation, SetInterruptFlag(1, False), CallGuest(0, "flush_tlb_others"))
    before = simulation.counters.cycles

    simulation.run(until=simulation.time + 1_000_000)

    assert simulation.counters.cycles == before


@pytest.mark.parametrize(
    ("backend", "write", "expected"),
    [
        ("native-xapic", True, Work(1, 0, 0, 100)),
        ("native-xapic", False, Work(1, 0, 0, 150)),
        ("trap-emulate", True, Work(1, 1, 0, 2030)),
        ("trap-emulate", False, Work(1, 1, 0, 2030)),
        ("vmi", True, Work(1, 1, 1, 1254)),
        ("vmi", False, Work(1, 1, 1, 1254)),
    ],
)
def test_one_access_costs_what_its_steps_cost(backend: str, write: bool, expected: Work) -> None:
    assert access_cost(backend, Register.TPR, write) == expected


def test_cost_under_an_unknown_back_end_is_an_error() -> None:
    with pytest.raises(KeyError):
        access_cost("teleport", Register.TPR, write=True)
