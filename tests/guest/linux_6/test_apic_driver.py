"""Today's send paths, access by access: the page, MSRs with logical clusters, MSRs with physical destinations."""

import pytest

from app.guest.linux_6.smp import apic_send_ipi_allbutself
from app.guest.linux_6.x2apic_cluster import logical_apicid
from app.guest.steps import Delay, DisableInterrupts, EnableInterrupts, Fence, Load, Step, Store, WriteMsr
from app.x86.icr import DELIVERY_STATUS
from app.x86.registers import Register
from tests.guest.by_hand import steps_of, stores_of, x2apic, x2apic_phys, xapic

LOAD_ICR = Load(Register.ICR_LOW)
LOGICAL, NMI = 1 << 11, 4 << 8
ICR_MSR = 0x830


def written(steps: list[Step]) -> list[tuple[int, int]]:
    """Destination and low half of each WRMSR of ICR."""
    return [(step.value >> 32, step.value & 0xFFFF_FFFF) for step in steps if isinstance(step, WriteMsr)]


# The page


def test_unicast_is_one_icr_pair_with_interrupts_off() -> None:
    steps = steps_of(xapic().operations.send_ipi(xapic(), 2, 0xFD))

    assert isinstance(steps[0], DisableInterrupts)
    assert steps[1:] == [
        LOAD_ICR,
        Store(Register.ICR_HIGH, 0x0200_0000),
        Store(Register.ICR_LOW, 0xFD),
    ]


def test_interrupts_that_were_on_go_on_again() -> None:
    for context in (xapic(), x2apic()):
        context.cpu.interrupt_flag = True
        assert isinstance(steps_of(context.operations.send_ipi_mask(context, 0b10, 0xFD))[-1], EnableInterrupts)


def test_mask_is_one_physical_icr_pair_a_cpu() -> None:
    context = xapic()

    assert stores_of(context.operations.send_ipi_mask(context, 0b1010, 0xFC)) == [
        (Register.ICR_HIGH, 0x0100_0000),
        (Register.ICR_LOW, 0xFC),
        (Register.ICR_HIGH, 0x0300_0000),
        (Register.ICR_LOW, 0xFC),
    ]


def test_every_send_waits_for_the_one_before() -> None:
    steps = steps_of(xapic().operations.send_ipi_self(xapic(), 0x41), DELIVERY_STATUS, 0)

    assert steps == [LOAD_ICR, LOAD_ICR, Store(Register.ICR_LOW, 1 << 18 | 0x41)]


@pytest.mark.parametrize(("operation", "shorthand"), [("send_ipi_all", 2), ("send_ipi_allbutself", 3)])
def test_shorthands_need_no_destination(operation: str, shorthand: int) -> None:
    low = shorthand << 18 | 0xFC

    on_page = steps_of(getattr(xapic().operations, operation)(xapic(), 0xFC))
    by_msr = steps_of(getattr(x2apic().operations, operation)(x2apic(), 0xFC))

    assert on_page == [LOAD_ICR, Store(Register.ICR_LOW, low)]
    assert [type(step) for step in by_msr] == [Fence, WriteMsr]
    assert by_msr[1] == WriteMsr(ICR_MSR, low)


def test_vector_2_is_an_nmi_which_has_no_vector() -> None:
    assert stores_of(xapic().operations.send_ipi(xapic(), 1, 2))[-1] == (Register.ICR_LOW, NMI)
    assert written(steps_of(x2apic().operations.send_ipi(x2apic(), 1, 2))) == [(0b10, LOGICAL | NMI)]
    assert written(steps_of(x2apic_phys().operations.send_ipi(x2apic_phys(), 1, 2))) == [(1, NMI)]


def test_nmi_waits_for_the_send_before_no_longer_than_a_tenth_of_a_second() -> None:
    steps = steps_of(xapic().operations.send_ipi_self(xapic(), 2), *[DELIVERY_STATUS] * 2_000)

    assert sum(step.microseconds for step in steps if isinstance(step, Delay)) == 100_000
    assert steps[-1] == Store(Register.ICR_LOW, 1 << 18 | NMI)


def test_there_is_nobody_else_to_send_to_on_a_single_cpu() -> None:
    assert steps_of(apic_send_ipi_allbutself(xapic(cpus=1), 0xFB)) == []
    assert len(steps_of(apic_send_ipi_allbutself(xapic(cpus=2), 0xFB))) == 2


# MSRs


@pytest.mark.parametrize(("cpu", "logical"), [(0, 1), (15, 0x8000), (16, 0x1_0001), (35, 0x2_0008)])
def test_logical_id_is_cluster_and_bit(cpu: int, logical: int) -> None:
    assert logical_apicid(cpu) == logical


def test_unicast_is_a_fence_and_one_wrmsr() -> None:
    fence, write = steps_of(x2apic().operations.send_ipi(x2apic(), 2, 0xFD))

    assert isinstance(fence, Fence)  # steps without fields are equal to one another
    assert write == WriteMsr(ICR_MSR, 0b100 << 32 | LOGICAL | 0xFD)


@pytest.mark.parametrize(("cpus", "clusters"), [(16, 1), (17, 2), (64, 4), (65, 5)])
def test_mask_is_one_wrmsr_a_cluster_of_16_behind_one_fence(cpus: int, clusters: int) -> None:
    context = x2apic(cpus=cpus)

    steps = steps_of(context.operations.send_ipi_mask(context, (1 << cpus) - 1, 0xFC))

    destinations = [destination for destination, _ in written(steps)]
    assert [type(step) for step in steps] == [Fence, DisableInterrupts] + [WriteMsr] * clusters
    assert [destination >> 16 for destination in destinations] == list(range(clusters))
    assert sum((destination & 0xFFFF).bit_count() for destination in destinations) == cpus


@pytest.mark.parametrize("cpus", [2, 16, 40])
def test_physical_mask_is_one_wrmsr_a_cpu_behind_one_fence(cpus: int) -> None:
    context = x2apic_phys(cpus=cpus)

    steps = steps_of(context.operations.send_ipi_mask(context, (1 << cpus) - 1, 0xFC))

    assert [type(step) for step in steps] == [Fence, DisableInterrupts] + [WriteMsr] * cpus
    assert written(steps) == [(cpu, 0xFC) for cpu in range(cpus)]


def test_all_but_self_leaves_out_the_sender() -> None:
    by_msr = x2apic(cpu=1)
    on_page = xapic(cpu=1)

    assert written(steps_of(by_msr.operations.send_ipi_mask_allbutself(by_msr, 0b111, 0xFC))) == [
        (0b101, LOGICAL | 0xFC)
    ]
    stores = stores_of(on_page.operations.send_ipi_mask_allbutself(on_page, 0b111, 0xFC))
    assert [value >> 24 for register, value in stores if register == Register.ICR_HIGH] == [0, 2]


def test_self_is_the_self_ipi_register() -> None:
    assert steps_of(x2apic().operations.send_ipi_self(x2apic(), 0x41)) == [WriteMsr(0x83F, 0x41)]


@pytest.mark.parametrize("register", [Register.DFR, Register.LDR, Register.ID, Register.VERSION])
def test_registers_that_cannot_be_written_in_x2apic_mode_are_left_alone(register: Register) -> None:
    assert list(x2apic().operations.apic_write(register, 1)) == []


def test_upper_half_of_icr_is_not_left_alone_and_faults() -> None:
    assert steps_of(x2apic().operations.apic_write(Register.ICR_HIGH, 1)) == [WriteMsr(0x831, 1)]


def test_dfr_reads_as_ones_without_an_access() -> None:
    code = x2apic().operations.apic_read(Register.DFR)

    with pytest.raises(StopIteration) as stop:
        next(code)
    assert stop.value.value == 0xFFFF_FFFF


def test_eoi_is_one_write() -> None:
    assert steps_of(xapic().operations.eoi(xapic())) == [Store(Register.EOI, 0)]
    assert steps_of(x2apic().operations.eoi(x2apic())) == [WriteMsr(0x80B, 0)]
