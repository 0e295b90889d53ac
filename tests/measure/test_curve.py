"""Cost against targets: held against a whole simulation, with the steps found in the numbers."""

from functools import lru_cache

import pytest

from app.backends.catalogue import BACKENDS
from app.costs.sheet import load_cost_sheet
from app.measure.comparison import Curve
from app.measure.curve import curve
from app.measure.measuring import DEFAULT_SHEET, kernel_for
from app.measure.running import run_workload
from app.measure.workloads import workload_of
from tests.engine.runs import counts

pytestmark = pytest.mark.slow

SHEET = load_cost_sheet(DEFAULT_SHEET)
under_every_back_end = pytest.mark.parametrize("backend", BACKENDS)


@lru_cache
def drawn(backend: str, function: str = "smp_call_function") -> Curve:
    return curve(function, backend, SHEET, kernel_for(backend, SHEET))


@under_every_back_end
@pytest.mark.parametrize("targets", [1, 16, 17, 129, 255])
def test_a_whole_simulation_says_the_same(backend: str, targets: int) -> None:
    measured = run_workload(workload_of(f"smp_call_function:{targets}"), backend, kernel_for(backend, SHEET), SHEET)

    point = drawn(backend).points[targets - 1]
    assert point.targets == targets
    assert (point.all_cycles, point.exits, point.hypercalls) == (measured.shares.total, *counts(measured.work)[1:])


@pytest.mark.parametrize(
    ("backend", "function"),
    [
        ("native-x2apic", "smp_send_reschedule"),
        ("kvm-pv", "flush_tlb_others"),
        ("apicv", "flush_tlb_others"),
        ("vmi", "send_ipi_mask"),
    ],
)
def test_so_it_does_for_other_functions(backend: str, function: str) -> None:
    measured = run_workload(workload_of(f"{function}:40"), backend, kernel_for(backend, SHEET), SHEET)

    assert drawn(backend, function).points[39].all_cycles == measured.shares.total


def test_a_cluster_holds_16_cpus() -> None:
    steps = drawn("native-x2apic").steps

    assert [targets for targets, _ in steps[:-1]] == list(range(17, 255, 16))
    assert steps[0] == (17, "2 ICR writes: one reaches 16 CPUs")
    assert steps[-1] == (255, "1 ICR write instead of 16 ICR writes: everybody else, by shorthand")


def test_a_hypercall_of_kvm_names_128_apic_ids() -> None:
    assert drawn("kvm-pv").steps == (
        (2, "1 KVM_HC_SEND_IPI instead of 1 ICR write"),
        (129, "2 KVM_HC_SEND_IPI: one reaches 128 CPUs"),
        (255, "1 ICR write instead of 2 KVM_HC_SEND_IPI"),
    )


def test_a_hypercall_of_hyperv_names_64_processors_and_a_longer_one_all() -> None:
    assert drawn("hyperv").steps == ((65, "1 HVCALL_SEND_IPI_EX instead of 1 HVCALL_SEND_IPI"),)


@pytest.mark.parametrize("backend", ["vmi", "xen-evtchn"])
def test_where_each_target_is_sent_to_alone_there_are_no_steps(backend: str) -> None:
    assert drawn(backend).steps == ()


@under_every_back_end
def test_sender_s_cost_rises_with_each_target_up_to_the_shorthand(backend: str) -> None:
    cycles = [point.sender_cycles for point in drawn(backend).points[:-1]]

    # A single target may go another way, and costs more or less than the first of many.
    assert cycles[1:] == sorted(cycles[1:])
    assert len(cycles) == 254


def test_a_price_that_a_sheet_lacks_is_an_error_with_its_reason() -> None:
    with pytest.raises(ValueError, match="VMCALL needs VT-x"):
        curve("smp_call_function", "hyperv", load_cost_sheet("2007"), "linux-6")


def test_unknown_function_is_an_error() -> None:
    with pytest.raises(KeyError):
        curve("printk", "vmi", SHEET, "linux-2.6.22")


def test_a_kernel_that_never_met_the_back_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="VMI left the kernel"):
        curve("smp_call_function", "vmi", SHEET, "linux-6")
