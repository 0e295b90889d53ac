"""A Xen PV guest: no APIC, a hypercall for each target, an upcall for each interrupt."""

import pytest

from app.backends.backend import Backend
from app.backends.catalogue import backend
from app.backends.xen_evtchn import BLOCK, EOI, SEND, TIMER
from app.guest.apic_ops import Context
from app.guest.generations import GENERATIONS
from app.guest.steps import (
    Acknowledge,
    Dereference,
    EmulatedMsrWrite,
    Halt,
    HostEndEvent,
    HostSend,
    HostWork,
    Hypercall,
    Load,
    Step,
    Store,
    VmEntry,
    VmExit,
)
from app.hw.event_channels import EventChannels
from app.hw.ledger import Ledger
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register
from tests.backends.helpers import context_of, done, drain, intercepted, result

BOTH = {name: backend("xen-evtchn", name) for name in GENERATIONS}
generations = pytest.mark.parametrize("xen", BOTH.values(), ids=BOTH.keys())
PV = "hypervisor_call"


def calls(steps: list[Step]) -> list[Hypercall]:
    return [step for step in steps if isinstance(step, Hypercall)]


def with_channels(xen: Backend, *, level: bool, pending: bool = False) -> Context:
    """A CPU that has taken port 0x51."""
    context = context_of(xen)
    channels = EventChannels(0, Ledger(lambda event: None), lambda event: None)
    channels.level.assign(0x51, level)
    channels.pending.assign(0x51, pending)
    context.cpu.event_channels = channels
    return context


@generations
def test_every_operation_that_the_kernel_has_is_overridden(xen: Backend) -> None:
    hook = "startup_ipi_hook"  # which does nothing natively, and nothing under Xen: another hypercall brings CPUs up
    assert [*xen.overrides, hook][: len(xen.native.entries())] == list(xen.native.entries())
    assert xen.operations.entries() == xen.native.entries()
    assert xen.event_channels


@generations
def test_there_is_no_apic_to_read_or_write(xen: Backend) -> None:
    assert result(xen, xen.operations.apic_read(Register.ID), reads=0x35) == 0
    assert done(xen, xen.operations.apic_read(Register.ID)) == []
    assert done(xen, xen.operations.apic_write(Register.TPR, 0x20)) == []


def test_today_nothing_is_sent_through_icr() -> None:
    xen = BOTH["linux-6"]

    assert done(xen, xen.operations.icr_write(context_of(xen), 0x4609, 1)) == []


@generations
def test_each_target_is_one_hypercall(xen: Backend) -> None:
    steps = done(xen, xen.operations.send_ipi_mask(context_of(xen), 0b1110, 0xFC))

    assert calls(steps) == [Hypercall(SEND, (cpu, 0xFC), PV) for cpu in (1, 2, 3)]
    assert [step for step in steps if isinstance(step, HostSend)] == [
        HostSend(cpu, 0xFC, DeliveryMode.FIXED, "evtchn_send") for cpu in (1, 2, 3)
    ]
    assert sum(isinstance(step, VmEntry) for step in steps) == 3


@generations
def test_others_and_self_are_hypercalls_too(xen: Backend) -> None:
    context = context_of(xen, cpu=1)

    others = done(xen, xen.operations.send_ipi_allbutself(context, 0xFC))
    own = done(xen, xen.operations.send_ipi_self(context, 0x51))

    assert [call.arguments[0] for call in calls(others)] == [0, 2, 3]
    assert [call.arguments for call in calls(own)] == [(1, 0x51)]


def test_all_but_self_leaves_out_the_sender() -> None:
    xen = BOTH["linux-6"]  # the old kernel has no such operation
    code = xen.operations.send_ipi_mask_allbutself(context_of(xen, cpu=1), 0b0111, 0xFC)

    assert [call.arguments[0] for call in calls(done(xen, code))] == [0, 2]


@generations
def test_timer_is_set_to_a_time_and_not_to_a_span(xen: Backend) -> None:
    context = context_of(xen)
    context.cpu.apic.clock.now = 7_000

    steps = done(xen, xen.set_next_event(context, 500))

    assert steps == [Hypercall(TIMER, (7_500,), PV), EmulatedMsrWrite(Msr.IA32_TSC_DEADLINE, 7_500), VmEntry()]


@generations
def test_reschedule_sends_the_kernels_own_vector(xen: Backend) -> None:
    steps = done(xen, xen.operations.smp_send_reschedule(context_of(xen), 2))

    assert [call.arguments for call in calls(steps)] == [(2, xen.generation.reschedule_vector)]


@generations
@pytest.mark.parametrize("operation", ["smp_call_function_mask", "flush_tlb_others"])
def test_bookkeeping_above_goes_over_events_alone(xen: Backend, operation: str) -> None:
    context = context_of(xen)
    arguments = (0b0110, False) if operation == "smp_call_function_mask" else (0b0110,)

    steps = done(xen, getattr(xen.operations, operation)(context, *arguments))

    assert [call.arguments[0] for call in calls(steps)] == [1, 2]
    assert not any(isinstance(step, Load | Store) for step in steps)


# EOI


@generations
def test_edge_port_needs_no_eoi(xen: Backend) -> None:
    assert done(xen, xen.operations.eoi(with_channels(xen, level=False))) == []
    assert done(xen, xen.operations.eoi(context_of(xen))) == []


@generations
def test_level_port_needs_a_hypercall_once(xen: Backend) -> None:
    context = with_channels(xen, level=True)

    steps = done(xen, xen.operations.eoi(context))

    assert steps == [Hypercall(EOI, (0x51,), PV), HostEndEvent(0x51), VmEntry()]
    assert done(xen, xen.operations.eoi(context)) == []


@generations
def test_level_port_that_is_yet_to_be_handled_is_not_ended(xen: Backend) -> None:
    assert done(xen, xen.operations.eoi(with_channels(xen, level=True, pending=True))) == []


# The hypervisor


@generations
def test_idle_guest_blocks_by_hypercall(xen: Backend) -> None:
    assert intercepted(xen, Halt()) == [Hypercall(BLOCK, (), PV), Halt()]


@generations
@pytest.mark.parametrize("halted", [False, True])
def test_interrupt_is_an_upcall(xen: Backend, halted: bool) -> None:
    context = context_of(xen)
    assert xen.hypervisor is not None

    steps, _ = drain(xen.hypervisor.deliver(halted, Acknowledge(), context.cpu, context.kernel))

    kinds = [type(step) for step in steps]
    assert kinds == ([] if halted else [VmExit]) + [HostWork, Acknowledge, VmEntry]


def test_plain_load_from_the_page_finds_an_empty_one_and_stays_in_the_guest() -> None:
    bound = backend("xen-evtchn", "linux-2.6.22")

    assert intercepted(bound, Dereference(Register.LDR, "logical_smp_processor_id")) == []
