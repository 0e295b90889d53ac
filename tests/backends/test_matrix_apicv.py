"""Which accesses leave the guest, VM-execution control by control.

As kvm-unit-tests' ``vmx_tests.c`` pins them, and the SDM's "Virtualizing Memory-Mapped APIC Accesses", "Virtualizing
MSR-Based APIC Accesses", "IPI Virtualization".
"""

import pytest

from app.backends.apicv import ApicvFeature, apicv
from app.engine.primitives import (
    crossings,
    mask_send,
    reception,
    send_to_all_others,
    send_to_self,
    task_priority_change,
    timer_arm,
    unicast,
)
from app.guest.linux_6.kernel import LINUX_6
from app.guest.steps import GuestStep, Load, ReadMsr, Steps, Store, VmExit, WriteMsr
from app.hw.machine import Machine
from app.x86.model_specific_registers import ApicMode, Msr, x2apic_msr
from app.x86.registers import Register
from tests.backends.by_hand import intercepted
from tests.engine.runs import counts

pytestmark = pytest.mark.slow  # many together

ALONE = ApicvFeature.NONE
TPR_SHADOW = ApicvFeature.TPR_SHADOW
REGISTERS = TPR_SHADOW | ApicvFeature.REGISTER_VIRTUALIZATION
DELIVERY = REGISTERS | ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY
POSTED = DELIVERY | ApicvFeature.POSTED_INTERRUPTS
IPIV = ApicvFeature.ALL
X2APIC, X2APIC_IPIV = POSTED | ApicvFeature.X2APIC_MODE, IPIV | ApicvFeature.X2APIC_MODE

ACCESS, WRITE = ["APIC access"], ["APIC write"]
STAYS: list[str] = []

PAGE_WORDS = tuple(first + 0x10 * word for first in (Register.ISR0, Register.TMR0, Register.IRR0) for word in range(8))
LVT = (
    *(Register.LVT_TIMER, Register.LVT_THERMAL, Register.LVT_PERFORMANCE),
    *(Register.LVT_LINT0, Register.LVT_LINT1, Register.LVT_ERROR),
)
WRITTEN_BEHIND = (
    *(Register.ID, Register.EOI, Register.LDR, Register.DFR, Register.SVR, Register.ESR, Register.ICR_LOW),
    *(*LVT, Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE),
)
LISTED = (Register.VERSION, Register.TPR, Register.ICR_HIGH, *WRITTEN_BEHIND, *PAGE_WORDS)
UNLISTED = (Register.APR, Register.PPR, Register.RRD, Register.LVT_CMCI, Register.TIMER_CURRENT_COUNT, 0x3F0, 0x000)
#: An IPI to APIC ID 0, fixed and edge; the ICR's high half is 0.
UNICAST, LOGICAL, ALL_OTHERS, SELF = 0x00FD, 0x08FD, 0xC_00FD, 0x4_00FD


def left(features: ApicvFeature, step: GuestStep) -> list[str]:
    mode = ApicMode.X2APIC if ApicvFeature.X2APIC_MODE in features else ApicMode.XAPIC
    steps = intercepted(apicv(features).bind(LINUX_6), step, Machine(2, mode=mode).cpus[0])
    assert steps is not None
    return [taken.reason for taken in steps if isinstance(taken, VmExit)]


# The page


@pytest.mark.parametrize("register", [*LISTED, *UNLISTED])
def test_every_access_exits_with_virtualize_apic_accesses_alone(register: int) -> None:
    assert left(ALONE, Load(register)) == left(ALONE, Store(register, 0x20)) == ACCESS


@pytest.mark.parametrize("register", [*LISTED, *UNLISTED])
def test_tpr_shadow_keeps_tpr_and_nothing_else(register: int) -> None:
    expected = STAYS if register == Register.TPR else ACCESS

    assert left(TPR_SHADOW, Load(register)) == left(TPR_SHADOW, Store(register, 0x20)) == expected


@pytest.mark.parametrize("register", LISTED)
def test_register_virtualisation_answers_every_listed_read(register: int) -> None:
    assert left(REGISTERS, Load(register)) == STAYS


@pytest.mark.parametrize("register", UNLISTED)
def test_register_that_is_not_listed_exits_whatever_is_on(register: int) -> None:
    assert left(IPIV, Load(register)) == left(IPIV, Store(register, 0)) == ACCESS


@pytest.mark.parametrize("register", WRITTEN_BEHIND)
def test_register_virtualisation_exits_behind_a_write(register: int) -> None:
    assert left(REGISTERS, Store(register, 0x00FD)) == WRITE


@pytest.mark.parametrize("register", [Register.TPR, Register.ICR_HIGH])
def test_register_virtualisation_keeps_these_writes(register: int) -> None:
    assert left(REGISTERS, Store(register, 0x20)) == STAYS


@pytest.mark.parametrize("register", [Register.VERSION, *PAGE_WORDS])
def test_write_of_what_is_only_read_exits_before_it(register: int) -> None:
    assert left(IPIV, Store(register, 0)) == ACCESS


@pytest.mark.parametrize(
    ("value", "registers", "delivery", "ipis"),
    [
        pytest.param(UNICAST, WRITE, WRITE, STAYS, id="unicast"),
        pytest.param(LOGICAL, WRITE, WRITE, WRITE, id="logical"),
        pytest.param(ALL_OTHERS, WRITE, WRITE, WRITE, id="all others"),
        pytest.param(SELF, WRITE, STAYS, STAYS, id="self"),
        pytest.param(SELF & ~0xFF | 0x0F, WRITE, WRITE, WRITE, id="self, vector below 16"),
        pytest.param(SELF | 1 << 15, WRITE, WRITE, WRITE, id="self, level"),
        pytest.param(UNICAST & ~0xFF | 0x0F, WRITE, WRITE, WRITE, id="unicast, vector below 16"),
        pytest.param(UNICAST | 4 << 8, WRITE, WRITE, WRITE, id="NMI"),
        pytest.param(UNICAST | 1 << 15, WRITE, WRITE, WRITE, id="level"),
    ],
)
def test_icr_write(value: int, registers: list[str], delivery: list[str], ipis: list[str]) -> None:
    step = Store(Register.ICR_LOW, value)

    assert [left(features, step) for features in (REGISTERS, DELIVERY, IPIV)] == [registers, delivery, ipis]


@pytest.mark.parametrize("register", [Register.EOI, Register.ICR_LOW])
def test_virtual_interrupt_delivery_takes_eoi_and_icr_without_register_virtualisation_too(register: int) -> None:
    features = TPR_SHADOW | ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY

    assert left(features, Store(register, UNICAST)) == (STAYS if register == Register.EOI else WRITE)
    assert left(features, Store(Register.SVR, 0x1FF)) == ACCESS


# MSRs


@pytest.mark.parametrize("register", [Register.ID, Register.TPR, Register.PPR, Register.ISR0, Register.ESR])
def test_rdmsr_is_answered_from_the_page(register: int) -> None:
    assert left(X2APIC, ReadMsr(x2apic_msr(register))) == STAYS


def test_rdmsr_of_the_count_exits() -> None:
    assert left(X2APIC_IPIV, ReadMsr(0x839)) == ["RDMSR 0x839"]


@pytest.mark.parametrize(
    ("msr", "value", "with_delivery", "with_ipis"),
    [
        pytest.param(0x808, 0x20, STAYS, STAYS, id="TPR"),
        pytest.param(0x80B, 0, STAYS, STAYS, id="EOI"),
        pytest.param(0x83F, 0xFD, STAYS, STAYS, id="self IPI"),
        pytest.param(0x83F, 0, WRITE, WRITE, id="self IPI, vector 0"),
        pytest.param(0x80F, 0x1FF, ["WRMSR 0x80f"], ["WRMSR 0x80f"], id="SVR"),
        pytest.param(0x830, UNICAST, ["WRMSR 0x830"], STAYS, id="ICR, physical"),
        pytest.param(0x830, LOGICAL, ["WRMSR 0x830"], WRITE, id="ICR, logical"),
        pytest.param(0x830, SELF, ["WRMSR 0x830"], WRITE, id="ICR, self"),
        pytest.param(0x830, 0xFFFF_FFFF << 32 | UNICAST, ["WRMSR 0x830"], WRITE, id="ICR, everyone"),
        pytest.param(0x830, 0xFF << 32 | UNICAST, ["WRMSR 0x830"], STAYS, id="ICR, CPU 255"),
        pytest.param(Msr.IA32_TSC_DEADLINE, 1, ["WRMSR 0x6e0"], ["WRMSR 0x6e0"], id="deadline"),
    ],
)
def test_wrmsr(msr: int, value: int, with_delivery: list[str], with_ipis: list[str]) -> None:
    assert left(X2APIC, WriteMsr(msr, value)) == with_delivery
    assert left(X2APIC_IPIV, WriteMsr(msr, value)) == with_ipis


# The primitives, by what is on: ways out of the guest


def unicast_by_id(context: object) -> Steps[None]:
    """A send to APIC ID 1, as ``apic_x2apic_phys`` would."""
    yield WriteMsr(0x830, 1 << 32 | 0xFD)


@pytest.mark.parametrize(
    ("features", "exits"),
    [
        # unicast, mask of 3, all others, self, TPR, timer
        pytest.param(ALONE, (3, 9, 2, 2, 1, 1), id="virtualize APIC accesses alone"),
        pytest.param(TPR_SHADOW, (3, 9, 2, 2, 0, 1), id="TPR shadow"),
        pytest.param(REGISTERS, (1, 3, 1, 1, 0, 1), id="register virtualisation"),
        pytest.param(DELIVERY, (1, 3, 1, 0, 0, 1), id="virtual-interrupt delivery"),
        pytest.param(POSTED, (1, 3, 1, 0, 0, 1), id="posted interrupts"),
        pytest.param(IPIV, (0, 0, 1, 0, 0, 1), id="IPI virtualisation"),
        # A guest without interrupt remapping names each CPU by its APIC ID, and IPI virtualisation takes that.
        pytest.param(X2APIC, (1, 3, 1, 0, 0, 1), id="x2APIC"),
        pytest.param(X2APIC_IPIV, (0, 0, 1, 0, 0, 1), id="x2APIC, IPI virtualisation"),
    ],
)
def test_primitives_leave_the_guest_so_often(features: ApicvFeature, exits: tuple[int, ...]) -> None:
    bound = apicv(features).bind(LINUX_6)
    codes = [unicast(1), mask_send(3), send_to_all_others, send_to_self, task_priority_change]

    found = [crossings(bound, code) for code in (*codes, timer_arm(bound))]

    assert tuple(one.exits for one in found) == exits
    assert not any(one.hypercalls for one in found)


def test_ipi_virtualisation_takes_a_physical_id_by_msr() -> None:
    assert counts(crossings(apicv(X2APIC_IPIV).bind(LINUX_6), unicast_by_id)) == (1, 0, 0)
    assert counts(crossings(apicv(X2APIC).bind(LINUX_6), unicast_by_id)) == (1, 1, 0)


@pytest.mark.parametrize(
    ("features", "delivery", "eoi"),
    [
        (ALONE, 1, 1),
        (TPR_SHADOW, 1, 1),
        (REGISTERS, 1, 1),
        (DELIVERY, 1, 0),
        (POSTED, 0, 0),
        (IPIV, 0, 0),
        (X2APIC, 0, 0),
    ],
)
def test_reception_leaves_the_guest_so_often(features: ApicvFeature, delivery: int, eoi: int) -> None:
    found = reception(apicv(features).bind(LINUX_6))

    assert (found.delivery.work.exits, found.handler.work.exits) == (delivery, eoi)
