"""Cost sheets: the one that comes with the program, and what is wrong with one that cannot be used."""

import pytest

from app.backends.catalogue import BACKENDS
from app.backends.cost_sheet import (
    DEFAULT_COST_SHEET,
    REQUIRED_ENTRIES,
    CostEntry,
    UnusableCostSheet,
    load_cost_sheet,
    parse_cost_sheet,
)
from app.guest.steps import PRICES, Work
from app.x86.registers import Register
from tests.backends.helpers import done

ENTRY = 'cycles = 5\nsource = "measured here"\nconfidence = "published"\n'
COMPLETE = 'title = "A sheet"\n' + "".join(f"[{name}]\n{ENTRY}" for name in REQUIRED_ENTRIES)


def cycles(backend: str, *, write: bool) -> int:
    """What one access to TPR costs by the sheet of 2007."""
    operations = BACKENDS[backend].operations
    code = operations.apic_write(Register.TPR, 0) if write else operations.apic_read(Register.TPR)
    sheet = load_cost_sheet("2007").cycles
    steps = done(BACKENDS[backend], code)
    return sum(sheet[PRICES[type(step)]] for step in steps if not isinstance(step, Work))


# The sheet of 2007


@pytest.mark.parametrize("name", REQUIRED_ENTRIES)
def test_every_figure_has_its_source_and_a_known_confidence(name: str) -> None:
    entry = load_cost_sheet("2007").entries[name]

    assert entry.source
    assert entry.confidence in ("published", "derived", "assumed")


@pytest.mark.parametrize("write", [False, True])
def test_trapped_access_costs_what_was_published_in_all(write: bool) -> None:
    assert cycles("trap-emulate", write=write) == 2030


@pytest.mark.parametrize("write", [False, True])
def test_vmi_access_costs_what_a_call_out_was_published_to_cost(write: bool) -> None:
    assert cycles("vmi", write=write) == 1254


def test_shares_of_the_published_totals_are_derived_as_their_sources_say() -> None:
    sheet = load_cost_sheet("2007").cycles

    assert sheet["vm_entry"] == 2030 - sheet["vm_exit"] - sheet["decode"] - sheet["emulate_read"]
    assert sheet["hypervisor_call"] == 1254 - sheet["emulate_read"] - sheet["vm_entry"]
    assert sheet["emulate_write"] == sheet["emulate_read"]


def test_native_access_is_the_cheapest_and_trapping_the_dearest() -> None:
    assert cycles("native-xapic", write=True) < cycles("vmi", write=True) < cycles("trap-emulate", write=True)


def test_idle_time_is_not_work() -> None:
    assert load_cost_sheet("2007").cycles["halt"] == 0


def test_default_sheet_comes_with_the_program() -> None:
    assert load_cost_sheet(DEFAULT_COST_SHEET).name == DEFAULT_COST_SHEET


def test_sheet_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        load_cost_sheet("1995")


# Any sheet


def test_complete_sheet_is_read() -> None:
    sheet = parse_cost_sheet("mine", COMPLETE)

    assert (sheet.name, sheet.title) == ("mine", "A sheet")
    assert dict(sheet.entries) == dict.fromkeys(REQUIRED_ENTRIES, CostEntry(5, "measured here", "published"))
    assert sheet.cycles == dict.fromkeys(REQUIRED_ENTRIES, 5)


@pytest.mark.parametrize("name", REQUIRED_ENTRIES)
def test_missing_entry_is_named(name: str) -> None:
    with pytest.raises(UnusableCostSheet, match=f"^mine: {name} is missing$"):
        parse_cost_sheet("mine", COMPLETE.replace(f"[{name}]\n{ENTRY}", ""))


def test_unknown_entry_is_named() -> None:
    with pytest.raises(UnusableCostSheet, match=r"^mine: teleport is no entry"):
        parse_cost_sheet("mine", COMPLETE + f"[teleport]\n{ENTRY}")


def test_missing_title_is_named() -> None:
    with pytest.raises(UnusableCostSheet, match=r"^mine: title is missing$"):
        parse_cost_sheet("mine", COMPLETE.replace('title = "A sheet"', ""))


def test_what_is_no_toml_is_said_with_its_place() -> None:
    with pytest.raises(UnusableCostSheet, match=r"^mine: .*line 2"):
        parse_cost_sheet("mine", 'title = "A sheet"\nnonsense\n')


@pytest.mark.parametrize("wrong", ["-1", "1.5", "true", '"5"'])
def test_figure_that_is_no_number_of_cycles_is_named(wrong: str) -> None:
    text = COMPLETE.replace(f"[decode]\n{ENTRY}", f"[decode]\n{ENTRY.replace('cycles = 5', f'cycles = {wrong}')}")

    with pytest.raises(UnusableCostSheet, match=r"^mine: decode\.cycles must be a whole number of cycles"):
        parse_cost_sheet("mine", text)


@pytest.mark.parametrize("key", ["mmio_read", "emulate_read"])
def test_read_that_takes_no_time_is_refused_since_polling_would_never_end(key: str) -> None:
    text = COMPLETE.replace(f"[{key}]\n{ENTRY}", f"[{key}]\n{ENTRY.replace('cycles = 5', 'cycles = 0')}")

    with pytest.raises(UnusableCostSheet, match=rf"^mine: {key}\.cycles must be 1 or more"):
        parse_cost_sheet("mine", text)


def test_figure_without_source_is_named() -> None:
    text = COMPLETE.replace(f"[decode]\n{ENTRY}", f"[decode]\n{ENTRY.replace('measured here', '')}")

    with pytest.raises(UnusableCostSheet, match=r"^mine: decode\.source must say where"):
        parse_cost_sheet("mine", text)


def test_unknown_confidence_is_named_with_those_that_are_known() -> None:
    text = COMPLETE.replace(f"[decode]\n{ENTRY}", f"[decode]\n{ENTRY.replace('published', 'certain')}")

    with pytest.raises(
        UnusableCostSheet, match=r"^mine: decode\.confidence must be one of published, derived, assumed"
    ):
        parse_cost_sheet("mine", text)
