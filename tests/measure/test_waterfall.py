"""One IPI, step by step."""

from itertools import pairwise

import pytest

from app.backends.catalogue import BACKENDS
from app.costs.sheet import load_cost_sheet
from app.measure.comparison import Bar
from app.measure.measuring import DEFAULT_SHEET, kernel_for
from app.measure.waterfall import waterfall

SHEET = load_cost_sheet(DEFAULT_SHEET)
under_every_back_end = pytest.mark.parametrize("backend", BACKENDS)


def bars(backend: str, function: str = "smp_send_reschedule") -> tuple[Bar, ...]:
    return waterfall(function, backend, SHEET, kernel_for(backend, SHEET)).bars


@under_every_back_end
def test_each_cpu_does_one_step_after_the_other(backend: str) -> None:
    for cpu in (0, 1):
        own = [bar for bar in bars(backend) if bar.cpu == cpu]
        assert own
        for bar, following in pairwise(own):
            assert following.start >= bar.start + bar.cycles


@under_every_back_end
def test_every_bar_is_as_long_as_the_sheet_says(backend: str) -> None:
    assert all(bar.cycles == SHEET.price(bar.price) for bar in bars(backend))


@under_every_back_end
def test_it_goes_from_the_send_over_the_bus_to_the_handler_s_return(backend: str) -> None:
    found = bars(backend)

    assert (found[0].start, found[0].cpu) == (0, 0)
    assert [bar.words for bar in found if bar.cpu == 1][-1] == "returns from the interrupt"
    flight = [bar for bar in found if bar.where == "bus"]
    assert [bar.cpu for bar in flight] == [None]
    target = [bar for bar in found if bar.cpu == 1]
    assert target[0].start == flight[0].start + flight[0].cycles


def test_only_a_native_guest_is_alone() -> None:
    alone = {backend for backend in BACKENDS if "hypervisor" not in {bar.where for bar in bars(backend)}}

    assert alone == {"native-xapic", "native-x2apic", "apicv"}


@pytest.mark.parametrize(
    ("backend", "exits"),
    [("native-xapic", 0), ("trap-emulate", 3 + 1 + 1), ("kvm-pv", 1 + 1), ("hyperv", 1), ("xen-evtchn", 1)],
)
def test_ways_out_of_the_guest_are_those_of_one_send_and_one_delivery(backend: str, exits: int) -> None:
    found = [bar for bar in bars(backend) if bar.price in ("vm_exit", "pv_interrupt")]

    assert len(found) == exits


def test_a_price_that_a_sheet_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="2007 has no figure for"):
        waterfall("smp_call_function", "apicv", load_cost_sheet("2007"), "linux-6")
