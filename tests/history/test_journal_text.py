"""A journal goes out as text and comes in again as the same, and whatever is no journal is refused with its line."""

import json
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.reading import read_command
from app.commands.registers import ReadRegister
from app.costs.sheet import load_cost_sheet
from app.engine.journal import moment_at
from app.engine.simulation import Simulation
from app.history.journal_text import InvalidJournal, journal_of, read_journal, timeline_of, write_journal
from app.history.timeline import Timeline
from app.history.units import Diverged
from app.x86.registers import Register
from tests.engine.random_sessions import Choose
from tests.engine.runs import reschedule
from tests.history.courses import difference, far_away, go_on, new_session
from tests.history.test_timeline import random_sessions


def _requests(choose: Choose) -> Choose:
    """As *choose*, without what no request can ask for, such as a reserved delivery mode."""

    def request(chance: Random, simulation: Simulation) -> Stimulus:
        while True:
            command = choose(chance, simulation)
            with suppress(ValueError):
                read_command(command.to_json(), len(simulation.processors))
                return command

    return request


@pytest.mark.slow
@random_sessions
def test_a_journal_that_went_out_as_text_leads_to_the_same_end(
    choose: Choose, generation: str, backend: str, seed: int
) -> None:
    chance = Random(f"text {choose.__name__} {generation} {backend} {seed}")
    timeline = Timeline(new_session(choose, generation, backend, chance))
    go_on(timeline, _requests(choose), chance, 6)
    far_away(timeline, chance)
    go_on(timeline, _requests(choose), chance, 3)
    journal = journal_of(timeline, "1.2.3", state_hash="ab12")

    read = read_journal(write_journal(journal))

    assert read == journal
    again = timeline_of(read)
    assert again.seek() == timeline.head
    assert difference(again.simulation, timeline.at()) == ""
    assert again.journal() == timeline.journal()


def session() -> Timeline:
    timeline = Timeline(Simulation(2, "vmi"))
    timeline.apply(reschedule(0, 1), "ann")
    timeline.run(until_idle=True)
    timeline.apply(ReadRegister(1, Register.SVR))
    return timeline


def test_a_journal_is_json_a_line() -> None:
    timeline = session()

    first, *commands, last = map(json.loads, write_journal(journal_of(timeline, "9.9")).splitlines())

    assert first == {
        "apicscope": "9.9",
        "cpus": 2,
        "backend": "vmi",
        "generation": "linux-2.6.22",
        "cost_sheet": "2007",
        "profile": "intel-sdm",
    }
    assert [line["who"] for line in commands] == ["ann", ""]
    assert commands[1]["command"] == {"type": "read_register", "cpu": 1, "register": "SVR"}
    assert last == {"head": {"tick": timeline.head.tick, "time": timeline.head.time, "hash": None}}


def test_a_machine_whose_sheet_has_no_name_cannot_be_written() -> None:
    sheet = load_cost_sheet("2007").with_values({"vm_exit": 1})
    timeline = Timeline(Simulation(2, sheet=sheet))
    assert read_journal(write_journal(journal_of(timeline, "1"))).beginning.sheet == sheet

    own = Timeline(Simulation(2, sheet=replace(sheet, name="mine")))
    with pytest.raises(ValueError, match="mine does not come with the program, so nobody else"):
        write_journal(journal_of(own, "1"))


def lines() -> list[Any]:
    return [json.loads(line) for line in write_journal(journal_of(session(), "1")).splitlines()]


def text(changed: list[Any]) -> str:
    return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in changed)


WRONG: dict[str, tuple[int, Any, str]] = {
    "not JSON": (1, "{tick: 1}", "line 2: is no JSON: {tick: 1}"),
    "a list": (1, [1, 2], "line 2: is no JSON object: [1, 2]"),
    "no machine": (0, '{"apicscope": "1"}', "line 1: cpus is missing"),
    "no number of CPUs": (0, {"cpus": "two"}, 'line 1: cpus is "two", and must be a whole number from 1 to 255'),
    "too many CPUs": (0, {"cpus": 256}, "line 1: cpus is 256, and must be a whole number from 1 to 255"),
    "another back end": (0, {"backend": "lguest"}, "line 1: backend is lguest; there are native-xapic, "),
    "what does not go together": (0, {"generation": "linux-6"}, "line 1: backend vmi: "),
    "another sheet": (0, {"cost_sheet": "1999"}, "line 1: cost_sheet: '1999' is no cost sheet: there are 2007"),
    "another profile": (0, {"profile": "amd"}, "line 1: profile is amd; there are intel-sdm"),
    "a member too many": (1, {"why": 1}, "line 2: why is not known here; known: tick, time, who, command"),
    "a negative tick": (1, {"tick": -1}, "line 2: tick is -1, and must be a whole number"),
    "a tick that is no number": (1, {"tick": True}, "line 2: tick is true, and must be a whole number"),
    "a tick twice": (2, {"tick": 0}, "line 3: tick 0 comes after tick 0; each command has a later one"),
    "time that goes back": (2, {"time": 0}, "line 3: time 0 comes after time 7"),
    "nobody": (1, {"who": 7}, "line 2: who is no text: 7"),
    "another command": (1, {"command": {"type": "reboot"}}, "line 2: command: type: 'reboot' is no command; known: "),
    "another CPU": (
        1,
        {"command": {"type": "read_msr", "cpu": 2, "msr": 0x1B}},
        "line 2: command: cpu: there is no CPU 2; this machine has 0 to 1",
    ),
    "what changes nothing": (
        1,
        {"command": {"type": "pause"}},
        "line 2: command: pause changes nothing of a machine, and stands in no journal",
    ),
    "an end before the last command": (
        3,
        {"head": {"tick": 0, "time": 0, "hash": None}},
        "line 4: the head, tick 0 at 0, is not after the last command",
    ),
    "a hash that is none": (3, {"head": {"tick": 99, "time": 9_999_999, "hash": 5}}, "line 4: hash is no text: 5"),
    "no end": (3, {"tick": 99}, "line 4: tick is not known here; known: head"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_journal_is_said_with_its_line(name: str) -> None:
    place, change, words = WRONG[name]
    changed = lines()
    if name == "time that goes back":
        changed[1]["time"] = 7
    changed[place] = changed[place] | change if isinstance(change, dict) else change

    with pytest.raises(InvalidJournal) as raised:
        read_journal(text(changed))

    assert str(raised.value).startswith(words)
    assert raised.value.line == place + 1


@pytest.mark.parametrize(
    ("content", "words"), [("", "line 1: there is nothing"), ("\n \n", "line 1: there is nothing")]
)
def test_an_empty_text_is_no_journal(content: str, words: str) -> None:
    with pytest.raises(InvalidJournal, match=words):
        read_journal(content)


def test_a_journal_without_its_last_line_is_cut_off() -> None:
    with pytest.raises(InvalidJournal, match="line 1: nothing follows"):
        read_journal(text(lines()[:1]))
    with pytest.raises(InvalidJournal, match="line 3: head is missing"):
        read_journal(text(lines()[:3]))


def test_empty_lines_and_another_end_of_line_do_no_harm() -> None:
    written = text(lines())

    assert read_journal(written.replace("\n", "\r\n\r\n")) == read_journal(written)


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        (2, {"tick": 3}, "goes another way from tick 3: tick 3 at"),
        (
            3,
            {"head": {"tick": 10_000, "time": 10_000_000, "hash": None}},
            "nothing is left to happen before tick 10,000",
        ),
        (1, {"command": CallGuest(0, "smp_call_function").to_json() | {"function": "do_boot_cpu"}}, "goes another way"),
    ],
)
def test_commands_that_do_not_lead_to_the_head_are_found_out_when_they_are_done(
    place: int, change: dict[str, Any], words: str
) -> None:
    changed = lines()
    changed[place] |= change
    timeline = timeline_of(read_journal(text(changed)))

    with pytest.raises(Diverged, match=words):
        timeline.seek()
    assert timeline.moment == moment_at(0, 0)
