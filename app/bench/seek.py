"""How long it takes to come to any moment of a long session or recording, and to any range of what happened there; and
what keeping keyframes and the score costs."""

import random
import time
from pathlib import Path
from statistics import median

from app.bench.replay import logs
from app.bench.result import Figure
from app.bench.rounds import seconds
from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin
from app.commands.registers import WriteRegister
from app.engine.simulation import Simulation
from app.history.keyframes import Keyframes, Pack
from app.history.recorded import RecordedTimeline, recorded_pack
from app.history.simulation_keyframes import SIMULATION_PACK, simulation_keyframes
from app.history.slices import at_once
from app.history.timeline import Timeline
from app.score.followed import FollowedScore
from app.session.looking_back import MOST_RECORDS, bin_edges, collected
from app.session.recorded_score import RecordedScore
from app.trace.operations import Recording
from app.trace.readers.registry import read_recording
from app.x86.registers import Register

#: CPUs, operations, seeks: the longer session has the aim.
_SESSIONS = ((8, 1_000_000, 60), (64, 300_000, 40))
_FUNCTIONS = (
    "smp_call_function",
    "flush_tlb_others",
    "smp_send_reschedule",
    "send_ipi_allbutself",
    "smp_call_function_single",
)
_OPERATIONS_AT_ONCE = 300
_TIMER_PERIODIC, _TICK_VECTOR = 0x2_0000, 0xEC
_LEVEL_PIN = 18
_AIMS = {"median": "100", "worst": "300", "keeping": "3"}
#: Of ranges and bins of a long session, in ms; and of what the score costs, in per cent.
_MOST_RANGE, _MOST_SCORE = "100", "12"
_BINS = 1_000
#: As many records as an answer has, unless somebody asks for more.
_RECORDS = 1_000
_MOST_SPANS = 20_000
_RANGES = 30
#: Ticks of one range of records, and cycles of one of the score.
_TICKS, _CYCLES = 20_000, 1_000_000
#: With and without the score by turns, so that whatever else the computer does falls on both.
_SCORED_OPERATIONS, _SCORED_ROUNDS = 20_000, 5


class _Keeping:
    """A pack that adds up what keeping takes."""

    def __init__(self) -> None:
        self.spent = 0.0

    def state(self, simulation: Simulation) -> bytes | None:
        """As SIMULATION_PACK's."""
        record = None

        def keep() -> None:
            nonlocal record
            record = SIMULATION_PACK.state(simulation)

        self.spent += seconds(keep)
        return record

    def pack(self) -> Pack[Simulation]:
        """The pack."""
        return Pack(self.state, SIMULATION_PACK.from_state, SIMULATION_PACK.size)


def measure() -> list[Figure]:
    """Processor time, in milliseconds, to random moments; all CPUs busy most of the time."""
    sessions = [figure for size in _SESSIONS for figure in _of_session(*size)]
    return sessions + [figure for log in logs() for figure in _of_recording(log)]


def _of_session(cpus: int, operations: int, seeks: int) -> list[Figure]:
    chance = random.Random(3)
    keeping = _Keeping()
    keyframes = simulation_keyframes(time.process_time, keeping.pack())
    timeline = Timeline(Simulation(cpus, generation="linux-6"), keyframes)
    score = FollowedScore(timeline)
    ran = seconds(lambda: _run(timeline, cpus, operations, chance))
    cost = 100 * keeping.spent / (ran - keeping.spent)
    kept, size = len(keyframes.kept), keyframes.size
    times = [_seek(timeline, chance.randrange(timeline.head.tick)) for _ in range(seeks)]
    name = f"seek.{cpus}-cpus"
    longer = cpus == _SESSIONS[0][0]
    aims = _AIMS if longer else {}
    ranges = _ranges(timeline, score, cpus, chance) if longer else []
    return [
        Figure(f"{name}.median", 1000 * median(times), "ms", aims.get("median", "")),
        Figure(f"{name}.worst", 1000 * max(times), "ms", aims.get("worst", "")),
        Figure(f"{name}.keeping", cost, "% of running", aims.get("keeping", "")),
        Figure(f"{name}.keyframes", kept, ""),
        Figure(f"{name}.memory", size / 1024, "KiB"),
        Figure(f"{name}.ticks", timeline.head.tick, ""),
        Figure(f"{name}.commands", timeline.commands, ""),
        *ranges,
    ]


def _ranges(timeline: Timeline, score: FollowedScore, cpus: int, chance: random.Random) -> list[Figure]:
    """Questions for some of a session, and for all of it in bins, as the server answers them."""
    head, time_then = timeline.head
    edges = bin_edges(_BINS, 1, head + 1)
    parts = [time_then * part // _BINS for part in range(_BINS + 1)]

    def records(limit: int) -> None:
        first = chance.randrange(max(1, head - _TICKS))
        at_once(collected(timeline.recorder(first, first + _TICKS), limit, first + _TICKS, None))

    def spans() -> None:
        begin = chance.randrange(max(1, time_then - _CYCLES))
        score.line().between(begin, begin + _CYCLES, limit=_MOST_SPANS)

    asked = {
        "records.columns": lambda: records(_RECORDS),
        "records.bins": lambda: score.event_counts(0, edges),
        "score.range": spans,
        "score.bins": lambda: score.line().lanes([*range(cpus), -1], parts),
    }
    most = 1000 * median(seconds(lambda: records(MOST_RECORDS)) for _ in range(_RANGES))
    return [
        *(
            Figure(name, 1000 * median(seconds(question) for _ in range(_RANGES)), "ms", _MOST_RANGE)
            for name, question in asked.items()
        ),
        Figure("records.most", most, "ms"),
        Figure("score.memory", score.size / 1024, "KiB"),
        Figure("score.cost", _cost_of_score(cpus), "% of running", _MOST_SCORE),
    ]


def _cost_of_score(cpus: int) -> float:
    """How much longer a session runs that has a score, in per cent."""
    pairs = [(_run_scored(cpus, scored=False), _run_scored(cpus, scored=True)) for _ in range(_SCORED_ROUNDS)]
    return 100 * (min(scored for _, scored in pairs) / min(plain for plain, _ in pairs) - 1)


def _run_scored(cpus: int, *, scored: bool) -> float:
    timeline = Timeline(Simulation(cpus, generation="linux-6"), simulation_keyframes(time.process_time))
    if scored:
        FollowedScore(timeline)
    return seconds(lambda: _run(timeline, cpus, _SCORED_OPERATIONS, random.Random(3)))


def _run(timeline: Timeline, cpus: int, operations: int, chance: random.Random) -> None:
    for cpu in range(cpus):
        timeline.apply(WriteRegister(cpu, Register.LVT_TIMER, _TIMER_PERIODIC | _TICK_VECTOR))
        timeline.apply(WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, 2_000 + cpu))
    done = 0
    while done < operations:
        for processor in timeline.simulation.processors:
            while len(processor.calls) < 2:
                timeline.apply(_call(processor.cpu.number, cpus, chance))
        if chance.random() < 0.2:
            timeline.apply((RaisePin if chance.randrange(2) else LowerPin)(_LEVEL_PIN))
        done += timeline.run(operations=min(_OPERATIONS_AT_ONCE, operations - done))
        timeline.simulation.take_log()


def _call(cpu: int, cpus: int, chance: random.Random) -> CallGuest:
    target = (cpu + 1 + chance.randrange(cpus - 1)) % cpus
    return CallGuest(cpu, chance.choice(_FUNCTIONS), target=target, wait=chance.random() < 0.7)


def _seek(timeline: Timeline | RecordedTimeline, tick: int) -> float:
    return seconds(lambda: timeline.seek(tick))


def _of_recording(log: Path) -> list[Figure]:
    recording = read_recording(log.name, log.read_bytes())
    timeline = RecordedTimeline(recording, keyframes=Keyframes(recorded_pack(recording), time.process_time))
    while timeline.run(operations=1_000):
        pass
    chance = random.Random(3)
    times = [_seek(timeline, chance.randrange(timeline.head.tick)) for _ in range(60)]
    name = f"seek.{log.name.partition('.qemu')[0]}"
    return [
        Figure(f"{name}.median", 1000 * median(times), "ms"),
        Figure(f"{name}.worst", 1000 * max(times), "ms"),
        Figure(f"{name}.ticks", timeline.head.tick, ""),
        *_score_of_recording(name, recording, chance),
    ]


def _score_of_recording(name: str, recording: Recording, chance: random.Random) -> list[Figure]:
    """How long making the whole score takes, and then a fiftieth of its time, and all of it in bins."""
    score = RecordedScore(recording)
    filling = seconds(lambda: at_once(slices) if (slices := score.filler()) else None)
    end = recording.operations[-1].time
    parts = [end * part // _BINS for part in range(_BINS + 1)]

    def spans() -> None:
        begin = chance.randrange(max(1, end))
        score.line(0).between(begin, begin + end // 50, limit=_MOST_SPANS)

    def bins() -> None:
        score.line(0).lanes([*range(recording.cpu_count), -1], parts)

    asked = {"range": spans, "bins": bins}
    return [
        Figure(f"{name}.score.filling", 1000 * filling, "ms"),
        *(
            Figure(f"{name}.score.{question}", 1000 * median(seconds(ask) for _ in range(_RANGES)), "ms", _MOST_RANGE)
            for question, ask in asked.items()
        ),
        Figure(f"{name}.score.memory", score.size / 1024, "KiB"),
    ]
