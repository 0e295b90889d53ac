"""What a hypervisor does whichever way the guest comes in."""

import pytest

from app.backends import emulation
from app.backends.backend import Found
from app.guest.steps import (
    Acknowledge,
    Arriving,
    EmulatedRead,
    EmulatedWrite,
    EnterNmi,
    EnterSmm,
    Halt,
    VmEntry,
    VmExit,
)
from tests.backends.by_hand import drain

INJECT = emulation.INJECT
by_page_or_by_name = pytest.mark.parametrize("by_page", [True, False])


@by_page_or_by_name
def test_a_read_reads_the_model_and_gives_what_it_found(by_page: bool) -> None:
    code = emulation.emulate(0x80, None, by_page=by_page)

    assert drain(code, reads=0x35) == ([EmulatedRead(0x80, by_page)], 0x35)


@by_page_or_by_name
def test_a_write_writes_the_model(by_page: bool) -> None:
    assert drain(emulation.emulate(0x80, 0, by_page=by_page)) == ([EmulatedWrite(0x80, 0, by_page)], 0)


def test_a_write_that_sends_is_followed_by_the_way_to_each_target() -> None:
    code = emulation.emulate(0x300, 0xC00FC, by_page=True)

    assert next(code) == EmulatedWrite(0x300, 0xC00FC, True)
    assert [code.send(3), next(code), next(code)] == [emulation.NOTIFY] * 3
    with pytest.raises(StopIteration):
        next(code)


def test_halt_leaves_the_guest_first() -> None:
    steps, _ = drain(emulation.halt())

    assert steps == [VmExit("HLT"), Halt()]


@pytest.mark.parametrize("arrival", [Acknowledge(), EnterNmi(), EnterSmm()])
def test_a_running_guest_is_kicked_out_before_the_interrupt_is_injected(arrival: Arriving) -> None:
    steps, _ = drain(emulation.deliver(found=Found.RUNNING, arrival=arrival))

    assert steps == [VmExit("external interrupt"), INJECT, arrival, VmEntry()]


@pytest.mark.parametrize(
    ("arrival", "reason"),
    [(Acknowledge(), "interrupt window"), (EnterNmi(), "NMI window")],
)
def test_a_guest_that_let_nothing_in_leaves_by_its_window(arrival: Arriving, reason: str) -> None:
    steps, _ = drain(emulation.deliver(found=Found.AT_WINDOW, arrival=arrival))

    assert steps == [VmExit(reason), INJECT, arrival, VmEntry()]


@pytest.mark.parametrize("arrival", [Acknowledge(), EnterNmi(), EnterSmm()])
def test_a_halted_guest_is_out_already(arrival: Arriving) -> None:
    steps, _ = drain(emulation.deliver(found=Found.OUTSIDE, arrival=arrival))

    assert steps == [INJECT, arrival, VmEntry()]


def test_delivery_gives_the_vector_that_was_acknowledged() -> None:
    code = emulation.deliver(found=Found.OUTSIDE, arrival=Acknowledge())
    next(code)
    assert code.send(0) == Acknowledge()
    code.send(0x51)

    with pytest.raises(StopIteration) as end:
        code.send(0)

    assert end.value.value == 0x51
