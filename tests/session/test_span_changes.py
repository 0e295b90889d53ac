"""Whoever applies what the stream tells of the score has what an answer to the question for all of it would have; where
the stream left something out, its numbers say so."""

import json
from random import Random
from typing import Any

import pytest

from app.engine.simulation import Simulation
from app.history.slices import at_once
from app.session.hub import Hub
from app.session.publisher import Publisher
from app.session.simulated import SimulatedDrive
from app.session.span_changes import MOST_CHANGES
from app.state.shapes import Condition
from tests.engine.random_sessions import anything, storm
from tests.history.courses import go_on
from tests.session.waiting import Waiting

CONDITION: Condition = {
    "paused": False,
    "speed": None,
    "under_way": None,
    "sleep": None,
    "throttled": None,
    "kept": None,
    "score": {"flags": 0},
    "breakpoints": None,
}


class Page:
    """What a page keeps of the score: spans by id, and the number of changes that it knows of."""

    def __init__(self, drive: SimulatedDrive) -> None:
        self.drive = drive
        self.spans: dict[int, tuple[Any, ...]] = {}
        self.number: int | None = None
        self.asked = self.followed = 0

    def hears(self, message: dict[str, Any]) -> None:
        """A frame of the stream, and the question for all where that does not follow upon what is known."""
        told = message.get("spans")
        if message["type"] == "snapshot" or (told and (told["from"] != self.number or "began" not in told)):
            self._asks()
        elif told:
            began, ended = told["began"], told["ended"]
            assert len(began["id"]) + len(ended["id"]) <= MOST_CHANGES
            for row in zip(*began.values(), strict=True):
                self.spans[row[0]] = row
            for span, end, last, name in zip(*ended.values(), strict=True):
                row = self.spans[span]
                self.spans[span] = (*row[:5], end, row[6], last, *row[8:10], name, row[11])
            self.number = told["to"]
            self.followed += 1

    def _asks(self) -> None:
        columns = self.drive.score.line(self.drive.branch).between(0, 1 << 60).columns
        self.spans = {row[0]: row for row in zip(*columns.values(), strict=True)}
        self.number = self.drive.score.position.changes
        self.asked += 1


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_what_the_stream_tells_adds_up(seed: int) -> None:
    chance = Random(seed)
    drive = SimulatedDrive(Simulation(chance.randint(1, 5), "kvm-pv", generation="linux-6"))
    hub = Hub()
    publisher = Publisher(hub, drive)
    viewers = [(Waiting(spans=True), Page(drive), often) for often in (1.0, 0.3)]
    for _ in range(60):
        go_on(drive.timeline, storm if seed % 2 else anything, chance, 1)
        if chance.random() < 0.1:
            at_once(drive.seeker(chance.randint(0, drive.timeline.head.tick), None, None))
        publisher.number(CONDITION)
        for viewer, page, often in viewers:
            if chance.random() < often and (message := hub.message_for(viewer)) is not None:
                page.hears(json.loads(message))
    publisher.number(CONDITION)

    for viewer, page, _ in viewers:
        if message := hub.message_for(viewer):
            page.hears(json.loads(message))
        columns = drive.score.line(drive.branch).between(0, 1 << 60).columns
        assert page.spans == {row[0]: row for row in zip(*columns.values(), strict=True)}
        assert page.number == drive.score.position.changes
        assert page.asked < 45
    assert viewers[0][1].followed > 10


def test_a_flood_is_told_by_its_number_alone() -> None:
    drive = SimulatedDrive(Simulation(8, generation="linux-6"))
    hub, viewer = Hub(), Waiting(spans=True)
    publisher = Publisher(hub, drive)
    publisher.number(CONDITION)
    hub.message_for(viewer)

    go_on(drive.timeline, storm, Random(1), 100)
    publisher.number(CONDITION)
    told = json.loads(hub.message_for(viewer) or "")["spans"]

    assert told == {"from": 0, "to": drive.score.position.changes}


def test_only_who_asks_for_spans_is_told_of_them() -> None:
    drive = SimulatedDrive(Simulation(2, generation="linux-6"))
    hub = Hub()
    publisher = Publisher(hub, drive)
    asks, asks_not = Waiting(spans=True), Waiting()
    publisher.number(CONDITION)
    first = json.loads(hub.message_for(asks) or "")
    assert first["spans"] == {"from": 0, "to": 0}
    assert "spans" not in json.loads(hub.message_for(asks_not) or "")

    go_on(drive.timeline, storm, Random(1), 1)
    publisher.number(CONDITION)

    assert json.loads(hub.message_for(asks) or "")["spans"]["to"] == drive.score.position.changes > 0
    assert "spans" not in json.loads(hub.message_for(asks_not) or "")
