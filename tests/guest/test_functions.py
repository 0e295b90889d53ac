"""The table of guest functions: what an entry says of itself is true of its code."""

from inspect import isgeneratorfunction, signature

import pytest

from app.guest.apic_ops import Generation
from app.guest.functions import Argument, CallArguments, GuestFunction, KernelFunction
from app.guest.generations import GENERATIONS, GUEST_FUNCTIONS
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22
from app.guest.steps import SpinUntil, Steps
from app.x86.icr import DeliveryMode
from tests.guest.by_hand import context_of, steps_of

ROWS = [(kernel, row) for kernel in GENERATIONS.values() for row in kernel.functions.values()]
rows = pytest.mark.parametrize(
    ("kernel", "row"), ROWS, ids=[f"{kernel.name}, {row.function.name}" for kernel, row in ROWS]
)
functions = pytest.mark.parametrize("function", GUEST_FUNCTIONS.values(), ids=GUEST_FUNCTIONS)


@rows
def test_code_is_a_generator_function_with_a_name_that_takes_what_the_entry_says(
    kernel: Generation, row: KernelFunction
) -> None:
    assert isgeneratorfunction(row.code)
    assert row.code.__name__ != "<lambda>"
    assert len(signature(row.code).parameters) == 1 + len(row.function.arguments)


@rows
def test_whoever_is_given_a_vector_has_none_of_its_own(kernel: Generation, row: KernelFunction) -> None:
    assert (row.interrupts_by is None) is (Argument.VECTOR in row.function.arguments)
    if not isinstance(row.interrupts_by, DeliveryMode | None):
        assert row.interrupts_by in kernel.vector_names


@functions
def test_every_function_says_in_a_sentence_what_it_is_for(function: GuestFunction) -> None:
    assert function.sentence.endswith(".")


@functions
def test_form_gives_arguments_that_the_function_takes(function: GuestFunction) -> None:
    assert set(function.form or ()) <= set(function.arguments)


def test_meaning_of_a_function_is_the_same_in_every_kernel() -> None:
    for kernel in GENERATIONS.values():
        for name, row in kernel.functions.items():
            assert row.function is GUEST_FUNCTIONS[name]


@pytest.mark.parametrize("function", [name for name, function in GUEST_FUNCTIONS.items() if function.waits])
def test_a_function_that_waits_does_so_in_every_kernel(function: str) -> None:
    for kernel in GENERATIONS.values():
        context = context_of(operations=kernel.xapic, generation=kernel)
        code = kernel.functions[function].begin(context, CallArguments(target=1))

        assert any(isinstance(step, SpinUntil) for step in steps_of(code)), kernel.name


def taken(*arguments: Argument, call: CallArguments, cpu: int = 1) -> list[int]:
    """What a function with these arguments is given by *call*, on CPU *cpu* of 4."""
    given: list[int] = []

    def code(context: object, *values: int) -> Steps[None]:
        given.extend(values)
        return
        yield

    context = context_of(cpu=cpu, operations=LINUX_2_6_22.xapic, generation=LINUX_2_6_22)
    steps_of(KernelFunction(GuestFunction("noting", arguments), code).begin(context, call))
    return given


def test_what_a_call_does_not_name_is_the_next_cpu_all_others_the_reschedule_vector_and_to_wait() -> None:
    assert taken(*Argument, call=CallArguments()) == [2, 0b1101, LINUX_2_6_22.reschedule_vector, True]
    assert taken(Argument.TARGET, call=CallArguments(), cpu=3) == [0]


def test_what_a_call_names_is_taken_and_a_target_is_a_mask_of_one() -> None:
    assert taken(*Argument, call=CallArguments(0, 0b1000, 0x41, wait=False)) == [0, 0b1000, 0x41, False]
    assert taken(Argument.MASK, call=CallArguments(target=3)) == [0b1000]


def test_a_function_is_given_nothing_that_it_does_not_take() -> None:
    assert taken(call=CallArguments(0, 0b1000, 0x41)) == []
