"""What overriding means in code, counted in the code itself."""

import pytest

from app.backends.catalogue import backend
from app.guest.generations import GENERATIONS
from app.verdict.code import lines_of, overriding, same_shape, touching


def test_what_the_message_names_lies_above_the_register() -> None:
    kernel = touching(GENERATIONS["linux-2.6.22"])

    assert {"apic_wait_icr_idle", "apic_write_around"} <= set(kernel.directly)
    assert {"__send_ipi_shortcut", "send_ipi_allbutself", "smp_call_function", "ack_apic_irq"} <= set(kernel.indirectly)


def test_what_touches_no_register_is_not_counted() -> None:
    kernel = touching(GENERATIONS["linux-2.6.22"])
    counted = {*kernel.directly, *kernel.indirectly}

    assert not counted & {"native_apic_read", "native_apic_write", "spin_lock", "spin_unlock", "__prepare_icr2"}


def test_only_the_kernel_of_the_argument_is_listed() -> None:
    with pytest.raises(ValueError, match="linux-6"):
        touching(GENERATIONS["linux-6"])


def test_lines_are_those_that_do_something() -> None:
    def documented(value: int) -> int:
        """A docstring is no line."""
        # Nor is a comment.
        value += 1

        return value

    assert lines_of(documented) == 2  # type: ignore[arg-type]  # a function is a FunctionType


def test_same_instructions_with_another_call_inside_are_a_copy() -> None:
    def native(value: int) -> int:
        return abs(value)

    def replaced(value: int) -> int:
        return int(value)

    def different(value: int) -> int:
        return abs(value) + 1

    assert same_shape(native.__code__, replaced.__code__)
    assert not same_shape(native.__code__, different.__code__)


def test_register_overrides_are_the_smallest_and_repeat_nothing() -> None:
    two, all_of_it = (overriding(backend(name, "linux-2.6.22")) for name in ("vmi", "xen-evtchn"))

    assert two.operations == ("apic_read", "apic_write", "startup_ipi_hook")
    assert two.replaced_functions == ("native_apic_read", "native_apic_write", "native_nop")
    assert two.copies == ()
    assert two.lines < all_of_it.lines


def test_send_to_all_but_oneself_is_written_again_and_again() -> None:
    assert overriding(backend("kvm-pv", "linux-6")).copies == ("kvm_send_ipi_mask_allbutself",)


def test_whoever_overrides_nothing_writes_nothing() -> None:
    nothing = overriding(backend("apicv", "linux-6"))

    assert (nothing.operations, nothing.lines, nothing.copies) == ((), 0, ())
