"""Hits are those that a look through all records finds: on, one after the other, and back in the same places.

The predicates here know nothing of conditions: each reads what happened, or the machine at every tick.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

import pytest

from app.breakpoints.lookout import Hit, Looked, Search
from app.breakpoints.reading import read_condition
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.registers import WriteRegister
from app.engine.simulation import Simulation
from app.history.branches import Branch
from app.history.keyframes import Keyframes
from app.history.recorded import RecordedTimeline, recorded_pack
from app.history.reexecution import Record
from app.history.simulation_keyframes import simulation_keyframes
from app.history.timeline import Timeline
from app.hw import events as hw
from app.trace.operations import RegisterWrite
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.engine.random_sessions import Choose, anything, storm
from tests.engine.runs import PAIRS
from tests.history.courses import go_on, new_session
from tests.history.test_recorded import recording

AnyTimeline = Timeline | RecordedTimeline


def at_once(search: Search) -> Looked:
    while True:
        try:
            next(search)
        except StopIteration as stop:
            looked: Looked = stop.value
            return looked


def hits_on(timeline: AnyTimeline, text: str) -> list[Hit]:
    """All hits from the beginning to the head, each found from the one before."""
    condition, head, found = read_condition(text), timeline.head.tick, list[Hit]()
    timeline.seek(0)
    while timeline.moment.tick < head:
        looked = at_once(timeline.searcher(condition, head - timeline.moment.tick, {}))
        if looked.hit is None:
            break
        assert timeline.moment.tick == looked.hit.tick == looked.last
        found.append(looked.hit)
    return found


def hits_back(timeline: AnyTimeline, text: str) -> list[Hit]:
    """All hits before the head, each found back from the one behind it."""
    found: list[Hit] = []
    timeline.seek(timeline.head.tick)
    while (looked := at_once(timeline.searcher_back(read_condition(text), {}))).hit is not None:
        assert timeline.moment.tick == looked.hit.tick
        found.append(looked.hit)
    assert looked.first == 1
    return found


class Look(NamedTuple):
    """A condition, and how a look through the records, or at the machine behind each tick, finds its hits."""

    text: str
    in_records: Callable[[Iterable[Record]], list[int]] | None = None
    holds: Callable[[Simulation], bool] | None = None


def ticks_of(*kinds: type[hw.Event], vector: int | None = None, cpu: int | None = None) -> Callable[..., list[int]]:
    def found(records: Iterable[Record]) -> list[int]:
        meant = [
            record.tick
            for record in records
            if isinstance(record.event, kinds)
            and cpu in (None, record.event.place.cpu)
            and vector in (None, record.event.place.vector)
        ]
        return sorted(set(meant))

    return found


def late(records: Iterable[Record], more_than: int) -> list[int]:
    since: dict[tuple[int, int], int] = {}
    found = []
    for tick, time, event in records:
        match event:
            case hw.Accepted(cpu, vector, DeliveryMode.FIXED | DeliveryMode.LOWEST_PRIORITY):
                since[cpu, vector] = time
            case hw.Acknowledged(cpu, vector) | hw.EventTaken(cpu, vector):
                if (cpu, vector) in since and time - since.pop((cpu, vector)) > more_than:
                    found.append(tick)
            case hw.InitPerformed(cpu) | hw.ApicModeChanged(cpu, "disabled"):
                since = {key: then for key, then in since.items() if key[0] != cpu}
            case _:
                pass
    return found


LOOKS = [
    Look("taken", ticks_of(hw.Acknowledged, hw.EventTaken, hw.ExternalAcknowledged)),
    Look("taken on 1", ticks_of(hw.Acknowledged, hw.EventTaken, hw.ExternalAcknowledged, cpu=1)),
    Look("accepted or merged", ticks_of(hw.Accepted, hw.Merged)),
    Look("refused or no_target or error", ticks_of(hw.Refused, hw.NoTarget, hw.ErrorNoticed)),
    Look("ended(0xfd)", ticks_of(hw.InterruptEnded, vector=0xFD)),
    Look("latency > 700", lambda records: late(records, 700)),
    Look("latency > 0", lambda records: late(records, 0)),
    Look("cpu(0).ppr >= 0x30", holds=lambda simulation: simulation.machine.cpus[0].apic.ppr >= 0x30),
    Look("not cpu(0).if", holds=lambda simulation: not simulation.machine.cpus[0].interrupt_flag),
    Look(
        "cpu(0).requests > 0 and cpu(0).if == 0",
        holds=lambda simulation: (
            bool(simulation.machine.cpus[0].apic.irr.bits)
            and simulation.machine.cpus[0].event_channels is None
            and not simulation.machine.cpus[0].interrupt_flag
        ),
    ),
    Look("in_flight > 1", holds=lambda simulation: len(simulation.in_flight) > 1),
]


def beginnings(timeline: Timeline, holds: Callable[[Simulation], bool]) -> list[int]:
    """The ticks behind which *holds* is true, and was not before."""
    found, before = [], holds(timeline.at(0))
    for tick in range(1, timeline.head.tick + 1):
        now = holds(timeline.at(tick))
        if now and not before:
            found.append(tick)
        before = now
    return found


def expected(timeline: Timeline, look: Look) -> list[int]:
    if look.in_records is not None:
        return look.in_records(timeline.records(1, timeline.head.tick))
    assert look.holds is not None
    return beginnings(timeline, look.holds)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choose", "generation", "backend"), [(kind, *pair) for kind in (anything, storm) for pair in PAIRS]
)
def test_hits_on_and_back_are_those_that_a_look_through_everything_finds(
    choose: Choose, generation: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.history.keyframes.LEAST_SPACING", 30)
    chance = Random(f"search {choose.__name__} {generation} {backend}")
    timeline = Timeline(new_session(choose, generation, backend, chance), simulation_keyframes(lambda: 0.0))
    go_on(timeline, choose, chance, 8)
    timeline.seek(chance.randint(0, timeline.head.tick))
    go_on(timeline, choose, chance, 4)  # mostly in a branch
    for look in LOOKS:
        if "requests" in look.text and backend == "xen-evtchn":
            continue
        ticks = expected(timeline, look)
        on, back = hits_on(timeline, look.text), hits_back(timeline, look.text)

        assert [hit.tick for hit in on] == ticks, look.text
        head = timeline.head.tick
        assert [hit.tick for hit in reversed(back)] == [tick for tick in ticks if tick < head], look.text
        assert [hit for hit in on if hit.tick < head] == back[::-1], "the words are the same both ways"
        assert hits_back(timeline, look.text) == back, "what is remembered changes nothing"


def demonstrated(ticks: int) -> Timeline:
    timeline = Timeline(Simulation(3), simulation_keyframes(lambda: 0.0))
    timeline.apply(Demonstrate(True))
    timeline.run(to_tick=ticks)
    return timeline


def test_on_goes_through_what_is_known_and_then_into_what_is_new() -> None:
    timeline = demonstrated(300)
    head, condition = timeline.head.tick, read_condition("tick == 500")
    timeline.seek(20)

    looked = at_once(timeline.searcher(condition, 10_000, {}))

    assert looked == Looked(480, 21, 500, Hit(500, timeline.moment.time, "this is tick 500, equal to 500"))
    assert timeline.head.tick == 500 > head
    assert len(timeline.branches) == 1


def test_on_ends_at_its_limit_and_where_nothing_is_left() -> None:
    timeline = demonstrated(50)
    never = read_condition("error")

    assert at_once(timeline.searcher(never, 30, {})) == Looked(30, 51, 80)
    timeline.apply(Demonstrate(False))
    timeline.run(until_idle=True)
    at = timeline.moment.tick
    assert at_once(timeline.searcher(never, 30, {})) == Looked(0, at + 1, at)


def test_back_finds_nothing_and_stays() -> None:
    timeline = demonstrated(200)
    here = timeline.moment

    assert at_once(timeline.searcher_back(read_condition("error"), {})) == Looked(199, 1, 199)
    assert timeline.moment == here


def test_stretches_without_a_hit_are_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = demonstrated(400)
    never = read_condition("error")
    at_once(timeline.searcher_back(never, {}))
    timeline.run(to_tick=450)
    begun: list[int] = []
    start = timeline._again.start

    def noted(branch: Branch, tick: int, time: int | None = None) -> Simulation:
        begun.append(tick)
        return start(branch, tick, time)

    monkeypatch.setattr(timeline._again, "start", noted)

    slices = sum(1 for _ in timeline.searcher_back(never, {}))

    assert begun, "the new ticks were looked at"
    assert all(tick >= 399 for tick in begun)
    assert slices <= 450 // 40


def test_writes_of_the_guest_and_of_people_are_found() -> None:
    timeline = Timeline(Simulation(2, "native-xapic"))
    timeline.apply(WriteRegister(1, Register.TPR, 0x30))
    timeline.apply(Demonstrate(True))
    timeline.run(to_tick=400)

    (by_hand,) = hits_on(timeline, "written(tpr)")
    sends = hits_on(timeline, "written(icr_low)")

    assert by_hand.tick == 1
    assert by_hand.why == "CPU 1 writes 0x30 to TPR (0x080)"
    records = timeline.records(1, 400)
    posted = {one.tick for one in records if isinstance(one.event, hw.MessageSent) and one.event.message.is_ipi}
    assert posted
    assert posted <= {hit.tick for hit in sends}


def test_what_a_hypervisor_writes_for_its_guest_is_found() -> None:
    timeline = Timeline(Simulation(2, "trap-emulate"))
    timeline.apply(Demonstrate(True))
    timeline.run(to_tick=300)

    ended = ticks_of(hw.InterruptEnded)(timeline.records(1, 300))
    assert ended
    assert [hit.tick for hit in hits_on(timeline, "written(eoi)")] == ended


def test_who_waits_at_the_beginning_of_a_search_is_known_to_have_waited_since() -> None:
    timeline = demonstrated(60)
    timeline.apply(Demonstrate(False))
    timeline.run(until_idle=True)
    timeline.apply(SetInterruptFlag(1, False))
    timeline.apply(Demonstrate(True))
    timeline.run(until=timeline.moment.time + 50_000)
    timeline.apply(SetInterruptFlag(1, True))

    looked = at_once(timeline.searcher(read_condition("latency on 1 > 20000"), 1_000, {}))

    assert looked.hit is not None
    assert "it had waited" in looked.hit.why


def test_no_probe_stays_behind() -> None:
    timeline = demonstrated(100)
    at_once(timeline.searcher(read_condition("taken"), 500, {}))
    given_up = timeline.searcher(read_condition("error"), 500, {})
    next(given_up)
    given_up.close()

    assert timeline.simulation.execution.probes == ()


@pytest.mark.parametrize(
    "name", ["recordings/system-reset-1cpu.qemu.log.gz", "cases/control-qemu-7.2.log", "cases/x2apic-guest-qemu-10.log"]
)
def test_hits_in_a_recording_are_those_of_its_records(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.history.keyframes.LEAST_SPACING", 20)
    played = recording(name)
    timeline = RecordedTimeline(played, keyframes=Keyframes(recorded_pack(played), lambda: 0.0))
    records = list(timeline.records(1, timeline.head.tick))
    writes = [
        tick
        for tick, operation in enumerate(played.operations, 1)
        if isinstance(operation, RegisterWrite) and operation.offset == Register.TPR
    ]
    looks = {
        "taken": ticks_of(hw.Acknowledged, hw.ExternalAcknowledged)(records),
        "accepted": ticks_of(hw.Accepted)(records),
        "latency > 1000": late(records, 1000),
        "written(tpr)": writes,
    }
    for text, ticks in looks.items():
        assert [hit.tick for hit in hits_on(timeline, text)] == ticks, text
        assert [hit.tick for hit in reversed(hits_back(timeline, text))] == [
            tick for tick in ticks if tick < timeline.head.tick
        ], text
