"""How much of a number is somebody's guess."""

import pytest

from app.costs.sheet import load_cost_sheet
from app.engine.work import Work
from app.measure.comparison import Bar, Row, Shares, Waterfall
from app.measure.confidence import cycles_by_confidence, entries_used, guessed_share, is_estimate

SHEET = load_cost_sheet("skylake-sp")
BY_CONFIDENCE = {entry.confidence: name for name, entry in SHEET.entries.items()}


def ipi(assumed: int, derived: int, unpriced: int = 0) -> Waterfall:
    """So many cycles of each confidence."""
    return Waterfall(
        "kvm-pv",
        (
            Bar(0, assumed, 0, "guest", "", BY_CONFIDENCE["assumed"]),
            Bar(0, derived, 0, "hypervisor", "", BY_CONFIDENCE["derived"]),
            Bar(0, unpriced, 0, "guest", "", ""),
        ),
    )


def test_cycles_are_counted_by_the_confidence_of_what_prices_them() -> None:
    assert cycles_by_confidence(ipi(3, 5, 7), SHEET) == {"assumed": 3, "derived": 5, "": 7}


@pytest.mark.parametrize(("assumed", "derived", "estimate"), [(51, 49, True), (50, 50, False), (0, 9, False)])
def test_number_is_an_estimate_when_assumed_cycles_are_more_than_half(
    assumed: int, derived: int, estimate: bool
) -> None:
    assert guessed_share(ipi(assumed, derived), SHEET) == assumed / (assumed + derived)
    assert is_estimate(ipi(assumed, derived), SHEET) is estimate


def test_what_has_no_price_makes_nothing_surer() -> None:
    assert guessed_share(ipi(1, 1, unpriced=1000), SHEET) == 0.5
    assert guessed_share(Waterfall("vmi", ()), SHEET) == 0.0


def test_figure_changed_by_hand_is_no_guess() -> None:
    changed = SHEET.with_values({BY_CONFIDENCE["assumed"]: 77})

    assert guessed_share(ipi(9, 1), changed) == 0.0


def row(backend: str) -> Row:
    return Row(backend, "linux-6", (), (), Work(0, 0, 0), Shares(0, 0, 0, 0), None, 0)


def test_entries_used_are_those_of_the_compared_back_ends_in_the_order_of_the_sheet() -> None:
    native = [used.name for used in entries_used([row("native-xapic")], SHEET)]
    both = [used.name for used in entries_used([row("native-xapic"), row("trap-emulate")], SHEET)]

    assert {"mmio_read", "mmio_write", "interrupt_entry", "message_flight"} <= set(native)
    assert set(both) - set(native) >= {"vm_exit", "vm_entry", "decode", "emulate_write"}
    assert "evtchn_send" not in both
    places = [list(SHEET.entries).index(name) for name in both]
    assert places == sorted(set(places))
