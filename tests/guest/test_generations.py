"""Two kernels side by side."""

import pytest

from app.guest.apic_ops import Generation
from app.guest.generations import DEFAULT_GENERATION, GENERATIONS

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
    assert kernel.x2apic is None or kernel.x2apic.entries() == kernel.xapic.entries()


@generations
def test_reschedule_vector_has_a_name_and_a_handler_of_its_own(kernel: Generation) -> None:
    assert kernel.vector_names[kernel.reschedule_vector] == "reschedule"
    assert kernel.handler_of(kernel.reschedule_vector) is not kernel.handler_of(0x51)


def test_flush_has_a_vector_of_its_own_in_the_old_kernel_alone() -> None:
    named = [name for name, kernel in GENERATIONS.items() if "invalidate TLB" in kernel.vector_names.values()]

    assert named == ["linux-2.6.22"]
