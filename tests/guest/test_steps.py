from typing import get_args

from app.backends.cost_sheet import REQUIRED_ENTRIES
from app.guest.steps import PRICES, GuestStep, HostStep, Word, Work


def test_every_step_but_work_has_its_place_in_a_cost_sheet() -> None:
    steps = {*get_args(GuestStep), *get_args(HostStep)}

    assert set(PRICES) == steps - {Work}


def test_every_place_is_an_entry_of_a_cost_sheet() -> None:
    assert set(PRICES.values()) <= set(REQUIRED_ENTRIES)


def test_words_are_told_apart_by_identity() -> None:
    assert Word("lock") != Word("lock")
