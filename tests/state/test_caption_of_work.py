"""What a CPU is to do, and what it does: in the caption of the state."""

import pytest

from app.backends.catalogue import BACKENDS
from tests.state.captioned import Machine, stimulus


def test_interrupt_command_that_was_given_while_time_stands_still_is_named() -> None:
    machine = Machine()
    machine.told_to_send(0x61)

    assert machine.caption == {
        "kind": "called",
        "words": "CPU 0 is to send 0x61 as soon as time runs.",
        "cpu": 0,
        "vector": None,
        "pin": None,
    }


def test_another_command_in_the_place_of_one_that_had_not_begun_is_named() -> None:
    machine = Machine()
    machine.told_to_send(0x61)
    assert "0x61" in machine.words
    processor = machine.drive.simulation.processors[0]
    processor.calls.clear()

    machine.told_to_send(0x62)

    assert machine.words == "CPU 0 is to send 0x62 as soon as time runs."


def test_calls_behind_the_first_are_counted() -> None:
    machine = Machine()
    machine.drive.apply(stimulus("call_guest", cpu=1, function="smp_call_function"))
    for vector in (0x61, 0x62):
        machine.drive.apply(stimulus("send_ipi", cpu=1, vector=vector, destination=2))

    assert machine.words == "CPU 1 is to call smp_call_function() as soon as time runs, and 2 more calls after it."


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_nothing_waits_at_no_moment_of_a_call(backend: str) -> None:
    machine = Machine(backend)
    for function in ("smp_send_reschedule", "smp_call_function"):
        machine.drive.apply(stimulus("call_guest", cpu=0, function=function, arguments={"cpu": 2}))
    said = []
    while not machine.drive.simulation.at_rest:
        said.append(machine.words)
        machine.drive.run(operations=1)

    assert len(said) > 10
    assert "Nothing waits, and nothing is under way." not in said


def test_steps_in_the_hypervisor_are_told_apart() -> None:
    machine = Machine("trap-emulate")
    machine.told_to_send(0x61)
    said = []
    while machine.drive.run(operations=1):
        said.append(machine.words)

    inside = [words for words in said if words.startswith("CPU 0 runs apic_icr_write(), in the hypervisor")]
    assert inside[:3] == [
        "CPU 0 runs apic_icr_write(), in the hypervisor: leaves the guest: APIC access.",
        "CPU 0 runs apic_icr_write(), in the hypervisor: fetches and decodes the instruction.",
        "CPU 0 runs apic_icr_write(), in the hypervisor: reads the virtual ICR LOW (0x300).",
    ]
    assert "CPU 2 handles 0x61, in the hypervisor." in said  # it is being brought in, by a step that is no hypervisor's


def test_pin_that_waits_says_whose_eoi_it_waits_for() -> None:
    machine = Machine()
    machine.do("configure_pin", pin=18, entry=1 << 56 | 1 << 15 | 0xB1)
    machine.drive.apply(stimulus("raise_pin", pin=18))
    one = machine.drive.machine.cpus[1]
    machine.until(lambda _: 0xB1 in one.apic.isr)

    assert machine.words == "The line of pin 18 is up, and nothing is sent: remote IRR is 1 until CPU 1's EOI of 0xb1."
