"""Two kernels side by side."""

import pytest

from app.guest.apic_ops import Generation
from app.guest.generations import DEFAULT_GENERATION, GENERATIONS
from app.guest.linux_6.kernel import X2APIC_CLUSTER_OPERATIONS, X2APIC_PHYS_OPERATIONS
from app.x86.model_specific_registers import ApicMode

generations = pytest.mark.parametrize("kernel", GENERATIONS.values(), ids=GENERATIONS.keys())


def test_kernels_are_found_by_their_names() -> None:
    assert list(GENERATIONS) == ["linux-2.6.22", "linux-6"]
    assert [kernel.name for kernel in GENERATIONS.values()] == list(GENERATIONS)
    assert DEFAULT_GENERATION == "linux-2.6.22"


def test_people_can_call_the_same_functions_in_every_kernel() -> None:
    assert len({tuple(kernel.functions) for kernel in GENERATIONS.values()}) == 1


def test_only_todays_kernel_knows_x2apic_mode() -> None:
    assert [name for name, kernel in GENERATIONS.items() if kernel.x2apic] == ["linux-6"]


@generations
def test_both_modes_have_the_same_entries(kernel: Generation) -> None:
    for table in (kernel.x2apic, kernel.x2apic_phys):
        assert table is None or table.entries() == kernel.xapic.entries()


def test_kernel_names_clusters_where_interrupts_are_remapped_and_one_cpu_where_they_are_not() -> None:
    kernel = GENERATIONS["linux-6"]

    assert kernel.native_operations(ApicMode.X2APIC, interrupt_remapping=True) is X2APIC_CLUSTER_OPERATIONS
    assert kernel.native_operations(ApicMode.X2APIC, interrupt_remapping=False) is X2APIC_PHYS_OPERATIONS
    assert kernel.native_operations(ApicMode.XAPIC, interrupt_remapping=True) is kernel.xapic
    assert GENERATIONS["linux-2.6.22"].native_operations(ApicMode.X2APIC, interrupt_remapping=True) is None


@generations
def test_reschedule_vector_has_a_name_and_a_handler_of_its_own(kernel: Generation) -> None:
    assert kernel.vector_names[kernel.reschedule_vector] == "reschedule"
    assert kernel.handler_of(kernel.reschedule_vector) is not kernel.handler_of(0x51)


def test_flush_has_a_vector_of_its_own_in_the_old_kernel_alone() -> None:
    named = [name for name, kernel in GENERATIONS.items() if "invalidate TLB" in kernel.vector_names.values()]

    assert named == ["linux-2.6.22"]
