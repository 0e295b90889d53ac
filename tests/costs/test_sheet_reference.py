"""A cost sheet named by a text, with figures changed by hand or without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.costs.entries import REQUIRED_ENTRIES
from app.costs.reference import (
    LONGEST_REFERENCE,
    UnusableReference,
    cost_sheet_of,
    reference_of,
)
from app.costs.sheet import cost_sheet_names, load_cost_sheet, parse_cost_sheet
from tests.costs.sheet_texts import COMPLETE

sheets = st.sampled_from(cost_sheet_names())
figures = st.dictionaries(st.sampled_from(REQUIRED_ENTRIES), st.integers(1, 100_000), max_size=4)


@pytest.mark.parametrize("name", cost_sheet_names())
def test_name_alone_is_the_sheet_itself(name: str) -> None:
    assert cost_sheet_of(name) is load_cost_sheet(name)
    assert reference_of(load_cost_sheet(name)) == name


def test_figures_behind_the_name_make_a_copy() -> None:
    sheet = cost_sheet_of("skylake-sp?vm_exit=900&decode=0")

    assert sheet.name == "skylake-sp-changed"
    assert (sheet.price("vm_exit"), sheet.price("decode")) == (900, 0)
    assert sheet.entries["vm_exit"].confidence == "yours"
    assert sheet.price("vm_entry") == load_cost_sheet("skylake-sp").price("vm_entry")


@pytest.mark.parametrize(
    "reference",
    ["/costs/2007?fence=30", "http://127.0.0.1:8000/costs/2007?fence=30", "https://apic.example/costs/2007?fence=30"],
)
def test_address_of_a_sheets_page_is_a_reference(reference: str) -> None:
    assert cost_sheet_of(reference) == cost_sheet_of("2007?fence=30")


def test_empty_figure_is_the_sheets_own() -> None:
    assert cost_sheet_of("2007?vm_exit=") is load_cost_sheet("2007")


@given(sheets, figures)
def test_reference_names_the_copy_it_was_made_from(name: str, values: dict[str, int]) -> None:
    sheet = load_cost_sheet(name).with_values(values)

    assert cost_sheet_of(reference_of(sheet)) == sheet


@pytest.mark.parametrize(
    ("reference", "problems"),
    [
        ("2007?vm_exti=900", [("vm_exti", "is no entry of a cost sheet")]),
        ("2007?vm_exit=fast", [("vm_exit", "must be a number such as 900 or 12.5, not “fast”")]),
        ("2007?vm_exit=-5", [("vm_exit", "must be 0 or more, not -5")]),
        ("2007?vm_exit=-1e400", [("vm_exit", "must be 0 or more, not -1e400")]),
        ("2007?vm_exit=1e400", [("vm_exit", "must be at most 1,000,000,000 cycles, not 1e400")]),
        ("2007?vm_exit=999999999999999", [("vm_exit", "must be at most 1,000,000,000 cycles, not 999999999999999")]),
        ("2007?smm_entry=300000000", [("smm_entry", "must be at most 263,157,894 ns, not 300000000")]),
        (
            "2007?decode=1e3&vm_exit",
            [("decode", "must be written like 900 or 12.5, with at most three digits after the point, not “1e3”")],
        ),
        (
            "2007?decode=0.0001",
            [("decode", "must be written like 900 or 12.5, with at most three digits after the point, not “0.0001”")],
        ),
        (
            "2007?mmio_read=0",
            [("mmio_read", "must come to 1 cycle or more: a CPU polls with it until its message has arrived")],
        ),
        ("", [("", f"there are {', '.join(cost_sheet_names())}")]),
        ("2008", [("", f"there are {', '.join(cost_sheet_names())}")]),
        ("2007?" + "x" * LONGEST_REFERENCE, [("", "it is longer than 2,000 characters")]),
    ],
)
def test_refusal_names_every_entry(reference: str, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(UnusableReference, match="is no cost sheet: ") as refused:
        cost_sheet_of(reference)

    assert refused.value.problems == problems


def test_two_bad_entries_are_both_in_the_sentence() -> None:
    with pytest.raises(UnusableReference, match=r"is no cost sheet: vm_exti is no entry .*; decode must be a number"):
        cost_sheet_of("2007?vm_exti=1&decode=x")


def test_sheet_from_elsewhere_has_no_reference() -> None:
    with pytest.raises(KeyError, match="mine does not come with the program"):
        reference_of(parse_cost_sheet("mine", COMPLETE))
