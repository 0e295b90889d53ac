from typing import get_args

from app.costs.sheet import REQUIRED_ENTRIES
from app.guest.steps import PRICED, PRICES, Delay, GuestStep, HostStep, Hypercall, Word, Work, price_of


def test_every_step_that_brings_no_price_has_its_place_in_a_cost_sheet() -> None:
    steps = {*get_args(GuestStep), *get_args(HostStep)}

    assert set(PRICES) == steps - {*PRICED, Delay}


def test_every_place_is_an_entry_of_a_cost_sheet() -> None:
    assert set(PRICES.values()) <= set(REQUIRED_ENTRIES)


def test_words_are_told_apart_by_identity() -> None:
    assert Word("lock") != Word("lock")


def test_step_that_brings_its_price_stands_under_it() -> None:
    assert price_of(Work("handler_device", "serves")) == "handler_device"
    assert price_of(Hypercall("EVTCHNOP_send", (), "hypervisor_call")) == "hypervisor_call"
