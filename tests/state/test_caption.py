"""Every case in which an interrupt does not come, or comes late: the caption of the state names the cause."""

from importlib import resources
from typing import Any

import pytest

from app.session.recorded import RecordedDrive, recorded_timeline
from app.state.caption import CAPTION_KINDS
from app.trace.readers.registry import read_recording
from app.x86.registers import Register
from tests.state.captioned import Machine, stimulus

APIC_BASE = 0x1B
DISABLED, XAPIC, X2APIC = 0xFEE0_0000, 0xFEE0_0800, 0xFEE0_0C00
OFF, MASKED = 0xFF, 1 << 16


# What waits at its CPU


def test_interrupts_that_a_person_holds_off() -> None:
    machine = Machine()
    machine.hold()
    machine.ipi()

    assert machine.caption == {
        "kind": "barred",
        "words": "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1.",
        "cpu": 2,
        "vector": 0x61,
        "pin": None,
    }


def test_interrupts_that_the_gate_of_a_handler_closed() -> None:
    machine = Machine()
    machine.told_to_send(0x61)
    machine.told_to_send(0x71)
    two = machine.drive.machine.cpus[2]
    machine.until(lambda _: 0x61 in two.apic.isr and 0x71 in two.apic.irr)

    assert machine.words == (
        "0x71 waits on CPU 2: interrupts are off (IF = 0): the gate of 0x61 closed them until its STI or IRET."
    )


def test_task_priority() -> None:
    machine = Machine()
    machine.do("write_cr8", cpu=2, value=6)
    machine.ipi()

    assert machine.words == "0x61 waits on CPU 2: class 6 is not above PPR 0x60, because TPR is 0x60."


def test_higher_class_in_service() -> None:
    machine = Machine()
    machine.told_to_send(0xFD)
    machine.told_to_send(0x51)
    two = machine.drive.machine.cpus[2]
    machine.until(lambda _: 0xFD in two.apic.isr and 0x51 in two.apic.irr)

    assert machine.words == (
        "0x51 waits on CPU 2: class 5 is not above PPR 0xf0, because 0xfd is in service; "
        "and interrupts are off (IF = 0)."
    )


def test_every_gate_that_stays_closed_is_named() -> None:
    machine = Machine()
    machine.write(Register.TPR, 0x70)
    machine.hold()
    machine.ipi(0x61)
    machine.ipi(0x62)

    assert machine.words == (
        "0x62 waits on CPU 2: class 6 is not above PPR 0x70, because TPR is 0x70; "
        "and interrupts are held off by hand, though IF is 1."
    )


def test_interrupts_held_off_while_the_guest_has_them_off_too() -> None:
    machine = Machine()
    machine.told_to_send(0x61)
    two = machine.drive.machine.cpus[2]
    machine.until(lambda _: 0x61 in two.apic.isr and not two.interrupt_flag)
    machine.drive.apply(stimulus("set_interrupt_flag", cpu=2, enabled=False))
    machine.told_to_send(0x71)
    machine.until(lambda _: 0x71 in two.apic.irr)

    assert not two.interrupt_flag
    assert machine.words == "0x71 waits on CPU 2: interrupts are held off by hand, and IF is 0."


def test_shadow_of_sti() -> None:
    machine = Machine()
    machine.told_to_send(0x41)
    machine.told_to_send(0x61)
    two = machine.drive.machine.cpus[2]
    machine.until(lambda _: two.interrupt_shadow and 0x61 in two.apic.irr)

    assert machine.words == "0x61 waits on CPU 2: STI lets interrupts in after the next instruction."


def test_another_vector_that_goes_first() -> None:
    machine = Machine()
    machine.hold()
    machine.ipi(0x41)
    machine.ipi(0x4F)
    machine.drive.apply(stimulus("set_interrupt_flag", cpu=2, enabled=True))

    assert machine.words == "0x41 waits on CPU 2: 0x4f goes first."


def test_vector_that_was_asked_for_twice() -> None:
    machine = Machine()
    machine.hold()
    machine.ipi()
    machine.ipi()

    assert machine.words == (
        "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1. "
        "It was asked for again meanwhile: the requests are one."
    )


def test_vector_that_had_become_part_of_another_is_told_when_both_are_over() -> None:
    machine = Machine()
    machine.hold()
    machine.told_to_send(0x61)
    machine.told_to_send(0x61)
    machine.drive.run(until_idle=True)
    machine.drive.machine.cpus[2].held_off = False
    machine.drive.simulation.wake(2)
    machine.drive.run(until_idle=True)

    assert (machine.caption["kind"], machine.words) == (
        "merged",
        "CPU 2: 0x61 was requested already; the two become one.",
    )


def test_nmi_behind_the_handler_of_another() -> None:
    machine = Machine()
    for _ in range(2):
        machine.drive.apply(stimulus("send_ipi", cpu=0, vector=0, destination=2, delivery_mode="nmi"))
    two = machine.drive.machine.cpus[2]
    machine.until(lambda _: two.nmi_running and bool(two.nmi_pending))

    assert machine.words == "NMI waits on CPU 2: an NMI is being handled."


def test_extint_of_the_8259_while_interrupts_are_held_off() -> None:
    machine = Machine()
    machine.hold(0)
    machine.write(Register.LVT_LINT0, 7 << 8, cpu=0)
    machine.do("raise_legacy_line", line=4)

    assert machine.words == "ExtINT waits on CPU 0: interrupts are held off by hand, though IF is 1."


# What reaches nobody


@pytest.mark.parametrize(
    "send",
    [
        {"destination": 9},
        {"destination": 0x40, "destination_mode": "logical"},
    ],
    ids=["physical", "logical"],
)
def test_ipi_to_nobody(send: dict[str, Any]) -> None:
    machine = Machine()
    machine.do("send_ipi", cpu=0, vector=0x61, **send)

    assert machine.caption["kind"] == "ended"
    assert machine.words == "0x61 reaches nobody: no APIC has this destination. It is lost."


def test_msi_to_nobody() -> None:
    machine = Machine()
    machine.do("send_msi", address=0xFEE0_9000, data=0x61)

    assert machine.words == "0x61 reaches nobody: no APIC has this destination. It is lost."


def test_apic_that_is_disabled_in_its_base_register() -> None:
    machine = Machine()
    machine.do("write_msr", cpu=2, msr=APIC_BASE, value=DISABLED)
    machine.ipi()

    assert machine.words.endswith("CPU 2 is meant, but its APIC is disabled in IA32_APIC_BASE.")


# What its target drops


def test_apic_that_is_software_disabled() -> None:
    machine = Machine()
    machine.write(Register.SVR, OFF)
    machine.ipi()

    assert machine.words == "CPU 2 drops 0x61: the APIC is software-disabled (SVR bit 8 is 0)."


def test_cpu_that_waits_for_a_start_up_ipi() -> None:
    machine = Machine()
    machine.ipi(0, delivery_mode="init")
    machine.ipi()

    assert machine.words == (
        "CPU 2 drops 0x61: the APIC is software-disabled (SVR bit 8 is 0). "
        "It was reset by INIT and waits for a start-up IPI."
    )


def test_start_up_ipi_to_a_cpu_that_runs() -> None:
    machine = Machine()
    machine.ipi(8, delivery_mode="startup")

    assert machine.words == (
        "CPU 2 drops start-up IPI to 0x08000: the CPU is halted, and not waiting for a start-up IPI: INIT comes first."
    )


# What never leaves its source


def test_thermal_sensor_whose_entry_is_masked() -> None:
    machine = Machine()
    machine.write(Register.LVT_THERMAL, MASKED | 0x61)
    machine.do("fire_local_source", cpu=2, source="thermal")

    assert machine.words == (
        "CPU 2: the source of LVT THERMAL (0x330) fires, and nothing comes of it: its LVT entry is masked."
    )


def test_performance_counter_that_overflows_a_second_time() -> None:
    machine = Machine()
    machine.write(Register.LVT_PERFORMANCE, 0x61)
    machine.do("fire_local_source", cpu=2, source="performance")
    machine.do("fire_local_source", cpu=2, source="performance")

    assert machine.words == (
        "CPU 2: the source of LVT PERFORMANCE (0x340) fires, and nothing comes of it: its LVT entry is masked."
    )


def test_line_at_a_masked_lint0() -> None:
    machine = Machine()
    machine.write(Register.LVT_LINT0, MASKED | 0x61)
    machine.do("raise_lint", cpu=2, pin=0)

    assert "LVT LINT0 (0x350) fires, and nothing comes of it: its LVT entry is masked" in machine.words


def test_timer_whose_entry_is_masked() -> None:
    machine = Machine()
    machine.write(Register.LVT_TIMER, MASKED | 0x61)
    machine.do("write_register", cpu=2, register=Register.TIMER_INITIAL_COUNT.name, value=100)
    machine.drive.run(until=machine.drive.time + 10_000)

    assert "LVT TIMER (0x320) fires, and nothing comes of it: its LVT entry is masked" in machine.words


def test_line_of_the_8259_at_a_masked_extint() -> None:
    machine = Machine()
    machine.write(Register.LVT_LINT0, MASKED | 7 << 8, cpu=0)
    machine.do("raise_legacy_line", line=4)

    assert "LVT LINT0 (0x350) fires, and nothing comes of it: its LVT entry is masked" in machine.words


def test_edge_at_a_masked_pin() -> None:
    machine = Machine()
    machine.do("configure_pin", pin=5, entry=MASKED | 0x61)
    machine.do("raise_pin", pin=5)

    assert machine.caption["pin"] == 5
    assert machine.words == "Pin 5 goes up; nothing is sent: the pin is masked, so the edge is lost."


def test_line_that_asks_while_remote_irr_is_set() -> None:
    machine = Machine()
    machine.hold()
    machine.do("configure_pin", pin=18, entry=2 << 56 | 1 << 15 | 0x61)
    machine.do("raise_pin", pin=18)
    machine.do("lower_pin", pin=18)
    machine.do("raise_pin", pin=18)

    assert machine.words == (
        "Pin 18 goes up; nothing is sent: remote IRR is 1: it waits for the EOI. CPU 2 has 0x61 requested."
    )


def test_line_whose_eoi_has_come_asks_no_more_in_the_caption() -> None:
    machine = Machine()
    machine.hold()
    machine.do("configure_pin", pin=18, entry=2 << 56 | 1 << 15 | 0x61)
    machine.do("raise_pin", pin=18)
    machine.do("lower_pin", pin=18)
    machine.do("raise_pin", pin=18)
    machine.drive.machine.write_redirection_entry(18, 2 << 56 | 0x61)  # edge: no remote IRR

    assert machine.words == "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1."


def test_ipi_with_an_illegal_vector() -> None:
    machine = Machine()
    machine.ipi(0x05)

    assert machine.words == (
        "CPU 0 sends nothing: 0x05, vectors 0-15 are illegal for fixed and lowest-priority delivery."
    )


def test_msi_with_an_illegal_vector() -> None:
    machine = Machine()
    machine.do("send_msi", address=0xFEE0_2000, data=0x05)

    assert machine.words == "CPU 2 drops 0x05: vectors 0-15 are illegal for fixed and lowest-priority delivery."


# Code that does not go on


def test_sender_whose_apic_is_switched_off() -> None:
    machine = Machine()
    machine.do("write_msr", cpu=0, msr=APIC_BASE, value=DISABLED)
    machine.ipi()

    assert machine.caption["kind"] == "stuck"
    assert machine.words == (
        "CPU 0 polls delivery status (ICR bit 12) for ever: it reads all ones, so the bit is never 0. "
        "CPU 0: its APIC is disabled in IA32_APIC_BASE, so nothing answers on its page."
    )


def test_deadlock_is_told_from_the_sender_to_the_person_who_holds_the_target() -> None:
    machine = Machine()
    machine.hold()
    machine.do("call_guest", cpu=0, function="smp_call_function")
    machine.do("call_guest", cpu=1, function="smp_call_function")

    words = machine.words

    assert words.startswith("CPU ")
    assert " spins on " in words
    assert words.endswith("waits, interrupts are held off by hand, though IF is 1.")


def test_what_waits_for_ever_is_told_before_what_somebody_sent_to_nobody_meanwhile() -> None:
    machine = Machine()
    machine.hold()
    machine.do("call_guest", cpu=1, function="smp_call_function")
    locked = machine.words
    machine.do("send_ipi", cpu=0, vector=0x55, destination=9)

    assert machine.caption["kind"] == "stuck"
    assert machine.words == f"{locked} 0x55 reaches nobody: no APIC has this destination. It is lost."


def test_eoi_on_a_page_that_is_gone() -> None:
    machine = Machine()
    machine.do("write_msr", cpu=2, msr=APIC_BASE, value=X2APIC)
    machine.ipi()

    assert machine.words == (
        "CPU 2, register EOI (0x0b0): the APIC page is not there: disabled, or in x2APIC mode (ignored). "
        "0x61 stays in service."
    )


# A guest without an APIC


def test_upcall_mask_of_a_guest_with_event_channels() -> None:
    machine = Machine("xen-evtchn")
    machine.drive.machine.cpus[2].disable_interrupts()
    machine.do("call_guest", cpu=0, function="smp_send_reschedule", arguments={"cpu": 2})

    assert machine.words.startswith("Port 0xf")
    assert "waits on CPU 2: interrupts are off (evtchn_upcall_mask = 1)" in machine.words


# The rest


def test_machine_in_which_nothing_happens_says_so() -> None:
    assert Machine().caption == {
        "kind": "idle",
        "words": "Nothing waits, and nothing is under way.",
        "cpu": None,
        "vector": None,
        "pin": None,
    }


def test_back_end_that_waits_until_nothing_is_under_way() -> None:
    machine = Machine()
    machine.drive.apply(stimulus("call_guest", cpu=0, function="smp_call_function"))
    machine.until(lambda simulation: bool(simulation.in_flight) and bool(simulation.processors[0].frames))
    machine.drive.apply(stimulus("set_backend", backend="xen-evtchn"))
    many = len(machine.drive.simulation.in_flight)

    assert machine.caption["kind"] == "switch"
    assert machine.words == (
        "xen-evtchn takes over as soon as nothing is under way. "
        f"Until then native-xapic goes on: code on CPU 0 and {many} message{'s' if many > 1 else ''}."
    )
    machine.drive.run(until_idle=True)
    assert machine.caption["kind"] == "idle"


def test_every_moment_of_a_call_has_words_of_a_known_kind() -> None:
    machine = Machine()
    machine.drive.apply(stimulus("call_guest", cpu=0, function="smp_call_function"))
    kinds = set()
    while machine.drive.run(operations=1):
        caption = machine.caption
        kinds.add(caption["kind"])
        assert caption["words"].endswith(".")

    assert kinds <= set(CAPTION_KINDS)
    assert {"waits", "coming", "next"} & kinds


def test_moment_has_one_caption_by_whatever_way_somebody_comes_to_it() -> None:
    machine = Machine()
    machine.ipi(destination=9)
    tick, there = machine.drive.simulation.ticks, machine.caption
    machine.hold()
    machine.ipi()

    for _ in machine.drive.seeker(tick, None, None):
        pass

    assert machine.caption == there
    assert there["kind"] == "ended"


def test_recording_says_what_waits_in_its_machine() -> None:
    file = resources.files("app.trace") / "samples" / "linux-6.1-boot-4cpu.qemu.log.gz"
    drive = RecordedDrive(file.name, recorded_timeline(read_recording(file.name, file.read_bytes())))
    kinds = set()
    for _ in range(300):
        drive.run(operations=37)
        kinds.add(drive.state()["caption"]["kind"])

    assert {"idle", "barred"} <= kinds <= set(CAPTION_KINDS)


def test_recording_says_what_its_last_operation_ended_whichever_way_somebody_comes_there() -> None:
    file = resources.files("app.trace") / "samples" / "linux-6.1-boot-4cpu.qemu.log.gz"
    recording = read_recording(file.name, file.read_bytes())
    drive, told = RecordedDrive(file.name, recorded_timeline(recording)), {}
    for _ in range(600):
        drive.run(operations=1)
        state = drive.state()
        told[state["tick"]] = state["caption"], state["endings"]

    for tick in (580, 33, 400):
        for _ in drive.seeker(tick, None, None):
            pass
        state = drive.state()
        assert (state["caption"], state["endings"]) == told[tick]
    assert "ended" in {caption["kind"] for caption, _ in told.values()}
    assert any(endings and not endings[-1]["fresh"] for _, endings in told.values())
