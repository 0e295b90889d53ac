"""Every event that can happen has a kind that is documented and a sentence."""

import re
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw import events as hw
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.sim.events import Event
from app.wire.event_records import EventRecord, event_record
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode

WIRE = Path(__file__).parents[2] / "app" / "WIRE.md"
CLASSES = typing.get_args(Event)


def documented_kinds() -> set[str]:
    """The kinds in the last paragraph of WIRE.md."""
    return set(re.findall(r"`(\w+)`", WIRE.read_text().rpartition("kinds:")[2]))


def instances(kind: type) -> st.SearchStrategy[Any]:
    """Events of a class, with fields as its annotations allow."""
    return st.from_type(kind)


def test_both_layers_take_part() -> None:
    assert len(CLASSES) > 20
    assert {kind.__module__ for kind in CLASSES} == {"app.hw.events", "app.sim.events"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_event_has_a_documented_kind_and_a_sentence(kind: type, data: st.DataObject) -> None:
    record = event_record(7, 1200, data.draw(instances(kind)))

    assert set(record) == set(EventRecord.__annotations__)
    assert record["n"] == 7
    assert record["time"] == 1200
    assert record["kind"] in documented_kinds()
    assert record["text"].endswith(".")
    assert record["text"] == record["text"].strip()


def message(origin: Origin, source: int) -> InterruptMessage:
    return InterruptMessage(
        12, origin, source, 0xFC, DeliveryMode.FIXED, DestinationMode.PHYSICAL, Shorthand.NONE, 1, TriggerMode.EDGE
    )


def test_ipi_belongs_to_the_cpu_that_sent_it() -> None:
    record = event_record(1, 0, hw.MessageSent(message(Origin.IPI, 3)))

    assert (record["cpu"], record["vector"], record["message"]) == (3, 0xFC, 12)
    assert record["text"] == "CPU 3 sends 0xfc (reschedule) to APIC ID 0x01."


def test_device_s_message_belongs_to_no_cpu() -> None:
    record = event_record(1, 0, hw.MessageSent(message(Origin.IO_APIC, 18)))

    assert record["cpu"] is None
    assert record["text"].startswith("I/O APIC pin 18 sends 0xfc")


def test_eoi_broadcast_belongs_to_the_cpu_that_ended_the_interrupt() -> None:
    record = event_record(1, 0, hw.MessageSent(EoiBroadcast(5, 2, 0x51)))

    assert (record["cpu"], record["vector"], record["message"]) == (2, 0x51, 5)


def test_accepted_interrupt_says_where_it_went() -> None:
    event = hw.Accepted(1, 0x40, DeliveryMode.FIXED, TriggerMode.EDGE, 12)

    assert event_record(41, 1200, event) == {
        "n": 41,
        "time": 1200,
        "kind": "accepted",
        "cpu": 1,
        "vector": 0x40,
        "message": 12,
        "text": "CPU 1 accepts 0x40: IRR bit set.",
    }
