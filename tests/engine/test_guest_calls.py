"""Every function that can be called, from CPU 1 of 4: whom it reaches."""

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.engine.simulation import Simulation
from app.guest.generations import GUEST_FUNCTIONS
from app.x86.icr import Icr
from tests.engine.runs import finish, finished_calls, handled


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (CallGuest(1, "smp_call_function"), [(0, 0xFB), (2, 0xFB), (3, 0xFB)]),
        (CallGuest(1, "smp_call_function_single", target=3), [(3, 0xFB)]),
        (CallGuest(1, "smp_call_function_single"), [(2, 0xFB)]),
        (CallGuest(1, "smp_send_reschedule", target=0), [(0, 0xFC)]),
        (CallGuest(3, "smp_send_reschedule"), [(0, 0xFC)]),
        (CallGuest(1, "flush_tlb_others"), [(0, 0xFD), (2, 0xFD), (3, 0xFD)]),
        (CallGuest(1, "flush_tlb_others", target=2), [(2, 0xFD)]),
        (CallGuest(1, "flush_tlb_others", mask=0b1010), [(3, 0xFD)]),
        (CallGuest(1, "send_ipi_self"), [(1, 0xFC)]),
        (CallGuest(1, "send_ipi_self", vector=0x41), [(1, 0x41)]),
        (CallGuest(1, "send_ipi_allbutself", vector=0x41), [(0, 0x41), (2, 0x41), (3, 0x41)]),
        (CallGuest(1, "send_ipi_mask", mask=0b0011, vector=0x41), [(0, 0x41), (1, 0x41)]),
        (SendIpi(1, Icr(0x41, destination=2)), [(2, 0x41)]),
    ],
)
def test_call_reaches_whom_it_names(call: CallGuest | SendIpi, expected: list[tuple[int, int]]) -> None:
    log = finish(Simulation(4), call)

    assert sorted(handled(log)) == expected
    function = call.function if isinstance(call, CallGuest) else "apic_icr_write"
    assert (call.cpu, function) in finished_calls(log)


@pytest.mark.parametrize("function", [name for name in GUEST_FUNCTIONS if name != "do_boot_cpu"])  # nobody to boot
def test_every_function_returns_on_a_single_cpu(function: str) -> None:
    log = finish(Simulation(1), CallGuest(0, function))

    assert finished_calls(log) == [(0, function)]


@pytest.mark.parametrize("function", GUEST_FUNCTIONS)
def test_every_function_returns_with_the_most_cpus_of_flat_mode_and_with_one_more(function: str) -> None:
    for cpus in (8, 9):
        log = finish(Simulation(cpus), CallGuest(cpus - 1, function))

        assert finished_calls(log) == [(cpus - 1, function)]


def test_unknown_function_is_an_error() -> None:
    simulation = Simulation(1)
    simulation.apply(CallGuest(0, "panic"))

    with pytest.raises(KeyError, match="panic"):
        simulation.run()
