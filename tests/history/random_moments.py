"""Moments in sessions by chance, at whatever tick, and what comes behind one: here, or in another process.

``python -m tests.history.random_moments`` reads records, one a line, and says what came behind each.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from random import Random

from app.engine.simulation import Simulation
from app.history.record import from_state, hash_of, state
from app.hw.profile import PROFILES
from tests.engine.random_sessions import Choose, run_a_little

#: So many ticks are looked at behind a moment.
_BEHIND = 80


def moments(choose: Choose, generation: str, backend: str, seed: int) -> Iterator[Simulation]:
    """A session that does what *choose* says, at some of its moments. Whoever gets it may run it."""
    chance = Random(f"moments {choose.__name__} {generation} {backend} {seed}")
    profile = PROFILES[chance.choice(["intel-sdm", *sorted(PROFILES)])]
    simulation = Simulation(chance.randint(1, 6), backend, profile=profile, generation=generation)
    for _ in range(25):
        for _ in range(chance.choice([1, 1, 4])):
            try:
                simulation.apply(choose(chance, simulation))
            except (ValueError, KeyError):
                continue
        run_a_little(simulation, chance)
        if chance.random() < 0.4:
            if chance.random() < 0.6:
                simulation.run(operations=chance.randrange(6))
            simulation.take_log()
            yield simulation


def behind(simulation: Simulation, cuts: int = 1) -> str:
    """What comes within some ticks, run in so many pieces: a hash of all events, their times, and of the end."""
    end = simulation.ticks + _BEHIND
    for cut in range(cuts, 0, -1):
        simulation.run(to_tick=end - (cut - 1) * _BEHIND // cuts)
    whole = sha256()
    for line in simulation.take_log():
        whole.update(f"{line}\n".encode())
    return f"{whole.hexdigest()} {hash_of(state(simulation))}"


def kinds_of(simulation: Simulation) -> Counter[str]:
    """What is under way, by its kind."""
    kinds: Counter[str] = Counter()
    kinds["switch"] = simulation.switching_to is not None
    kinds["demonstration"] = simulation.demonstration is not None
    kinds["flight"] = len(simulation.in_flight)
    for processor in simulation.processors:
        kinds["SMM"] += processor.cpu.in_smm
        kinds["INIT"] += processor.cpu.init_pending
        kinds["offered"] += processor.eoi_offered is not None
        for frame in processor.frames:
            kinds[type(frame.code).__name__] += 1
            kinds["host"] += frame.stands is not None
            kinds["kick"] += frame.kick is not None
            kinds["wait"] += frame.spin is not None
            kinds["unstarted"] += not frame.point.replies
            kinds["other back end"] += frame.backend is not simulation.execution.backend
    return kinds


def main() -> None:
    """Goes on from each record."""
    for line in sys.stdin:
        print(behind(from_state(json.loads(line))))  # noqa: T201  # this is what the command is for


if __name__ == "__main__":
    main()
