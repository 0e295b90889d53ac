"""Every event that can happen has a kind that is documented and a sentence."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.guest import SendIpi
from app.commands.registers import Wrmsr
from app.engine import events as engine
from app.engine.counters import Counters
from app.engine.events import EVENT_KINDS, EVENTS
from app.engine.simulation import Simulation
from app.guest.linux_2_6_22.irq_vectors import VECTOR_NAMES
from app.hw import events as hw
from app.hw.event import Event
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.state.event_records import EventRecord, event_record
from app.state.preview import preview
from app.state.register_words import error_words
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.registers import Register
from app.x86.units import Vector

WIRE = Path(__file__).parents[2] / "app" / "WIRE.md"


def documented_kinds() -> dict[str, tuple[str, str, bool]]:
    """The glyph and the words of each kind, in the table of WIRE.md."""
    rows = re.findall(r"^    (\w+) +(\S) (E?) +(.+)$", WIRE.read_text().rpartition("\nEVENT\n")[2], re.MULTILINE)
    return {name: (glyph, words, ended == "E") for name, glyph, ended, words in rows}


def record_of(event: Event, number: int = 1, time: int = 0) -> EventRecord:
    return event_record(number, time, event, VECTOR_NAMES)


def instances(kind: type) -> st.SearchStrategy[Any]:
    """Events of a class, with fields as its annotations allow."""
    return st.from_type(kind)


def test_both_layers_take_part() -> None:
    assert len(EVENTS) > 20
    assert {kind.__module__ for kind in EVENTS} == {"app.hw.events", "app.engine.events"}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_event_has_a_documented_kind_and_a_sentence(kind: type, data: st.DataObject) -> None:
    record = record_of(data.draw(instances(kind)), 7, 1200)

    assert set(record) == set(EventRecord.__annotations__)
    assert record["n"] == 7
    assert record["time"] == 1200
    assert record["kind"] in documented_kinds()
    assert record["text"].endswith(".")
    assert record["text"] == record["text"].strip()


def test_documented_kinds_are_those_of_the_table() -> None:
    assert documented_kinds() == {name: (kind.glyph, kind.words, kind.ended) for name, kind in EVENT_KINDS.items()}


def test_table_has_every_class_of_its_module() -> None:
    for module, table in ((hw, hw.EVENTS), (engine, EVENTS)):
        classes = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Event)]
        assert [each.__name__ for each in classes if each is not Event and each not in table] == []
    assert len(set(EVENTS)) == len(EVENTS)


def test_kinds_of_one_name_are_one() -> None:
    for event in EVENTS:
        assert [EVENT_KINDS[kind.name] for kind in event.kinds()] == [*event.kinds()], event.__name__


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_event_is_counted_by_a_counter_that_there_is(kind: type, data: st.DataObject) -> None:
    event = data.draw(instances(kind))
    counters = Counters()
    counters.count(event, 0)

    counted = {name for name, count in counters.as_dict().items() if count}
    assert counted == ({event.counter} if event.counter else set())


def test_every_kind_has_a_mark_of_its_own_and_words() -> None:
    marks = [kind.glyph for kind in EVENT_KINDS.values()]

    assert len(set(marks)) == len(marks)
    assert all(len(kind.glyph) == 1 and kind.words for kind in EVENT_KINDS.values())


def test_line_that_sends_nothing_is_told_of_at_its_pin() -> None:
    lost = record_of(hw.PinChanged(3, 1, "the pin is masked, so the edge is lost"))
    sent = record_of(hw.PinChanged(3, 1, None))

    assert (lost["kind"], lost["pin"]) == ("pin_silent", 3)
    assert EVENT_KINDS[lost["kind"]].ended
    assert (sent["kind"], sent["pin"]) == ("pin", 3)


def test_error_is_called_what_the_register_calls_it() -> None:
    text = record_of(hw.ErrorNoticed(2, 1 << 6))["text"]

    assert text == "CPU 2 notices an error: receive illegal vector."
    assert error_words(1 << 6) == "receive illegal vector"


RECORDS: list[tuple[Event, str, str]] = [
    (
        hw.Retried(2, Vector(0x51), DeliveryMode.FIXED, 7),
        "retried",
        "CPU 2 has no room for 0x51, which is requested already: the bus will try again.",
    ),
    (hw.ApicModeChanged(1, "x2apic"), "mode", "CPU 1: its APIC is now in x2apic mode."),
    (hw.ApicModeChanged(1, "disabled"), "mode", "CPU 1: its APIC is now disabled."),
    (
        hw.LocalSourceDropped(0, Register.LVT_THERMAL, hw.Reason.LVT_MASKED),
        "source_dropped",
        "CPU 0: the source of LVT THERMAL (0x330) fires, and nothing comes of it: its LVT entry is masked.",
    ),
    (
        hw.NoTarget(4, Vector(0x51), hw.Reason.LOWEST_PRIORITY_BROADCAST),
        "no_target",
        "0x51 reaches nobody: lowest priority does not go with the physical broadcast. It is lost.",
    ),
    (hw.SmiTaken(3), "smi", "CPU 3 enters system-management mode."),
    (hw.SmmLeft(3), "returned", "CPU 3 is back from system-management mode."),
    (
        hw.ExternalAcknowledged(0, Vector(0x24)),
        "acknowledged",
        "CPU 0 takes an ExtINT: the 8259 says 0x24. IRR and ISR have no part in it.",
    ),
    (hw.LintChanged(1, 0, 1), "pin", "CPU 1: LINT0 goes up."),
    (
        hw.EoiBroadcastSuppressed(0, Vector(0x51)),
        "end_of_interrupt",
        "CPU 0 does not broadcast the EOI of 0x51: SVR bit 12 is 1.",
    ),
    (hw.MsrFaulted(2, 0x1B, hw.Fault.RESERVED_BITS), "register_fault", "CPU 2, MSR 0x1b: a reserved bit is set (#GP)."),
    (hw.MsrFaulted(2, None, hw.Fault.RESERVED_BITS), "register_fault", "CPU 2, CR8: a reserved bit is set (#GP)."),
    (hw.ErrorNoticed(0, 1 << 2), "error", "CPU 0 notices an error: send accept."),
    (hw.ErrorNoticed(0, 1 << 4), "error", "CPU 0 notices an error: redirectable IPI."),
]


@pytest.mark.parametrize(("event", "kind", "text"), RECORDS, ids=[text for _, _, text in RECORDS])
def test_event_is_told_in_words(event: Event, kind: str, text: str) -> None:
    record = record_of(event)

    assert (record["kind"], record["text"]) == (kind, text)


def message(origin: Origin, source: int) -> InterruptMessage:
    return InterruptMessage(
        12,
        origin,
        source,
        Vector(0xFC),
        DeliveryMode.FIXED,
        DestinationMode.PHYSICAL,
        Shorthand.NONE,
        1,
        TriggerMode.EDGE,
    )


def test_ipi_belongs_to_the_cpu_that_sent_it() -> None:
    record = record_of(hw.MessageSent(message(Origin.IPI, 3)))

    assert (record["cpu"], record["vector"], record["message"]) == (3, 0xFC, 12)
    assert record["text"] == "CPU 3 sends 0xfc (reschedule) to APIC ID 0x01."


def test_device_s_message_belongs_to_no_cpu() -> None:
    record = record_of(hw.MessageSent(message(Origin.IO_APIC, 18)))

    assert record["cpu"] is None
    assert record["text"].startswith("I/O APIC pin 18 sends 0xfc")


def test_eoi_broadcast_belongs_to_the_cpu_that_ended_the_interrupt() -> None:
    record = record_of(hw.MessageSent(EoiBroadcast(5, 2, Vector(0x51))))

    assert (record["cpu"], record["vector"], record["message"]) == (2, 0x51, 5)


def test_accepted_interrupt_says_where_it_went() -> None:
    event = hw.Accepted(1, Vector(0x40), DeliveryMode.FIXED, TriggerMode.EDGE, 12)

    assert record_of(event, 41, 1200) == {
        "n": 41,
        "time": 1200,
        "kind": "accepted",
        "cpu": 1,
        "vector": 0x40,
        "message": 12,
        "pin": None,
        "text": "CPU 1 accepts 0x40: IRR bit set.",
    }


def test_message_that_reaches_nobody_names_those_whose_apic_is_disabled_as_the_preview_does() -> None:
    sentence = "CPU 2 is meant, but its APIC is disabled in IA32_APIC_BASE."
    simulation = Simulation(4)
    simulation.apply(Wrmsr(2, 0x1B, 0xFEE0_0000))
    command = SendIpi(0, Icr(0x51, destination=2))
    assert sentence in preview(simulation.machine, command, {}).sentences

    simulation.apply(command)
    simulation.run()

    lost = [event for _, event in simulation.take_log() if isinstance(event, hw.NoTarget)]
    assert [event.words({}) for event in lost] == [
        f"0x51 reaches nobody: no APIC has this destination. It is lost. {sentence}"
    ]


def test_of_many_cpus_with_disabled_apics_the_number_is_said() -> None:
    lost = hw.NoTarget(1, Vector(0x51), hw.Reason.NO_SUCH_DESTINATION, tuple(range(1, 64)))

    assert "63 CPUs are meant, but their APICs are disabled in IA32_APIC_BASE." in lost.words({})
