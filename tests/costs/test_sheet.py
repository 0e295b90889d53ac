"""A cost sheet: read, priced, changed by hand and written again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalogue import BACKENDS
from app.costs.entries import ENTRY_GROUPS, ENTRY_WORDS, REQUIRED_ENTRIES, CostEntry, cycles_of
from app.costs.sheet import (
    DEFAULT_COST_SHEET,
    NoFigure,
    UnusableCostSheet,
    cost_sheet_names,
    load_cost_sheet,
    parse_cost_sheet,
)
from tests.costs.sheet_texts import COMPLETE, with_entry

FIGURE = CostEntry(5, "cycles", (4, 6), "measured here", "published", 5)


def test_complete_sheet_is_read() -> None:
    sheet = parse_cost_sheet("mine", COMPLETE)

    assert (sheet.name, sheet.title, sheet.hardware) == ("mine", "A sheet", "A CPU")
    assert (sheet.hypervisor, sheet.summary) == ("A hypervisor", "What it is for.")
    assert (sheet.gigahertz, sheet.gigahertz_source) == (2.5, "its data sheet")
    assert dict(sheet.entries) == dict.fromkeys(REQUIRED_ENTRIES, FIGURE)
    assert sheet.cycles == dict.fromkeys(REQUIRED_ENTRIES, 5)
    assert sheet.unavailable == {}


def test_every_entry_has_a_sentence_and_stands_in_one_group() -> None:
    assert len(REQUIRED_ENTRIES) == sum(len(group.words) for group in ENTRY_GROUPS)
    assert all(words.endswith(".") for words in ENTRY_WORDS.values())


@pytest.mark.parametrize(
    ("value", "unit", "cycles"), [(3, "ns", 8), (10, "ns", 25), (0.2, "ns", 1), (7, "cycles", 7), (7.4, "cycles", 7)]
)
def test_nanoseconds_become_cycles_of_the_tsc_rounded(value: float, unit: str, cycles: int) -> None:
    body = f'value = {value}\nunit = "{unit}"\nrange = [0, 10]\nsource = "s"\nconfidence = "derived"\n'

    sheet = parse_cost_sheet("mine", with_entry("decode", body))

    assert sheet.price("decode") == cycles_of(value, unit, 2.5) == cycles


# What the hardware lacks


def test_hardware_may_be_without_a_back_end_whatever_figures_there_are() -> None:
    sheet = parse_cost_sheet("mine", COMPLETE + '[without]\napicv = "Not from this maker."\n')

    assert sheet.without == {"apicv": "Not from this maker."}
    assert sheet.unavailable == {}
    assert sheet.with_values({"decode": 4}).without == sheet.without
    assert parse_cost_sheet("mine", sheet.to_toml()) == sheet


@pytest.mark.parametrize("name", cost_sheet_names())
def test_what_a_sheet_is_without_is_a_back_end(name: str) -> None:
    assert set(load_cost_sheet(name).without) <= set(BACKENDS)


def test_unavailable_entry_has_no_cycles_but_a_reason() -> None:
    sheet = parse_cost_sheet("mine", with_entry("fence", 'unavailable = "No x2APIC."\n'))

    assert sheet.entries["fence"].cycles is None
    assert "fence" not in sheet.cycles
    assert sheet.unavailable == {"fence": "No x2APIC."}


def test_pricing_what_is_not_there_says_why() -> None:
    sheet = parse_cost_sheet("mine", with_entry("fence", 'unavailable = "No x2APIC."\n'))

    with pytest.raises(NoFigure, match=r"^mine has no figure for fence: No x2APIC\.$"):
        sheet.price("fence")


# Sheets that come along


def test_default_sheet_comes_with_the_program_and_first() -> None:
    assert load_cost_sheet(DEFAULT_COST_SHEET).name == DEFAULT_COST_SHEET
    assert cost_sheet_names() == ("2007", "amd-zen3", "sapphire-rapids", "skylake-sp")


@pytest.mark.parametrize("name", ["1995", "../cost_sheet", ""])
def test_sheet_that_does_not_exist_is_not_found(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="there are 2007, amd-zen3"):
        load_cost_sheet(name)


# Changed by hand


def test_changed_copy_says_what_was_changed_and_leaves_the_sheet_alone() -> None:
    sheet = parse_cost_sheet("mine", COMPLETE)

    changed = sheet.with_values({"vm_exit": 900})

    assert changed.name == "mine-changed"
    assert changed.entries["vm_exit"] == CostEntry(
        900, "cycles", (900, 900), "changed by hand from 5 cycles, published: measured here", "yours", 900
    )
    assert changed.entries["vm_entry"] == FIGURE
    assert sheet.entries["vm_exit"] == FIGURE


def test_changed_twice_is_still_named_once() -> None:
    changed = parse_cost_sheet("mine", COMPLETE).with_values({"vm_exit": 900}).with_values({"vm_exit": 901})

    assert changed.name == "mine-changed"
    assert changed.entries["vm_exit"].source == "changed by hand from 5 cycles, published: measured here"


def test_same_value_is_no_change() -> None:
    sheet = parse_cost_sheet("mine", COMPLETE)

    assert sheet.with_values({"vm_exit": 5}) is sheet


def test_what_the_hardware_lacks_can_be_given_a_price() -> None:
    sheet = parse_cost_sheet("mine", with_entry("fence", 'unavailable = "No x2APIC."\n'))

    changed = sheet.with_values({"fence": 40})

    assert changed.price("fence") == 40
    assert changed.unavailable == {}
    assert changed.entries["fence"].source == "given by hand; the sheet has none: No x2APIC."


def test_changes_that_cannot_be_are_all_named() -> None:
    sheet = parse_cost_sheet("mine", COMPLETE)

    with pytest.raises(UnusableCostSheet) as refused:
        sheet.with_values({"teleport": 1, "vm_exit": -1, "mmio_read": 0, "decode": 10**10, "halt": float("nan")})

    assert [(error.line, error.key) for error in refused.value.errors] == [
        (0, "teleport"),
        (0, "vm_exit"),
        (0, "mmio_read"),
        (0, "decode"),
        (0, "halt"),
    ]
    assert "mine: teleport: is no entry of a cost sheet\n" in str(refused.value)


# Written again


@pytest.mark.parametrize("name", cost_sheet_names())
def test_sheet_that_comes_along_survives_being_written(name: str) -> None:
    sheet = load_cost_sheet(name)

    assert parse_cost_sheet(name, sheet.to_toml()) == sheet


def test_changed_sheet_survives_being_written() -> None:
    changed = load_cost_sheet("2007").with_values({"hypercall": 700, "smm_entry": 1.25})

    assert parse_cost_sheet(changed.name, changed.to_toml()) == changed


@given(
    text=st.text(min_size=1).filter(str.strip),
    value=st.one_of(st.integers(0, 10**9), st.floats(0, 10**9)),
)
def test_any_text_and_number_survive_being_written(text: str, value: float) -> None:
    body = f'value = {value}\nunit = "cycles"\nrange = [0, 1e9]\nsource = "s"\nconfidence = "assumed"\n'
    sheet = replace(parse_cost_sheet("mine", with_entry("decode", body)), title=text)

    assert parse_cost_sheet("mine", sheet.to_toml()) == sheet
