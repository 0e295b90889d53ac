"""Sequences of commands that people got wrong on real machines, and what is said about each: ``sequences.jsonl``.

Each line has the machine, the commands of the HTTP interface, and words that some event has to say.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from app.commands.command import Stimulus
from app.commands.reading import read_command
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw.events import Fault, Ignored

CASES = [json.loads(line) for line in (Path(__file__).parent / "sequences.jsonl").read_text().splitlines()]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])


def stimulus(raw: dict[str, Any], cpus: int) -> Stimulus:
    command = read_command(raw, cpus)
    assert isinstance(command, Stimulus)
    return command


def play(case: dict[str, Any]) -> tuple[list[str], list[tuple[dict[str, Any], object]]]:
    """What the events say, and each command with what came back."""
    machine = dict(case["machine"])
    cpus, backend = machine.pop("cpus"), machine.pop("backend", "native-xapic")
    simulation = Simulation(cpus, backend, **machine)
    texts: list[str] = []
    answers: list[tuple[dict[str, Any], object]] = []
    for given in case["do"]:
        command = dict(given)
        then = command.pop("then", "idle")
        answers.append((command, simulation.apply(stimulus(command, cpus))))
        if then == "idle":
            simulation.run(until_idle=True, operations=400)
        elif then.startswith("until "):
            simulation.run(until=int(then.split()[1]))
        texts += [event.words(GENERATIONS[simulation.generation].vector_names) for time, event in simulation.take_log()]
    return texts, answers


@every_case
def test_an_event_says_what_went_wrong(case: dict[str, Any]) -> None:
    texts, _ = play(case)

    missing = [words for words in case["an_event_should_say"] if not any(words in text for text in texts)]

    assert missing == [], texts


@every_case
def test_answer_of_each_command_agrees_with_the_events(case: dict[str, Any]) -> None:
    """What was ignored is answered as ignored, with the reason that the event has; what faulted, as a fault."""
    texts, answers = play(case)

    for command, answer in answers:
        if isinstance(answer, Ignored):
            assert answer.reason.value in stimulus(command, 40).ignored_words(answer.reason.value)
        if isinstance(answer, Ignored | Fault):
            reason = answer.reason if isinstance(answer, Ignored) else answer
            assert any(reason.value in text for text in texts)
    ignored = [answer for _, answer in answers if isinstance(answer, Ignored)]
    assert bool(ignored) == any("ignored" in text for text in texts)
