"""KVM's paravirtual guest: mask sends by a hypercall that names 128 APIC IDs, single sends through ICR."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalogue import backend
from app.backends.kvm_pv import KVM_EINVAL, SEND_IPI, WINDOW, windows
from app.guest.cpumask import cpus_of
from app.guest.linux_6.kernel import X2APIC_PHYS_OPERATIONS
from app.guest.steps import (
    DisableInterrupts,
    EmulatedWrite,
    HostSend,
    HostWork,
    Hypercall,
    Step,
    VmEntry,
    VmExit,
)
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode, TriggerMode
from tests.backends.by_hand import context_of, done, drain

KVM = backend("kvm-pv", "linux-6")


def answer(*arguments: int) -> tuple[list[Step], int]:
    """What the host does for SEND_IPI with *arguments*, and what the guest gets."""
    assert KVM.hypervisor is not None
    code = KVM.hypervisor.intercept(Hypercall(SEND_IPI, arguments), Machine(1).cpus[0])
    assert code is not None
    return drain(code)


def test_exactly_mask_sends_and_eoi_are_overridden() -> None:
    assert KVM.overrides == ("eoi", "send_ipi_mask", "send_ipi_mask_allbutself")
    assert KVM.native is X2APIC_PHYS_OPERATIONS


def test_old_kernel_has_no_such_guest() -> None:
    with pytest.raises(ValueError, match=r"kvm-pv: linux-2\.6\.22 knows no x2APIC mode"):
        backend("kvm-pv", "linux-2.6.22")


# Windows


@pytest.mark.parametrize(
    ("apic_ids", "calls"), [([], 0), ([5], 1), ([0, 127], 1), ([0, 128], 2), ([3, 131, 132], 2), ([0, 129], 2)]
)
def test_one_call_names_128_apic_ids(apic_ids: list[int], calls: int) -> None:
    assert len(list(windows(apic_ids))) == calls


def test_lower_apic_id_moves_the_window_down() -> None:
    assert list(windows([7, 4])) == [(4, 0b1001)]
    assert list(windows([200, 100, 60])) == [(100, 1 << 100 | 1), (60, 1)]


@given(st.lists(st.integers(0, 1000), unique=True))
def test_windows_name_exactly_the_mask_and_fit_two_words(apic_ids: list[int]) -> None:
    found = list(windows(apic_ids))

    assert sorted(lowest + bit for lowest, bitmap in found for bit in cpus_of(bitmap)) == sorted(apic_ids)
    assert all(bitmap < 1 << WINDOW for _, bitmap in found)


# The guest


def test_mask_is_sent_with_interrupts_off_in_two_words() -> None:
    mask = 1 << 1 | 1 << 70

    steps = list(done(KVM, KVM.operations.send_ipi_mask(context_of(KVM, cpus=80), mask, 0xFC)))

    assert isinstance(steps[0], DisableInterrupts)
    assert steps[1] == Hypercall(SEND_IPI, (1, 1 << 5, 1, 0xFC))
    assert [step.apic_id for step in steps if isinstance(step, HostSend)] == [1, 70]


def test_all_but_self_leaves_out_the_sender() -> None:
    steps = done(KVM, KVM.operations.send_ipi_mask_allbutself(context_of(KVM, cpu=1), 0b0111, 0xFC))

    assert [step.apic_id for step in steps if isinstance(step, HostSend)] == [0, 2]


def test_vector_2_is_an_nmi() -> None:
    steps = done(KVM, KVM.operations.send_ipi_mask(context_of(KVM), 0b0010, 2))

    assert HostSend(1, 0, DeliveryMode.NMI) in steps


def test_nobody_is_sent_to_without_a_hypercall() -> None:
    assert done(KVM, KVM.operations.send_ipi_mask(context_of(KVM), 0, 0xFC)) == []


def test_single_target_goes_through_icr_and_exits() -> None:
    steps = done(KVM, KVM.operations.send_ipi(context_of(KVM), 1, 0xFD))

    assert [type(step) for step in steps[1:]] == [VmExit, EmulatedWrite, VmEntry]
    assert not any(isinstance(step, Hypercall) for step in steps)


# The host


def test_call_gives_the_number_of_its_targets() -> None:
    steps, sent = answer(0b101, 1, 8, 0xFC)

    fixed = DeliveryMode.FIXED
    assert sent == 3
    assert steps[2:] == [*(HostSend(apic_id, 0xFC, fixed) for apic_id in (8, 10, 72)), VmEntry()]
    assert isinstance(steps[1], HostWork)


@pytest.mark.parametrize("bit", [1 << 11, 1 << 18, 1 << 19], ids=["logical", "self", "all"])
def test_destination_mode_and_shorthands_are_refused(bit: int) -> None:
    steps, sent = answer(1, 0, 0, bit | 0xFC)

    assert [type(step) for step in steps] == [Hypercall, VmEntry]
    assert sent == KVM_EINVAL == -22


@pytest.mark.parametrize(
    ("bits", "trigger"), [(1 << 14, TriggerMode.EDGE), (1 << 14 | 1 << 15, TriggerMode.LEVEL)], ids=["assert", "level"]
)
def test_level_and_trigger_mode_are_taken(bits: int, trigger: TriggerMode) -> None:
    steps, sent = answer(1, 0, 3, bits | 0xFC)

    assert HostSend(3, 0xFC, DeliveryMode.FIXED, trigger_mode=trigger) in steps
    assert sent == 1


def test_level_that_is_not_asserted_reaches_nobody() -> None:
    steps, sent = answer(1, 0, 0, 1 << 15 | 0xFC)

    assert not any(isinstance(step, HostSend) for step in steps)
    assert sent == 0
