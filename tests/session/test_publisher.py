"""What a publisher makes of a run that nobody watched."""

import json
from collections.abc import Callable
from importlib import resources

import pytest

from app.commands.machine import Demonstrate
from app.engine.event_log import EVENTS_KEPT
from app.engine.simulation import Simulation
from app.session.drive import Drive
from app.session.hub import Hub
from app.session.publisher import Publisher
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.simulated import SimulatedDrive
from app.state.shapes import Condition
from app.trace.readers.registry import read_recording
from tests.session.waiting import Waiting

_SAMPLE = "linux-6.1-boot-4cpu.qemu.log.gz"


def simulated() -> Drive:
    simulation = Simulation(4)
    simulation.apply(Demonstrate(True))
    return SimulatedDrive(simulation)


def recorded() -> Drive:
    data = (resources.files("app.trace") / "samples" / _SAMPLE).read_bytes()
    return RecordedDrive(_SAMPLE, recorded_timeline(read_recording(_SAMPLE, data)))


CONDITION: Condition = {
    "paused": True,
    "speed": None,
    "under_way": None,
    "sleep": None,
    "throttled": None,
    "kept": None,
    "score": {"flags": 0},
    "breakpoints": None,
}


@pytest.mark.parametrize("make", [simulated, recorded])
def test_events_that_were_dropped_are_counted_on_the_stream(make: Callable[[], Drive]) -> None:
    drive, hub = make(), Hub()
    publisher = Publisher(hub, drive)
    with hub.viewing(Waiting()) as viewer:
        drive.run(operations=5)
        publisher.publish(CONDITION)
        seen = json.loads(hub.message_for(viewer) or "")
        while drive.happened < 5 * EVENTS_KEPT:
            drive.run(operations=50)
        publisher.unseen = True
        publisher.publish(CONDITION)
        delta = json.loads(hub.message_for(viewer) or "")
        snapshot = json.loads(hub.message_for(type(viewer)()) or "")

    seen_to = seen["events"][-1]["n"] if seen["events"] else 0
    newest = [event["n"] for event in delta["events"]]
    assert newest == list(range(newest[0], drive.happened + 1))
    assert delta["events_skipped"] == newest[0] - seen_to - 1 > EVENTS_KEPT
    assert [event["n"] for event in snapshot["events"]] == newest


@pytest.mark.parametrize("make", [simulated, recorded])
def test_a_drive_that_nobody_asks_keeps_few_events(make: Callable[[], Drive]) -> None:
    drive = make()
    while drive.happened < 5 * EVENTS_KEPT:
        drive.run(operations=50)

    assert len(drive.take_log()) < 2 * EVENTS_KEPT
