"""Who follows a simulation hears every event in its tick, and of every CPU that was stirred, into whatever pieces a run
is cut; and nothing goes another way for that."""

from random import Random
from typing import TYPE_CHECKING

import pytest

from app.engine.performable import Performable
from app.engine.processor import Processor
from app.engine.simulation import Simulation
from app.engine.tick_watch import TickWatch
from app.hw.messages import BusMessage
from tests.engine.random_sessions import Choose, anything, play, run_to, storm
from tests.engine.runs import under_every_pair

if TYPE_CHECKING:
    from app.engine.events import Event


class Everything(TickWatch):
    """Writes down all that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[int, int, Event]] = []

    def turned(self, tick: int, time: int, processor: Processor) -> None:
        processor.stirred = False
        self._note(tick, time)

    def arrived(self, tick: int, time: int, message: BusMessage) -> None:
        self._note(tick, time)

    def expired(self, tick: int, time: int) -> None:
        self._note(tick, time)

    def acted(self, tick: int, time: int, command: Performable | None) -> None:
        self._note(tick, time)

    def switched(self, tick: int, time: int) -> None:
        self._note(tick, time)

    def _note(self, tick: int, time: int) -> None:
        self.events += [(tick, time, event) for event in self.heard]
        self.heard.clear()


@pytest.mark.slow
@under_every_pair
@pytest.mark.parametrize("choose", [anything, storm], ids=lambda choose: choose.__name__)
def test_every_event_is_heard_in_its_tick(generation: str, backend: str, choose: Choose) -> None:
    played = play(choose, generation, backend, 0, looks=False)
    followed, watch, cuts = Simulation(*played.beginning), Everything(), Random(1)
    followed.follow(watch)
    alone = Simulation(*played.beginning)
    log: list[tuple[int, int, Event]] = []
    for entry in played.journal:
        run_to(followed, entry.moment, cuts)
        followed.apply(entry.command)
    run_to(followed, played.end, cuts)

    commands = {int(entry.tick): entry for entry in played.journal}
    while alone.ticks < played.end.tick:
        if due := commands.get(alone.ticks):
            alone.run_to(due.moment)
            alone.apply(due.command)
        else:
            alone.run(to_tick=alone.ticks + 1)
        log += [(alone.ticks, time, event) for time, event in alone.take_log()]

    assert watch.events == log
    assert [(time, event) for _, time, event in log] == list(played.log)


def test_whoever_stops_following_hears_nothing_more() -> None:
    simulation, watch = Simulation(2), Everything()
    played = play(storm, "linux-6", "kvm-pv", 3, looks=False)
    simulation.follow(watch)
    simulation.follow(None)

    again = Simulation(*played.beginning)
    again.follow(watch)
    again.follow(None)
    for entry in played.journal[:5]:
        again.run_to(entry.moment)
        again.apply(entry.command)

    assert watch.events == []
    assert watch.heard == []
