"""Which accesses leave the guest, feature by feature."""

import pytest

from app.backends.apicv import INHIBIT_BASE_MOVED, INHIBIT_ID_MODIFIED, ApicvFeature, apicv, inhibit_reason
from app.backends.backend import Backend, Found
from app.backends.catalogue import backend
from app.guest.answers import advance
from app.guest.linux_6.kernel import LINUX_6
from app.guest.steps import (
    Acknowledge,
    Arriving,
    EmulatedWrite,
    EnterNmi,
    GuestStep,
    HostWork,
    Load,
    Step,
    Store,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
    WriteMsr,
)
from app.hw.cpu import Arrival, Cpu
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register
from app.x86.units import ApicId
from tests.backends.by_hand import context_of, drain, intercepted

NONE, ALL = ApicvFeature.NONE, ApicvFeature.ALL
TPR_SHADOW = ApicvFeature.TPR_SHADOW
REGISTERS = ApicvFeature.REGISTER_VIRTUALIZATION
DELIVERY = ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY
POSTED = ApicvFeature.POSTED_INTERRUPTS
IPIV = ApicvFeature.IPI_VIRTUALIZATION

UNICAST = Icr(0xFD, destination=1, level=0)
SELF = Icr(0xFD, shorthand=Shorthand.SELF)


def bound(features: ApicvFeature) -> Backend:
    return apicv(features).bind(LINUX_6)


def with_what_it_needs(feature: ApicvFeature) -> ApicvFeature:
    needed = feature | TPR_SHADOW
    return needed | DELIVERY if POSTED in feature else needed


def without(feature: ApicvFeature) -> ApicvFeature:
    """Everything but *feature* and what needs it."""
    if feature is TPR_SHADOW:
        return NONE
    return ALL & ~(feature | POSTED if feature is DELIVERY else feature)


def exits(features: ApicvFeature, step: GuestStep, cpu: Cpu | None = None) -> list[str]:
    """The reasons for which *step* leaves the guest."""
    steps = intercepted(bound(features), step, cpu)
    assert steps is not None
    left = [taken.reason for taken in steps if isinstance(taken, VmExit)]
    assert sum(isinstance(taken, VmEntry) for taken in steps) == len(left)
    return left


def send(icr: Icr, features: ApicvFeature = ALL) -> list[str]:
    cpu = Machine(2).cpus[0]
    cpu.apic.icr = icr.destination << 56
    return exits(features, Store(Register.ICR_LOW, icr.low()), cpu)


def test_guest_is_untouched() -> None:
    assert bound(ALL).overrides == ()


def test_old_kernel_had_no_such_processor() -> None:
    with pytest.raises(ValueError, match="since 2012"):
        backend("apicv", "linux-2.6.22")


@pytest.mark.parametrize(
    ("step", "feature"),
    [
        (Load(Register.TPR), TPR_SHADOW),
        (Store(Register.TPR, 0x20), TPR_SHADOW),
        (Load(Register.ESR), REGISTERS),
        (Load(Register.ICR_LOW), REGISTERS),
        (Store(Register.ICR_HIGH, 1 << 24), REGISTERS),
        (Store(Register.EOI, 0), DELIVERY),
        (Store(Register.ICR_LOW, SELF.low()), DELIVERY),
        (Store(Register.ICR_LOW, UNICAST.low()), IPIV),
    ],
)
def test_feature_and_no_other_keeps_its_access_in_the_guest(step: GuestStep, feature: ApicvFeature) -> None:
    assert exits(with_what_it_needs(feature), step) == []
    assert len(exits(without(feature), step)) == 1
    assert exits(NONE, step) == ["APIC access"]


def test_access_that_stays_is_done_by_hardware() -> None:
    [read] = intercepted(bound(ALL), Load(Register.TPR)) or []

    assert isinstance(read, VirtualRead)  # a Load of the same register is equal to it
    assert read.register == Register.TPR
    assert intercepted(bound(ALL), Store(Register.EOI, 0)) == [VirtualWrite(Register.EOI, 0, "virtual_eoi")]


def test_timer_count_and_registers_that_are_not_readable_exit_always() -> None:
    assert exits(ALL, Load(Register.TIMER_CURRENT_COUNT)) == ["APIC access"]
    assert exits(ALL, Load(Register.PPR)) == ["APIC access"]
    assert exits(ALL, Load(Register.LVT_CMCI)) == ["APIC access"]


def test_register_write_exits_behind_itself_with_register_virtualisation_only() -> None:
    assert exits(ALL, Store(Register.SVR, 0x1FF)) == ["APIC write"]
    assert exits(ALL & ~REGISTERS, Store(Register.SVR, 0x1FF)) == ["APIC access"]
    assert exits(ALL, Store(Register.VERSION, 0)) == ["APIC access"]


# EOI and sends


@pytest.mark.parametrize(("level", "left"), [(False, []), (True, ["EOI-induced"])])
def test_eoi_of_a_level_interrupt_exits_behind_itself(level: bool, left: list[str]) -> None:
    cpu = Machine(1).cpus[0]
    cpu.apic.isr.set(0x51)
    cpu.apic.tmr.assign(0x51, level)

    assert exits(ALL, Store(Register.EOI, 0), cpu) == left


@pytest.mark.parametrize(
    "icr",
    [
        UNICAST._replace(destination_mode=DestinationMode.LOGICAL),
        UNICAST._replace(delivery_mode=DeliveryMode.NMI),
        UNICAST._replace(trigger_mode=TriggerMode.LEVEL),
        UNICAST._replace(vector=0x0F),
        UNICAST._replace(destination=0xFF),
        Icr(0xFD, shorthand=Shorthand.ALL_EXCLUDING_SELF),
        Icr(0xFD, shorthand=Shorthand.ALL_INCLUDING_SELF),
        SELF._replace(trigger_mode=TriggerMode.LEVEL),
    ],
)
def test_only_fixed_edge_unicast_and_self_stay_in_the_guest(icr: Icr) -> None:
    assert send(UNICAST) == send(SELF) == []
    assert send(icr) == ["APIC write"]


def test_page_has_no_self_ipi_register() -> None:
    assert exits(ALL, Store(Register.SELF_IPI, 0xFD)) == ["APIC access"]
    assert exits(ALL | ApicvFeature.X2APIC_MODE, WriteMsr(x2apic_msr(Register.SELF_IPI), 0xFD)) == []


def test_virtual_ipi_costs_the_write_and_the_posting() -> None:
    cpu = Machine(2).cpus[0]
    cpu.apic.icr = 1 << 56

    write, posting = intercepted(bound(ALL), Store(Register.ICR_LOW, UNICAST.low()), cpu) or []

    assert write == VirtualWrite(Register.ICR_LOW, UNICAST.low(), "virtual_apic_access", then_reaches=True)
    assert isinstance(posting, HostWork)
    assert posting.price == "ipi_virtualization"


@pytest.mark.parametrize(("features", "price"), [(ALL, "post_interrupt"), (ALL & ~POSTED, "send_ipi_target")])
def test_send_that_exits_costs_its_way_to_each_target(features: ApicvFeature, price: str) -> None:
    hypervisor = bound(features).hypervisor
    assert hypervisor is not None
    cpu = Machine(4).cpus[0]
    code = hypervisor.intercept(Store(Register.ICR_LOW, 0xC_00FD), cpu)
    assert code is not None
    steps = [advance(code, None, cpu), advance(code, 0, cpu), advance(code, 3, cpu), *code]

    assert steps[0] == VmExit("APIC write")
    assert isinstance(steps[1], EmulatedWrite)
    assert [step.price for step in steps if isinstance(step, HostWork)] == [price] * 3
    assert isinstance(steps[-1], VmEntry)


# VM entry


@pytest.mark.parametrize("feature", [REGISTERS, DELIVERY, IPIV, ApicvFeature.X2APIC_MODE])
def test_guest_is_not_entered_without_tpr_shadow(feature: ApicvFeature) -> None:
    with pytest.raises(ValueError, match=r"VM entry fails: .* needs tpr shadow"):
        apicv(feature)


def test_guest_is_not_entered_with_posted_interrupts_alone() -> None:
    with pytest.raises(ValueError, match="posted interrupts needs virtual interrupt delivery"):
        apicv(TPR_SHADOW | POSTED)


# Inhibition and delivery


@pytest.mark.parametrize("step", [Load(Register.TPR), Store(Register.EOI, 0), Store(Register.SVR, 0x1FF)])
def test_inhibited_cpu_is_emulated_throughout(step: GuestStep) -> None:
    renamed, moved = Machine(2).cpus
    renamed.apic.apic_id = ApicId(9)
    moved.apic.base = 0xFED0_0000

    assert inhibit_reason(Machine(1).cpus[0]) is None
    assert (inhibit_reason(renamed), inhibit_reason(moved)) == (INHIBIT_ID_MODIFIED, INHIBIT_BASE_MOVED)
    assert exits(ALL, step, renamed) == exits(ALL, step, moved) == ["APIC access"]


def delivered(features: ApicvFeature, arrival: Arriving, *, found: Found = Found.RUNNING) -> list[Step]:
    context = context_of(bound(features))
    hypervisor = bound(features).hypervisor
    assert hypervisor is not None
    return drain(hypervisor.deliver(found, arrival, context.cpu, context.kernel))[0]


def test_posted_interrupt_does_not_leave_a_running_guest() -> None:
    steps = delivered(ALL, Acknowledge())

    assert [step.price for step in steps if isinstance(step, HostWork)] == ["posted_delivery"]
    assert [type(step) for step in steps] == [HostWork, Acknowledge]
    assert [type(step) for step in delivered(ALL, Acknowledge(), found=Found.OUTSIDE)] == [Acknowledge, VmEntry]


def test_what_was_not_let_in_is_delivered_by_hardware_once_it_is() -> None:
    no_exit = delivered(ALL & ~POSTED, Acknowledge(), found=Found.AT_WINDOW)
    without = delivered(ALL & ~POSTED & ~ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY, Acknowledge(), found=Found.AT_WINDOW)

    assert no_exit == [Acknowledge()]
    assert without[0] == VmExit("interrupt window")


@pytest.mark.parametrize(
    ("features", "arrival", "kicked"),
    [(ALL, Arrival.INTERRUPT, False), (ALL, Arrival.NMI, True), (ALL & ~POSTED, Arrival.INTERRUPT, True)],
)
def test_posting_alone_spares_a_guest_that_lets_nothing_in_the_kick(
    features: ApicvFeature, arrival: Arrival, kicked: bool
) -> None:
    hypervisor = bound(features).hypervisor
    assert hypervisor is not None

    steps, _ = drain(hypervisor.kick(arrival, context_of(bound(features)).cpu))

    assert steps == ([VmExit("external interrupt"), VmEntry()] if kicked else [])


def test_nmi_is_injected_and_so_is_everything_without_posting() -> None:
    for steps in (delivered(ALL, EnterNmi()), delivered(ALL & ~POSTED, Acknowledge())):
        assert steps[0] == VmExit("external interrupt")
        assert steps[-1] == VmEntry()
