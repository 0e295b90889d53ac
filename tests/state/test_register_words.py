"""Registers in words: what the page says of a value, it is told."""

import pytest

from app.engine.simulation import Simulation
from app.hw.local_apic import LocalApic
from app.state.register_words import (
    alarms_of,
    destinations_of,
    error_words,
    icr_words,
    local_entry_words,
    logical_destination_words,
    processor_priority_words,
    register_words_of,
    task_priority_words,
    timer_words,
)
from app.state.shapes import SharedWord
from app.state.shared_words import SHARED_WORDS, shared_word_rows
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.registers import Register


def apic() -> LocalApic:
    return Simulation(2).machine.cpus[1].apic


def test_processor_priority_names_the_one_that_set_it() -> None:
    assert processor_priority_words(0x60, 0x20, 0x61) == "class 6, set by 0x61 in service"
    assert processor_priority_words(0x70, 0x70, 0x61) == "class 7, set by TPR"
    assert processor_priority_words(0, 0, -1) == "nothing is held back"


def test_task_priority_says_which_classes_wait() -> None:
    assert task_priority_words(0x0F) == "holds nothing back"
    assert task_priority_words(0xA3) == "holds back class a and below"


def test_errors_are_spelled_out_by_the_manual_s_names() -> None:
    assert error_words(0) == "no error"
    assert error_words(0x60) == "send illegal vector, receive illegal vector"
    assert error_words(0x14) == "send accept, redirectable IPI"


def test_switched_off_apic_and_an_error_are_alarms() -> None:
    one = apic()
    assert alarms_of(one) == []
    one.svr = 0xFF
    one.esr = 0x20
    assert alarms_of(one) == ["esr", "svr"]
    assert register_words_of(one)["svr"] == "APIC off"


def test_logical_destination_is_read_by_the_model_in_force() -> None:
    assert logical_destination_words(0x0400_0000, 0xFFFF_FFFF, False) == "answers to 0x04"
    assert logical_destination_words(0x2400_0000, 0x0FFF_FFFF, False) == "cluster 0x2, members 0x4"
    assert logical_destination_words(0x0001_0004, 0xFFFF_FFFF, True) == "cluster 0x1, member bit 2"


@pytest.mark.parametrize(
    ("register", "entry", "words"),
    [
        (Register.LVT_LINT0, 0x0001_0700, "masked"),
        (Register.LVT_LINT0, 0x0000_0700, "ExtINT"),
        (Register.LVT_LINT1, 0x0000_0400, "NMI"),
        (Register.LVT_LINT1, 0x0000_0300, "reserved mode"),
        (Register.LVT_THERMAL, 0x0000_00F9, "vector 0xf9"),
        (Register.LVT_TIMER, 0x0002_00EF, "vector 0xef"),
    ],
)
def test_local_entry_says_what_its_source_becomes(register: Register, entry: int, words: str) -> None:
    assert local_entry_words(register, entry) == words


def test_command_is_told_in_the_words_of_its_mode() -> None:
    to_two = Icr(0xFC, destination=2).encode()
    assert icr_words(to_two | 1 << 12, False, "reschedule") == {
        "words": "0xfc reschedule, fixed, edge, to physical destination 0x02; still being sent.",
        "short": "fc → 0x02 …",
    }
    in_x2apic = Icr(0xFD, destination_mode=DestinationMode.LOGICAL, destination=0x1_0004).encode(x2apic=True)
    assert icr_words(in_x2apic, True, "") == {
        "words": "0xfd, fixed, edge, to logical destination 0x10004.",
        "short": "fd → logical 0x10004",
    }
    others = Icr(0, DeliveryMode.INIT, shorthand=Shorthand.ALL_EXCLUDING_SELF, level=0).encode()
    assert icr_words(others, False, "")["words"] == "0x00, INIT, edge, de-assert, to all excluding self; idle."
    assert icr_words(others, False, "")["short"] == "INIT → others"  # longer words do not fit beside a matrix
    assert icr_words(0, False, "")["short"] == "unused"


def test_timer_says_what_it_is_about_to_do() -> None:
    one = apic()
    one.timer.initial_count = 12_000
    assert timer_words(one).startswith("counts 12\u202f000 ÷")


def test_destinations_name_the_cpu_in_its_mode() -> None:
    assert destinations_of(apic()) == {"physical": 1, "logical": 2, "group": 0}
    x2apic = Simulation(20, "native-x2apic").machine.cpus[17].apic
    assert destinations_of(x2apic) == {"physical": 17, "logical": 0x1_0002, "group": 0xFFFF_0000}


def shared(interrupt_flag: bool, pending: tuple[int, ...] = ()) -> dict[str, SharedWord]:
    channels = Simulation(1, "xen-evtchn").machine.cpus[0].event_channels
    assert channels is not None
    for port in pending:
        channels.pending.set(port)
    channels.masked.set(0x31)
    channels.selector = 0xA
    channels.upcall_pending = True
    return {row["name"]: row for row in shared_word_rows(channels, interrupt_flag)}


def test_shared_words_are_read_for_a_guest_without_an_apic() -> None:
    rows = shared(interrupt_flag=False, pending=(0x41, 0xFB))

    assert {name: (row["value"], row["words"]) for name, row in rows.items()} == {
        "evtchn_upcall_pending": ("1", "something is new"),
        "evtchn_upcall_mask": ("1", "interrupts are off"),
        "evtchn_pending_sel": ("0xa", "ports 40–7f, c0–ff"),
        "evtchn_pending": ("41 fb", ""),
        "evtchn_mask": ("31", ""),
    }
    assert set(rows) == set(SHARED_WORDS)


def test_card_has_four_rows_of_shared_words() -> None:
    rows = [row for row in shared(interrupt_flag=False).values() if row["short"]]

    assert [(row["short"], row["short_value"]) for row in rows] == [
        ("upcall", "1, off"),
        ("selector", "0xa"),
        ("pending", "none"),
        ("mask", "31"),
    ]


def test_long_list_of_ports_is_cut_with_what_was_left_out() -> None:
    assert shared(True, tuple(range(1, 9)))["evtchn_pending"]["value"] == "01 02 03 04 05 06 and 2 more"
