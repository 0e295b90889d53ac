import pytest

from app.measure.functions import MEASURED_FUNCTIONS
from app.measure.scenarios import SCENARIOS
from app.measure.workloads import FunctionCall, UnknownWorkload, words_for, workload_of


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_is_found_by_its_name(name: str) -> None:
    assert workload_of(name) is SCENARIOS[name]


@pytest.mark.parametrize(
    ("name", "function", "targets"),
    [
        ("smp_call_function:64", "smp_call_function", 64),
        ("smp_call_function_many:255", "smp_call_function", 255),
        ("smp_call_function_single", "smp_call_function", 1),
        ("flush_tlb_multi:1", "flush_tlb_others", 1),
        ("send_IPI_mask:9", "send_ipi_mask", 9),
    ],
)
def test_function_is_found_by_the_names_of_both_kernels(name: str, function: str, targets: int) -> None:
    assert workload_of(name) == FunctionCall(MEASURED_FUNCTIONS[function], targets)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("thunder", "'thunder' is no scenario, function or file; scenarios: reschedule"),
        ("", "'' is no scenario"),
        ("printk:3", "'printk:3' is no scenario"),
        ("smp_call_function:0", "the number of targets must be from 1 to 255, not '0'"),
        ("smp_call_function:256", "must be from 1 to 255, not '256'"),
        ("smp_call_function:", "must be from 1 to 255, not ''"),
        ("smp_call_function:-3", "must be from 1 to 255, not '-3'"),
        ("smp_call_function:٣", "must be from 1 to 255"),
        ("smp_call_function:" + "9" * 5000, "must be from 1 to 255"),
        ("smp_call_function_single:2", "smp_call_function_single has one target"),
    ],
)
def test_anything_else_is_refused_with_what_there_is(name: str, words: str) -> None:
    with pytest.raises(UnknownWorkload) as refused:
        workload_of(name)

    assert words in str(refused.value)


def test_a_workload_is_named_in_a_line() -> None:
    assert words_for(workload_of("smp_call_function:64")) == "smp_call_function to 64 CPUs"
    assert words_for(workload_of("flush_tlb_others:1")) == "flush_tlb_others to 1 CPU"
    assert words_for(workload_of("reschedule")) == "reschedule: each CPU wakes the next one"
