"""Simulations under each back end: the guest is the very same code, and the APICs end in the very same state.

What "the same" can mean: under load, timing decides which requests merge, so two back ends may differ. Here every
stimulus is followed until nothing is left to do, and no CPU ever has two calls of its own to run at once; then nothing
that depends on timing remains, and state and deliveries must be equal. Steps, exits and cycles differ: that is why
there are several back ends.
"""

from collections import Counter
from collections.abc import Iterator
from types import CodeType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import (
    ConfigurePin,
    FireLocalSource,
    LowerLint,
    LowerPin,
    RaiseLegacyLine,
    RaiseLint,
    RaisePin,
    SendMsi,
)
from app.commands.machine import SetBackend, SetInterruptFlag
from app.commands.registers import WriteCr8, WriteRegister
from app.engine.events import HandlerEntered, HandlerReturned
from app.engine.simulation import Simulation
from app.guest.generations import GUEST_FUNCTIONS
from app.hw.events import Accepted, Merged, MessageSent, Refused
from app.hw.messages import InterruptMessage
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.registers import Register
from tests.engine.runs import NAMES, finish, happened, ipi, signal, under_every_backend

CPUS = 4
CPU = st.integers(0, CPUS - 1)
VECTOR = st.sampled_from([0x05, 0x31, 0x41, 0x42, 0x51, 0xEF, 0xFC, 0xFD, 0xFE, 0xFF])


# The guest is the same code
#: What leaves every CPU as it was.
IPI_FUNCTIONS = tuple(name for name in GUEST_FUNCTIONS if name != "do_boot_cpu")


def running_code(simulation: Simulation) -> Iterator[CodeType]:
    """The code objects of every generator on every CPU's stack, as far as they belong to the guest."""
    for processor in simulation.processors:
        for frame in processor.frames:
            yield from (code for code in frame.functions() if "/app/guest/" in code.co_filename)


def guest_code_of(backend: str) -> set[CodeType]:
    """All guest code that runs when every function is called once, and some devices are served."""
    simulation = Simulation(9, backend)
    simulation.apply(ConfigurePin(3, 1 << 56 | 0x8051))
    work: list[Stimulus] = [CallGuest(cpu, function) for cpu, function in enumerate(IPI_FUNCTIONS)]
    work += [
        RaisePin(3),
        LowerPin(3),
        ipi(8, 2, 0x42),
        ipi(8, 3, 0, DeliveryMode.NMI),
        signal(6, DeliveryMode.SMI),
        ipi(8, 4, 5),
        ipi(8, 5, 0xFF),
    ]
    for command in work:
        simulation.apply(command)
    seen: set[CodeType] = set()
    while simulation.run(operations=1):
        seen.update(running_code(simulation))
    return seen


def test_guest_code_is_the_very_same_object_under_every_back_end() -> None:
    native, trapped, vmi = (guest_code_of(name) for name in NAMES)

    assert len(native) > 20
    assert trapped == native
    assert {code.co_name for code in native - vmi} == {"native_apic_read", "native_apic_write"}
    assert vmi < native


# The APICs end in the same state


@st.composite
def rounds(draw: st.DrawFn) -> list[list[Stimulus]]:
    """Stimuli that are applied together. Calls that wait for others come only while no CPU is held."""
    held: set[int] = set()
    return [draw(one_round(held)) for _ in range(draw(st.integers(1, 12)))]


@st.composite
def one_round(draw: st.DrawFn, held: set[int]) -> list[Stimulus]:
    cpu = draw(CPU)
    kinds = ["ipi", "msi", "pin", "nmi", "smi", "lint", "8259", "source", "cr8", "hold", "call", "call", "reboot"]
    match draw(st.sampled_from(kinds)):
        case "ipi":
            mode = draw(st.sampled_from([DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DeliveryMode.SMI]))
            shorthand = draw(st.sampled_from(Shorthand))
            logical = draw(st.sampled_from(DestinationMode))
            return [SendIpi(cpu, Icr(draw(VECTOR), mode, logical, shorthand, draw(st.integers(0, 15))))]
        case "msi":
            return [SendMsi(0xFEE0_0000 | draw(CPU) << 12, draw(VECTOR))]
        case "pin":
            level = draw(st.booleans())
            entry = (1 << 56 + cpu) | 0x800 | level << 15 | draw(VECTOR)
            return [ConfigurePin(cpu, entry), RaisePin(cpu), LowerPin(cpu)]
        case "nmi":
            return [ipi(cpu, draw(CPU), 0, DeliveryMode.NMI)]
        case "smi" | "lint" | "8259" | "source" | "cr8" as kind:
            return draw(past_the_guest(kind, cpu))
        case "hold":
            held ^= {cpu}
            return [SetInterruptFlag(cpu, cpu not in held)]
        case "reboot" if not held and cpu:
            return [ipi(0, cpu, 0, DeliveryMode.INIT)]
        case _ if not held:
            return [CallGuest(cpu, draw(st.sampled_from(IPI_FUNCTIONS)), target=draw(CPU))]
        case _:
            return []


@st.composite
def past_the_guest(draw: st.DrawFn, kind: str, cpu: int) -> list[Stimulus]:
    match kind:
        case "smi":
            return [signal(cpu, DeliveryMode.SMI)]
        case "lint":
            return [RaiseLint(cpu, 1), LowerLint(cpu, 1)]
        case "8259":
            return [WriteRegister(0, Register.LVT_LINT0, 0x700), RaiseLegacyLine(draw(st.sampled_from([1, 3, 8])))]
        case "source":
            entry = draw(VECTOR | st.sampled_from([DeliveryMode.NMI << 8, DeliveryMode.SMI << 8]))
            return [WriteRegister(cpu, Register.LVT_THERMAL, entry), FireLocalSource(cpu, Register.LVT_THERMAL)]
        case _:
            return [WriteCr8(cpu, draw(st.integers(0, 14)))]  # what calls need is of class f and still comes in


def apic_state(simulation: Simulation) -> list[tuple[object, ...]]:
    return [
        (
            *(apic.irr.bits, apic.isr.bits, apic.tmr.bits, *apic.coalesced.items()),
            *(apic.tpr, apic.ppr, apic.icr, apic.svr, apic.esr, apic.esr_pending, apic.ldr, apic.dfr),
            *(sorted(apic.lvt.items()), apic.sends_in_flight),
            *(cpu.run_state, cpu.interrupt_flag, cpu.nmi_count, cpu.nmi_pending, cpu.starts),
            *(cpu.smi_pending, cpu.in_smm, cpu.external_pending, tuple(apic.lint_lines)),
        )
        for cpu, apic in ((cpu, cpu.apic) for cpu in simulation.machine.cpus)
    ]


def played(backend: str, plan: list[list[Stimulus]]) -> tuple[list[Counter[tuple[int, int]]], list[object], list[int]]:
    """Deliveries of each round, the machine at the end, and what was counted that must not depend on the back end."""
    simulation = Simulation(CPUS, backend)
    deliveries = []
    for stimuli in plan:
        log = finish(simulation, *stimuli)
        if any(isinstance(c, SendIpi) and c.icr.delivery_mode is DeliveryMode.INIT for c in stimuli):
            target = next(c.icr.destination for c in stimuli if isinstance(c, SendIpi))
            log += finish(simulation, ipi(0, target, 0x9A, DeliveryMode.STARTUP))
        deliveries.append(Counter((event.cpu, event.vector) for event in happened(log, HandlerEntered)))
    counters = simulation.counters
    state: list[object] = [*apic_state(simulation), *simulation.machine.io_apic.entries]
    return deliveries, state, [counters.accesses, counters.messages, counters.accepted, counters.merged, counters.eois]


@given(rounds())
def test_every_back_end_delivers_the_same_and_leaves_the_same_state(plan: list[list[Stimulus]]) -> None:
    native, trapped, vmi = (played(name, plan) for name in NAMES)

    assert trapped == native
    assert vmi == native


def test_only_steps_exits_and_cycles_differ() -> None:
    costs = {}
    for name in NAMES:
        simulation = Simulation(CPUS, name)
        finish(simulation, CallGuest(0, "smp_call_function"))
        costs[name] = (simulation.counters.exits, simulation.counters.hypercalls, simulation.counters.cycles)

    assert costs["native-xapic"][:2] == (0, 0)
    assert costs["native-xapic"][2] < costs["vmi"][2] < costs["trap-emulate"][2]
    assert costs["vmi"][0] == costs["trap-emulate"][0]


# Swapping back ends under load

SENDS = [
    *(CallGuest(cpu, "smp_call_function") for cpu in range(CPUS)),
    *(CallGuest(cpu, "flush_tlb_others") for cpu in range(CPUS)),
    *(CallGuest(cpu, "send_ipi_allbutself", vector=0x41) for cpu in range(CPUS)),
]


@given(st.permutations(SENDS), st.lists(st.tuples(st.integers(1, 60), st.sampled_from(NAMES)), min_size=1, max_size=12))
def test_swapping_the_back_end_under_load_loses_and_doubles_nothing(
    calls: list[Stimulus], swaps: list[tuple[int, str]]
) -> None:
    simulation = Simulation(CPUS)
    for call in calls:
        simulation.apply(call)

    for operations, name in swaps:
        simulation.run(operations=operations)
        simulation.apply(SetBackend(name))
        simulation.check()
    log = finish(simulation)

    sent = [event.message for event in happened(log, MessageSent) if isinstance(event.message, InterruptMessage)]
    ended = Counter(event.message for _, event in log if isinstance(event, Accepted | Merged | Refused))
    assert sum(not message.part for message in sent) == len(SENDS)
    assert ended == {message.number: CPUS - 1 if message.part is None else 1 for message in sent}
    assert ended.total() == len(SENDS) * (CPUS - 1)
    assert len(happened(log, HandlerEntered)) == len(happened(log, HandlerReturned))
    for processor in simulation.processors:
        apic = processor.cpu.apic
        assert (processor.frames, list(apic.irr), list(apic.isr)) == ([], [], [])


@under_every_backend
@pytest.mark.parametrize("other", NAMES)
def test_what_is_under_way_ends_as_it_began(backend: str, other: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(CallGuest(0, "smp_send_reschedule", target=1))
    simulation.run(operations=1)

    simulation.apply(SetBackend(other))
    simulation.run(operations=1)

    assert simulation.backend == other
    assert {frame.backend.name for frame in simulation.processors[0].frames} == {backend}
    finish(simulation)
