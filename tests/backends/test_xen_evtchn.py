"""A Xen PV guest: no APIC, a hypercall for each target, an upcall for each interrupt."""

import pytest

from app.backends.backend import Backend, Found
from app.backends.catalogue import backend
from app.backends.xen_evtchn import BLOCK, EOI, FORCE_CALLBACK, IRET, SEND, SEND_NMI, TIMER, YIELD
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.engine.events import GuestExited
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.guest.steps import (
    Acknowledge,
    Dereference,
    EmulatedMsrWrite,
    EnableInterrupts,
    Halt,
    HostEndEvent,
    HostSend,
    HostWork,
    Hypercall,
    Load,
    MemoryWrite,
    Step,
    Store,
    TryLock,
    VmEntry,
    VmExit,
)
from app.hw.event_channels import EventChannels
from app.hw.events import Event, Reason, SendRefused
from app.hw.services import Services
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register
from app.x86.units import Vector
from tests.backends.by_hand import context_of, done, drain, intercepted, result
from tests.guest.by_hand import ContextOnCpu

BOTH = {name: backend("xen-evtchn", name) for name in GENERATIONS}
generations = pytest.mark.parametrize("xen", BOTH.values(), ids=BOTH.keys())
PV = "pv_hypercall"
BACK = VmEntry("pv_return")


def calls(steps: list[Step]) -> list[Hypercall]:
    return [step for step in steps if isinstance(step, Hypercall)]


def with_channels(xen: Backend, *, level: bool, pending: bool = False) -> ContextOnCpu:
    """A CPU that has taken port 0x51."""
    context = context_of(xen)
    channels = EventChannels(0, Services(lambda event: None))
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
    own = done(xen, xen.operations.send_ipi_self(context, 0xFC))

    assert [call.arguments[0] for call in calls(others)] == [0, 2, 3]
    assert [call.arguments for call in calls(own)] == [(1, 0xFC)]


def test_all_but_self_leaves_out_the_sender() -> None:
    xen = BOTH["linux-6"]  # the old kernel has no such operation
    code = xen.operations.send_ipi_mask_allbutself(context_of(xen, cpu=1), 0b0111, 0xFC)

    assert [call.arguments[0] for call in calls(done(xen, code))] == [0, 2]


@generations
def test_timer_is_set_to_a_time_and_not_to_a_span(xen: Backend) -> None:
    context = context_of(xen)
    context.cpu.apic.services.clock.now = 7_000

    steps = done(xen, xen.set_next_event(context, 500))

    assert steps == [Hypercall(TIMER, (7_500,), PV), EmulatedMsrWrite(Msr.IA32_TSC_DEADLINE, 7_500), BACK]


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

    assert [call.arguments[0] for call in calls(steps) if call.name == SEND] == [1, 2]
    assert not any(isinstance(step, Load | Store) for step in steps)


@pytest.mark.parametrize(("generation", "yields"), [("linux-2.6.22", 1), ("linux-6", 0)])
def test_only_the_first_kernel_lets_others_run_whoever_they_are(generation: str, yields: int) -> None:
    xen = BOTH[generation]

    steps = done(xen, xen.operations.smp_call_function_mask(context_of(xen), 0b0110, False))

    asked = [call for call in calls(steps) if call.name == YIELD]
    assert asked == [Hypercall(YIELD, (), PV)] * yields


def test_a_call_of_nobody_takes_the_lock_and_no_more() -> None:
    xen = BOTH["linux-2.6.22"]
    context = context_of(xen)

    steps = done(xen, xen.operations.smp_call_function_mask(context, 1 << context.number, True))

    assert [type(step) for step in steps] == [TryLock, MemoryWrite]


# EOI


@generations
def test_edge_port_needs_no_eoi(xen: Backend) -> None:
    assert done(xen, xen.operations.eoi(with_channels(xen, level=False))) == []
    assert done(xen, xen.operations.eoi(context_of(xen))) == []


@generations
def test_level_port_needs_a_hypercall_once(xen: Backend) -> None:
    context = with_channels(xen, level=True)

    steps = done(xen, xen.operations.eoi(context))

    assert steps == [Hypercall(EOI, (0x51,), PV), HostEndEvent(0x51), BACK]
    assert done(xen, xen.operations.eoi(context)) == []


@generations
def test_level_port_that_is_yet_to_be_handled_is_not_ended(xen: Backend) -> None:
    assert done(xen, xen.operations.eoi(with_channels(xen, level=True, pending=True))) == []


# The hypervisor

#: Out of the guest to make it run its upcall. At a window a 64-bit guest has just left, by its iret hypercall.
WAYS_OUT: dict[tuple[Found, int], list[type]] = {
    (Found.OUTSIDE, 32): [],
    (Found.OUTSIDE, 64): [],
    (Found.RUNNING, 32): [VmExit],
    (Found.RUNNING, 64): [VmExit],
    (Found.AT_WINDOW, 32): [Hypercall],
    (Found.AT_WINDOW, 64): [],
}


@generations
def test_idle_guest_blocks_by_hypercall(xen: Backend) -> None:
    assert intercepted(xen, Halt()) == [Hypercall(BLOCK, (), PV), Halt()]


@generations
@pytest.mark.parametrize("found", Found)
def test_interrupt_is_an_upcall(xen: Backend, found: Found) -> None:
    context = context_of(xen)
    assert xen.hypervisor is not None

    steps, _ = drain(xen.hypervisor.deliver(found, Acknowledge(), context.cpu, context.kernel))

    kinds = [type(step) for step in steps]
    assert kinds == [*WAYS_OUT[found, xen.generation.bits], HostWork, Acknowledge, VmEntry]


def test_plain_load_from_the_page_finds_an_empty_one_and_stays_in_the_guest() -> None:
    bound = backend("xen-evtchn", "linux-2.6.22")

    assert intercepted(bound, Dereference(Register.LDR, "logical_smp_processor_id")) == []


# What the kernel maps no port to, and what is no event


@generations
def test_vector_without_a_port_is_dropped_with_a_reason(xen: Backend) -> None:
    said: list[Event] = []
    context = context_of(xen)
    context.cpu.services.record = said.append

    assert done(xen, xen.operations.send_ipi_mask(context, 0b0110, 0x51)) == []
    assert said == [SendRefused(0, Vector(0x51), DeliveryMode.FIXED, Reason.NO_PORT)] * 2


def test_nmi_is_a_hypercall_of_its_own_and_reaches_as_an_nmi() -> None:
    xen = BOTH["linux-6"]

    steps = done(xen, xen.operations.send_ipi_mask(context_of(xen), 0b0010, 2))

    assert steps == [Hypercall(SEND_NMI, (1,), PV), HostSend(1, 2, DeliveryMode.NMI, "evtchn_send"), BACK]
    simulation = Simulation(4, "xen-evtchn", generation="linux-6")
    simulation.apply(CallGuest(0, "send_ipi_mask", mask=0b0110, vector=2))
    simulation.run(operations=500)
    assert [cpu.nmi_count for cpu in simulation.machine.cpus] == [0, 1, 1, 0]


def test_the_old_kernel_drops_an_nmi() -> None:
    simulation = Simulation(4, "xen-evtchn", generation="linux-2.6.22")
    simulation.take_log()
    simulation.apply(CallGuest(0, "send_ipi_mask", mask=0b0110, vector=2))
    simulation.run(operations=500)

    refused = [event for _, event in simulation.take_log() if isinstance(event, SendRefused)]
    assert [event.delivery_mode for event in refused] == [DeliveryMode.NMI] * 2


# The way back


def crossings(generation: str, *commands: Stimulus) -> list[tuple[int, str]]:
    simulation = Simulation(2, "xen-evtchn", generation=generation)
    simulation.take_log()
    for command in commands:
        simulation.apply(command)
        simulation.run(operations=2000)
    return [(event.cpu, event.reason) for _, event in simulation.take_log() if isinstance(event, GuestExited)]


RESCHEDULE = CallGuest(0, "smp_send_reschedule", target=1)
TO_NMI = SendMsi(0xFEE0_1000, DeliveryMode.NMI << 8)


@pytest.mark.parametrize(("generation", "back"), [("linux-6", [(1, IRET)]), ("linux-2.6.22", [])])
def test_handler_of_a_64_bit_guest_goes_back_by_hypercall(generation: str, back: list[tuple[int, str]]) -> None:
    found = crossings(generation, RESCHEDULE)

    assert [crossing for crossing in found if crossing[1] != BLOCK] == [(0, SEND), *back]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_nmi_goes_back_by_hypercall_in_both(generation: str) -> None:
    assert (1, IRET) in crossings(generation, TO_NMI)


def test_sti_with_something_pending_goes_into_xen_and_comes_back_by_the_upcall() -> None:
    xen = BOTH["linux-6"]
    context = with_channels(xen, level=False)
    cpu = context.cpu
    assert cpu.event_channels is not None

    assert intercepted(xen, EnableInterrupts(), cpu) == [EnableInterrupts()]
    cpu.event_channels.upcall_pending = True
    assert intercepted(xen, EnableInterrupts(), cpu) == [EnableInterrupts(), Hypercall(FORCE_CALLBACK, (), PV)]
    cpu.interrupt_flag = True
    assert intercepted(xen, EnableInterrupts(), cpu) == [EnableInterrupts()]


def test_no_step_of_the_guest_or_of_xen_is_priced_as_an_exit_of_vmx() -> None:
    for xen in BOTH.values():
        prices = xen.definition.host_entries
        assert prices >= {"pv_hypercall", "pv_interrupt", "pv_return"}
        assert not prices & {"vm_exit", "vm_entry", "hypercall", "hypervisor_call"}
