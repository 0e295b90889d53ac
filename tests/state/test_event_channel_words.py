"""A guest without an APIC: its events, steps, previews and states in the words of event channels."""

import re

import pytest

from app.commands.command import Circumstances, Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.machine import SetBackend, SetInterruptFlag
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.guest.steps import Acknowledge, DisableInterrupts, HostSend, ReturnFromInterrupt
from app.hw.events import Accepted, Merged
from app.session.simulated import SimulatedDrive
from app.state.event_records import event_record
from app.state.preview import preview
from app.state.step_words import step_words
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.vectors import VECTORS
from tests.engine.runs import finish, ipi, signal
from tests.there import there

HOLD, LET_GO = SetInterruptFlag(1, False), SetInterruptFlag(1, True)
RESCHEDULE = CallGuest(0, "smp_send_reschedule", target=1)
DEVICE = signal(1, DeliveryMode.FIXED, 0x41)
#: What only an APIC has.
OF_AN_APIC = re.compile(r"\b(IRR|ISR|ICR|TPR|PPR|EOI|APIC ID)\b")
every_generation = pytest.mark.parametrize("generation", GENERATIONS)


def sentences(simulation: Simulation, *commands: Stimulus) -> list[str]:
    names = GENERATIONS[simulation.generation].vector_names
    log = finish(simulation, *commands)
    return [event_record(number, time, event, names)["text"] for number, (time, event) in enumerate(log)]


@every_generation
def test_no_event_of_a_call_speaks_of_an_apic(generation: str) -> None:
    simulation = Simulation(4, "xen-evtchn", generation=generation)
    calls = [CallGuest(0, name, target=1, vector=0x51) for name in ("smp_call_function", "send_ipi_self")]

    said = [text for call in calls for text in sentences(simulation, call)]

    assert [text for text in said if OF_AN_APIC.search(text)] == []


def test_event_is_sent_to_a_port_pending_taken_and_its_bit_cleared() -> None:
    said = sentences(Simulation(2, "xen-evtchn"), RESCHEDULE)

    port = "port 0xfc (reschedule)"
    wanted = [
        f"CPU 0 has Xen send an event to {port} of CPU 1.",
        f"CPU 1: the pending bit of {port} is set.",
        f"CPU 1 takes the event of {port}: its pending bit is cleared.",
    ]
    assert [text for text in said if port in text] == wanted


def test_ports_are_named_as_the_kernel_of_the_session_names_its_vectors() -> None:
    said = sentences(Simulation(2, "xen-evtchn", generation="linux-6"), RESCHEDULE)

    assert "CPU 1: the pending bit of port 0xfd (reschedule) is set." in said


def test_second_event_of_a_port_is_said_to_have_been_pending() -> None:
    said = sentences(Simulation(2, "xen-evtchn"), HOLD, DEVICE, DEVICE)

    assert "CPU 1: port 0x41 was pending already; the two become one." in said


def test_apic_keeps_its_own_words() -> None:
    said = sentences(Simulation(2, "native-xapic"), HOLD, DEVICE, DEVICE)

    assert "CPU 1 accepts 0x41: IRR bit set." in said
    assert "CPU 1: 0x41 was requested already; the two become one." in said


@pytest.mark.parametrize(("before", "after"), [("native-xapic", "xen-evtchn"), ("xen-evtchn", "native-xapic")])
def test_switch_says_whether_there_is_an_apic_now(before: str, after: str) -> None:
    said = sentences(Simulation(2, before), SetBackend(after))

    channels = after == "xen-evtchn"
    wanted = "now has no APIC but event channels" if channels else "now reaches its APIC by native-xapic"
    assert [text for text in said if wanted in text] == said
    assert ("no APIC but event channels" in SetBackend(after).done_words(Circumstances({}, paused=True))) is channels


def test_steps_of_an_upcall_are_no_steps_through_a_gate() -> None:
    assert step_words(Acknowledge(), event_channels=True).startswith("begins its upcall")
    assert step_words(DisableInterrupts(), event_channels=True) == "sets evtchn_upcall_mask"
    assert step_words(ReturnFromInterrupt(), event_channels=True) == "returns from the upcall"
    send = HostSend(2, 0xFB, DeliveryMode.FIXED, "evtchn_send")
    assert step_words(send) == "sets the pending bit of port 0xfb of virtual CPU 2"


def test_preview_says_that_there_is_no_icr_and_it_is_so() -> None:
    simulation = Simulation(2, "xen-evtchn")
    command = SendIpi(0, Icr(0x51, destination=1))

    seen = preview(simulation.machine, command, {})
    finish(simulation, command)

    assert seen.problems == [
        "Nothing would be sent: this guest has no APIC, and so no ICR. It sends by EVTCHNOP_send: ask the guest."
    ]
    assert (seen.receivers, seen.sentences) == ([], [])
    assert simulation.counters.messages == 0


def test_port_of_a_message_of_lowest_priority_is_named_without_it() -> None:
    accepted = Accepted(1, VECTORS[0xB9], DeliveryMode.LOWEST_PRIORITY, TriggerMode.LEVEL, 1, event_channel=True)
    merged = Merged(1, VECTORS[0xB9], DeliveryMode.LOWEST_PRIORITY, 1, event_channel=True)

    assert accepted.words({}) == "CPU 1: the pending bit of port 0xb9 is set (lowest priority, level-triggered)."
    assert merged.words({}) == "CPU 1: port 0xb9 was pending already; the two become one."


def test_preview_names_the_vector_as_the_session_s_kernel_does() -> None:
    simulation = Simulation(2, "native-xapic", generation="linux-6")
    names = GENERATIONS["linux-6"].vector_names

    seen = preview(simulation.machine, SendIpi(0, Icr(0xFC, destination=0x77)), names)

    assert seen.sentences == ["Nobody has APIC ID 0x77: 0xfc (call function) would be lost."]
    said = ipi(0, 1, 0xFC).done_words(Circumstances(names, paused=False))
    assert said == "CPU 0 has been told to send 0xfc (call function)."


def test_interrupt_command_for_a_guest_without_apics_is_answered_so() -> None:
    said = ipi(0, 1, 0xFC).done_words(Circumstances({}, paused=True, has_apics=False))

    assert said == "0xfc is not sent: this guest has no APIC. Ask it for a function that sends."


# States


def test_state_has_the_shared_words_of_a_port_that_waits() -> None:
    drive = SimulatedDrive(Simulation(2, "xen-evtchn"))
    finish(drive.simulation, HOLD, DEVICE)

    cpu = drive.state()["cpus"][1]

    channels = there(cpu["event_channels"])
    assert (int(channels["pending"], 16), int(channels["masked"], 16)) == (1 << 0x41, 0)
    assert (channels["selector"], channels["upcall_pending"], channels["upcall_mask"]) == ("0x2", True, False)
    assert cpu["why"] == [
        {
            "vector": 0x41,
            "gate": "upcall_mask",
            "text": "Port 0x41 waits: interrupts are held off by hand, though evtchn_upcall_mask is 0.",
        },
    ]
    assert there(drive.state()["cpus"][0]["event_channels"])["upcall_pending"] is False


def test_guest_has_taken_the_selector_once_its_upcall_runs_and_what_else_is_pending_waits_for_that() -> None:
    drive = SimulatedDrive(Simulation(2, "xen-evtchn"))
    finish(drive.simulation, HOLD, DEVICE, signal(1, DeliveryMode.FIXED, 0x61))
    drive.apply(LET_GO)
    taken = drive.interrupts_taken
    while drive.interrupts_taken == taken:
        drive.run(operations=1)

    cpu = drive.state()["cpus"][1]

    channels = there(cpu["event_channels"])
    assert (int(channels["pending"], 16), channels["selector"], channels["upcall_pending"]) == (1 << 0x61, "0x0", False)
    assert [reason["text"] for reason in cpu["why"]] == [
        "Port 0x61 waits: the upcall under way comes to it before it returns."
    ]
    assert there(cpu["step"])["words"].startswith("begins its upcall")
    assert [handler["vector"] for handler in cpu["handlers"]] == [0x41]


def test_apic_has_no_shared_words() -> None:
    assert SimulatedDrive(Simulation(1)).state()["cpus"][0]["event_channels"] is None


def test_message_from_a_pin_comes_from_no_cpu() -> None:
    drive = SimulatedDrive(Simulation(2))
    finish(drive.simulation)
    drive.simulation.machine.write_redirection_entry(1, 0x41)
    drive.simulation.machine.drive_pin(1, 1)
    drive.apply(SetInterruptFlag(0, True))

    assert [(flight["kind"], flight["source"]) for flight in drive.state()["in_flight"]] == [("io_apic", None)]
