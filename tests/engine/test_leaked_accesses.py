"""Accesses that by-pass ``apic_read``: whoever has replaced that does not see them, and they trap as ever."""

import pytest

from app.commands.guest import CallGuest
from app.engine.events import AccessLeaked, GuestExited
from app.engine.simulation import Simulation
from app.x86.registers import Register
from tests.engine.runs import finish, happened

BOOT = CallGuest(0, "do_boot_cpu", target=1)
LEAK = AccessLeaked(1, Register.LDR, "logical_smp_processor_id")


def test_cpu_that_comes_up_under_vmi_leaks_one_access() -> None:
    simulation = Simulation(2, "vmi")
    log = finish(simulation, BOOT)

    assert happened(log, AccessLeaked) == [LEAK]
    assert simulation.counters.leaked == 1
    assert simulation.counters.accesses > 1


def test_leaked_access_faults_where_all_others_are_calls() -> None:
    log = [event for _, event in finish(Simulation(2, "vmi"), BOOT)]
    reasons = [event.reason for event in log if isinstance(event, GuestExited) and event.cpu == 1]

    assert log[log.index(LEAK) + 1] == GuestExited(1, "APIC access")
    assert reasons.count("APIC access") == 1
    assert {"APICRead", "APICWrite"} < set(reasons)


@pytest.mark.parametrize("backend", ["native-xapic", "trap-emulate"])
def test_nothing_leaks_where_nothing_was_replaced(backend: str) -> None:
    simulation = Simulation(2, backend, generation="linux-2.6.22")

    assert happened(finish(simulation, BOOT), AccessLeaked) == []
    assert simulation.counters.leaked == 0


def test_todays_kernel_has_no_such_access() -> None:
    simulation = Simulation(2, "hyperv")

    finish(simulation, BOOT)
    assert simulation.counters.leaked == 0


def test_log_says_what_was_by_passed() -> None:
    words = LEAK.words({})

    assert words.startswith("CPU 1: a leaked access: logical_smp_processor_id() reads LDR")
    assert "by-passes apic_read" in words
