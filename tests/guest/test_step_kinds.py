"""The table of the kinds of steps."""

from typing import Any, get_args

import pytest

from app.costs.sheet import REQUIRED_ENTRIES
from app.guest.step_kinds import KIND_OF, NO_WORK, STEPS, Side, StepKind, price_of, side_of
from app.guest.steps import (
    Delay,
    Fence,
    GuestStep,
    HostStep,
    HostWork,
    Hypercall,
    HypervisorCall,
    MemoryStep,
    VirtualRead,
    VmExit,
    Word,
    Work,
)

each_kind = pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.step.__name__)


def test_every_kind_of_step_stands_there_once() -> None:
    assert len(STEPS) == len(KIND_OF)
    assert set(KIND_OF) == {*get_args(GuestStep), *get_args(HostStep)}


@each_kind
def test_a_kind_has_an_entry_of_a_cost_sheet_or_its_steps_bring_one(kind: StepKind) -> None:
    fields: Any = kind.step

    if kind.entry is None:
        assert "price" in fields._fields
    else:
        assert kind.entry in {*REQUIRED_ENTRIES, NO_WORK}
        assert "price" not in fields._fields


@each_kind
def test_a_call_leaves_the_guest_and_is_at_work_in_the_host(kind: StepKind) -> None:
    assert kind.is_exit >= kind.is_hypercall
    assert not kind.is_exit or kind.side is Side.HOST


def test_what_touches_memory_alone_is_the_union_of_that_name() -> None:
    assert {kind.step for kind in STEPS if kind.is_memory} == {*get_args(MemoryStep)}


def test_words_are_told_apart_by_identity() -> None:
    assert Word("lock") != Word("lock")


def test_step_that_brings_its_price_stands_under_it() -> None:
    assert price_of(Work("handler_device", "serves")) == "handler_device"
    assert price_of(Hypercall("EVTCHNOP_send", (), "hypervisor_call")) == "hypervisor_call"
    assert price_of(Fence()) == "fence"
    assert price_of(Delay(10)) == NO_WORK


def test_who_is_at_work_depends_on_the_kind_and_on_what_hardware_does_for_a_host() -> None:
    assert side_of(Fence()) is Side.GUEST
    assert side_of(HypervisorCall("get", 0x300, None)) is Side.HOST
    assert side_of(VmExit("HLT")) is Side.HOST
    assert side_of(VirtualRead(0x80)) is Side.HARDWARE
    assert side_of(HostWork("posted_delivery", "takes the vector")) is Side.HARDWARE
    assert side_of(HostWork("inject", "puts it in")) is Side.HOST
