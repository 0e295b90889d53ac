"""A machine has a record without a simulation around it, as a recording's has."""

import json
from pathlib import Path

import pytest

from app.engine.machine_record import machine_state, restore_machine
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording
from tests.engine.random_sessions import anything
from tests.engine.runs import under_every_pair
from tests.history.random_moments import moments
from tests.hw.visible_state import visible_state

LOGS = sorted(Path(__file__).parents[1].joinpath("trace", "recordings").glob("*storm*.qemu.log.gz"))


def copied(machine: Machine, other: Machine) -> Machine:
    """*other* is *machine* from now on."""
    restore_machine(other, json.loads(json.dumps(machine_state(machine))))
    return other


@pytest.mark.slow
@under_every_pair
def test_machine_of_a_session_comes_back(generation: str, backend: str) -> None:
    for seed in range(2):
        for simulation in moments(anything, generation, backend, seed):
            machine = simulation.machine
            other = copied(machine, Machine(len(machine.cpus), profile=machine.profile))

            assert machine_state(other) == machine_state(machine)
            assert visible_state(other) == visible_state(machine)
            assert other.next_timer_deadline() == machine.next_timer_deadline()


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
def test_machine_of_a_recording_comes_back_and_goes_on_alike(log: Path) -> None:
    recording = read_recording(log.name, log.read_bytes())
    replay = Replay(recording)
    for _ in range(3_000):
        replay.step()
    other = copied(replay.machine, Machine(recording.cpu_count, profile=INTEL_SDM, apic_ids=recording.apic_ids))

    for machine in (replay.machine, other):
        machine.take_events()
        for cpu in range(recording.cpu_count):
            machine.send_msi(0xFEE0_0000 | cpu << 12, 0x51)
        machine.settle()

    assert other.take_events() == replay.machine.take_events() != []
    assert machine_state(other) == machine_state(replay.machine)


def test_message_that_the_bus_tries_again_and_pins_of_a_cpu_are_in_it() -> None:
    machine = Machine(2, profile=INTEL_P6)
    machine.drive_lint(1, 1, 1)
    for _ in range(3):
        machine.send_msi(0xFEE0_1000, 0x51)
    machine.settle()

    other = copied(machine, Machine(2, profile=INTEL_P6))

    assert other.retrying == machine.retrying
    assert other.cpus[1].apic.lint_lines == [0, 1]


def test_machine_of_another_size_does_not_become_that_one() -> None:
    with pytest.raises(ValueError, match="zip"):
        copied(Machine(2), Machine(3))
