"""Hyper-V's enlightened guest: one hypercall a send, synthetic MSRs, and the native way for what they cannot do."""

import pytest

from app.backends.catalogue import backend
from app.backends.hyperv import (
    HV_X64_MSR_EOI,
    HV_X64_MSR_ICR,
    HV_X64_MSR_TPR,
    LOW_VECTOR,
    SEND_IPI,
    SEND_IPI_EX,
)
from app.guest.linux_6.kernel import XAPIC_OPERATIONS
from app.guest.steps import (
    DisableInterrupts,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    HostSend,
    Hypercall,
    ReadMsr,
    VmEntry,
    VmExit,
    WriteMsr,
)
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.backends.by_hand import context_of, done, intercepted, result

HYPERV = backend("hyperv", "linux-6")


def test_registers_and_sends_are_overridden_and_nothing_above_them() -> None:
    above = ("smp_send_reschedule", "smp_call_function_mask", "flush_tlb_others")

    assert HYPERV.overrides == tuple(name for name in XAPIC_OPERATIONS.entries() if name not in above)


def test_old_kernel_has_no_such_guest() -> None:
    with pytest.raises(ValueError, match=r"2\.6\.32"):
        backend("hyperv", "linux-2.6.22")


@pytest.mark.parametrize(("cpus", "name"), [(64, SEND_IPI), (65, SEND_IPI_EX)])
def test_processors_above_64_need_the_hypercall_with_banks(cpus: int, name: str) -> None:
    steps = done(HYPERV, HYPERV.operations.send_ipi_all(context_of(HYPERV, cpus=cpus), 0xFC))

    assert [step.name for step in steps if isinstance(step, Hypercall)] == [name]
    assert [step for step in steps if isinstance(step, HostSend)] == [
        HostSend(cpu, 0xFC, DeliveryMode.FIXED) for cpu in range(cpus)
    ]
    assert [step for step in steps if not isinstance(step, EnableInterrupts)][-1] == VmEntry()


def test_all_but_self_leaves_out_the_sender() -> None:
    steps = done(HYPERV, HYPERV.operations.send_ipi_mask_allbutself(context_of(HYPERV, cpu=1), 0b0111, 0xFC))

    assert [step.apic_id for step in steps if isinstance(step, HostSend)] == [0, 2]


@pytest.mark.parametrize(("vector", "falls_back"), [(0x02, True), (LOW_VECTOR - 1, True), (LOW_VECTOR, False)])
def test_low_vectors_fall_back_to_the_native_driver(vector: int, falls_back: bool) -> None:
    operations, context = HYPERV.operations, context_of(HYPERV)

    for code in (operations.send_ipi(context, 1, vector), operations.send_ipi_mask(context, 0b10, vector)):
        steps = done(HYPERV, code)
        assert any(isinstance(step, Hypercall) for step in steps) is not falls_back
        assert sum(isinstance(step, VmExit) for step in steps) == (3 if falls_back else 0)


@pytest.mark.parametrize(("operation", "shorthand"), [("send_ipi_all", 2), ("send_ipi_self", 1)])
def test_what_falls_back_goes_by_the_native_driver_s_own_shorthand(operation: str, shorthand: int) -> None:
    steps = done(HYPERV, getattr(HYPERV.operations, operation)(context_of(HYPERV), 2))

    written = [step.value for step in steps if isinstance(step, EmulatedWrite)]
    assert written == [shorthand << 18 | 0x400]


def test_nmi_to_all_others_falls_back_to_one_send_each() -> None:
    steps = done(HYPERV, HYPERV.operations.send_ipi_allbutself(context_of(HYPERV, cpus=4), 2))

    written = [step.value for step in steps if isinstance(step, EmulatedWrite) and step.register == Register.ICR_HIGH]
    assert written == [1 << 24, 2 << 24, 3 << 24]


def test_interrupts_are_off_around_the_hypercall_with_banks_alone() -> None:
    plain, banks = (
        done(HYPERV, HYPERV.operations.send_ipi_all(context_of(HYPERV, cpus=cpus), 0xFC)) for cpus in (64, 65)
    )

    assert [any(isinstance(step, DisableInterrupts) for step in steps) for steps in (plain, banks)] == [False, True]


def test_eoi_is_read_by_its_synthetic_msr_too() -> None:
    assert next(HYPERV.operations.apic_read(Register.EOI)) == ReadMsr(HV_X64_MSR_EOI)


def test_tpr_is_a_synthetic_msr_and_other_registers_are_the_page() -> None:
    operations = HYPERV.operations

    assert list(operations.apic_write(Register.TPR, 0x20)) == [WriteMsr(HV_X64_MSR_TPR, 0x20)]
    assert list(operations.apic_write(Register.EOI, 0)) == [WriteMsr(HV_X64_MSR_EOI, 0)]
    assert next(operations.apic_read(Register.TPR)) == ReadMsr(HV_X64_MSR_TPR)
    assert VmExit("APIC access") in done(HYPERV, operations.apic_read(Register.ESR))
    assert result(HYPERV, operations.apic_read(Register.TPR), reads=0x35) == 0x35


def test_synthetic_msr_exits_without_decoding() -> None:
    assert intercepted(HYPERV, WriteMsr(HV_X64_MSR_EOI, 0)) == [
        VmExit("WRMSR of EOI"),
        EmulatedWrite(Register.EOI, 0, by_page=False),
        VmEntry(),
    ]
    assert intercepted(HYPERV, ReadMsr(HV_X64_MSR_TPR)) == [
        VmExit("RDMSR of TPR"),
        EmulatedRead(Register.TPR, by_page=False),
        VmEntry(),
    ]


def test_synthetic_icr_writes_both_halves_in_one_exit() -> None:
    steps = done(HYPERV, HYPERV.operations.icr_write(context_of(HYPERV), 0x4609, 3))

    assert steps == [
        VmExit("WRMSR of ICR"),
        EmulatedWrite(Register.ICR_HIGH, 3 << 24, by_page=False),
        EmulatedWrite(Register.ICR_LOW, 0x4609, by_page=False),
        VmEntry(),
    ]
    assert next(HYPERV.operations.icr_write(context_of(HYPERV), 0x4609, 3)) == WriteMsr(
        HV_X64_MSR_ICR, 3 << 56 | 0x4609
    )


def test_nobody_is_sent_to_without_a_hypercall() -> None:
    assert done(HYPERV, HYPERV.operations.send_ipi_mask(context_of(HYPERV), 0, 0xFC)) == []
