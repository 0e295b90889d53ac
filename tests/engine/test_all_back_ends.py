"""One kernel under every back end: whatever it is asked to do, the same interrupts arrive and the APICs end alike.

Left out of the comparison: the mode, and LDR with it, which the hardware derives from the ID in x2APIC mode; and ICR,
which holds what was sent last: a hypercall sends past it, and an x2APIC destination looks different.
"""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.engine.events import CallFinished, CallStarted, HandlerEntered
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw.events import Acknowledged
from tests.engine.runs import apic_names_under, finish, happened

MOST_CPUS = 18  # the last two are in the second x2APIC cluster
#: Legal, and none with a handler that wants somebody to have asked for something.
VECTOR = st.sampled_from([0x31, 0x41, 0x42, 0x51, 0xE1])
every_generation = pytest.mark.parametrize("generation", GENERATIONS)


class Outcome(NamedTuple):
    """What must not depend on the back end."""

    acknowledged: Counter[tuple[int, int]]
    handlers: Counter[tuple[int, str]]
    state: list[tuple[object, ...]]


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, list[Stimulus]]:
    """A number of CPUs and what is asked of them, one after the other."""
    cpus = draw(st.sampled_from([2, 4, 9, MOST_CPUS]))
    return cpus, draw(st.lists(stimuli(cpus), min_size=1, max_size=8))


def stimuli(cpus: int) -> st.SearchStrategy[Stimulus]:
    cpu = st.integers(0, cpus - 1)
    mask = st.integers(1, (1 << cpus) - 1)
    pair = st.tuples(cpu, cpu).filter(lambda two: two[0] != two[1])
    return st.one_of(
        st.builds(lambda by, wait: CallGuest(by, "smp_call_function", wait=wait), cpu, st.booleans()),
        st.builds(lambda by, mask: CallGuest(by, "flush_tlb_others", mask=mask), cpu, mask),
        st.builds(
            lambda by, name, vector: CallGuest(by, name, vector=vector),
            cpu,
            st.sampled_from(["send_ipi_self", "send_ipi_allbutself"]),
            VECTOR,
        ),
        st.builds(lambda by, mask, vector: CallGuest(by, "send_ipi_mask", mask=mask, vector=vector), cpu, mask, VECTOR),
        st.builds(
            lambda by, name, target: CallGuest(by, name, target=target),
            cpu,
            st.sampled_from(["smp_call_function_single", "smp_send_reschedule"]),
            cpu,
        ),
        pair.map(lambda two: CallGuest(two[0], "do_boot_cpu", target=two[1])),
        st.builds(lambda to, vector: SendMsi(0xFEE0_0000 | to << 12, vector), cpu, VECTOR),
    )


def state_of(simulation: Simulation) -> list[tuple[object, ...]]:
    """IRR, ISR, TPR, PPR, ESR, SVR and LVT of every APIC."""
    return [
        (
            apic.irr.bits,
            apic.isr.bits,
            apic.tpr,
            apic.ppr,
            apic.esr,
            apic.esr_pending,
            apic.svr,
            sorted(apic.lvt.items()),
        )
        for apic in (cpu.apic for cpu in simulation.machine.cpus)
    ]


def played(generation: str, backend: str, plan: tuple[int, list[Stimulus]]) -> Outcome:
    """Each stimulus is followed until nothing is left to do."""
    cpus, asked = plan
    simulation = Simulation(cpus, backend, generation=generation)
    log = [entry for stimulus in asked for entry in finish(simulation, stimulus)]
    assert len(happened(log, CallStarted)) == len(happened(log, CallFinished))
    return Outcome(
        Counter((event.cpu, event.vector) for event in happened(log, Acknowledged)),
        Counter((event.cpu, event.function) for event in happened(log, HandlerEntered)),
        state_of(simulation),
    )


@pytest.mark.slow
@every_generation
@given(plan=plans())
def test_every_apic_ends_as_under_the_native_back_end(generation: str, plan: tuple[int, list[Stimulus]]) -> None:
    native, *others = apic_names_under(generation)
    expected = played(generation, native, plan)

    for backend in others:
        assert played(generation, backend, plan) == expected, backend


@every_generation
@given(plan=plans())
def test_event_channels_call_the_same_handlers(generation: str, plan: tuple[int, list[Stimulus]]) -> None:
    reschedule = GENERATIONS[generation].reschedule_vector  # a Xen guest has no port for just any vector
    cpus, stimuli = plan
    mapped = [replace(each, vector=reschedule) if isinstance(each, CallGuest) else each for each in stimuli]
    plan = cpus, mapped
    native = played(generation, "native-xapic", plan)
    xen = played(generation, "xen-evtchn", plan)

    assert (xen.handlers, xen.acknowledged) == (native.handlers, Counter())
