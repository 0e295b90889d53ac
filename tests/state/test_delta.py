"""What a client has after applying deltas is what the server has, whatever the simulation does."""

import copy
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.command import Stimulus
from app.commands.machine import SetInterruptFlag
from app.commands.reading import read_command
from app.engine.simulation import Simulation
from app.session.simulated import SimulatedDrive
from app.state.delta import apply, difference
from tests.commands.strategies import Raw, stimuli

CPUS = 3
State = Any  # without what only a session adds


def drive_after(commands: list[tuple[Raw, int]]) -> list[State]:
    """The states that a simulation shows after each command and so many operations."""
    drive = SimulatedDrive(Simulation(CPUS))
    states = [drive.state() | {"time": drive.time}]
    for raw, operations in commands:
        command = read_command(raw, CPUS)
        assert isinstance(command, Stimulus)
        drive.apply(command)
        drive.run(operations=operations)
        states.append(drive.state() | {"time": drive.time})
    return states


COURSES = st.lists(st.tuples(stimuli(CPUS), st.integers(0, 60)), max_size=8)


@given(COURSES)
def test_client_has_the_server_s_state_after_every_delta(commands: list[tuple[Raw, int]]) -> None:
    states = drive_after(commands)
    client = states[0]

    for base, new in itertools.pairwise(states):
        delta = json.loads(json.dumps(difference(base, new)))
        client = apply(client, delta)
        assert client == new


@given(COURSES, st.data())
def test_delta_leads_from_any_state_to_any_other(commands: list[tuple[Raw, int]], data: st.DataObject) -> None:
    states = drive_after(commands)
    base, new = data.draw(st.sampled_from(states)), data.draw(st.sampled_from(states))
    before = copy.deepcopy(base)

    delta = difference(base, new)

    assert apply(base, delta) == new
    assert base == before, "the base has been changed"


def test_delta_of_a_state_to_itself_is_empty() -> None:
    (state,) = drive_after([])

    assert difference(state, copy.deepcopy(state)) == {}


def test_delta_names_only_the_cpu_and_keys_that_changed() -> None:
    before, after = drive_after([({"type": "set_interrupt_flag", "cpu": 1, "enabled": False}, 0)])

    delta: Any = difference(before, after)

    assert set(delta["cpus"]) == {"1"}
    assert delta["cpus"]["1"]["held_off"] is True
    assert "irr" not in delta["cpus"]["1"]
    assert "ioapic" not in delta


@pytest.mark.parametrize("number", [0, 199, 200, 254])
def test_delta_of_a_large_machine_has_whichever_cpu_changed(number: int) -> None:
    drive = SimulatedDrive(Simulation(255))
    before: State = drive.state()
    drive.apply(SetInterruptFlag(number, False))

    after: State = drive.state()
    delta = json.loads(json.dumps(difference(before, after)))

    assert list(delta["cpus"]) == [str(number)]
    assert apply(before, delta) == after
