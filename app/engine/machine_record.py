"""A machine as a plain record, and back: the part of a simulation's record that a recording has, too."""

from app.engine.codec import Decoder, Plain, state_of
from app.hw.machine import Machine

#: Which of a machine's common parts is its clock.
CLOCK_PLACE = 1


def machine_state(machine: Machine) -> dict[str, Plain]:
    """All that *machine* is made of, but for what it has told and nobody took."""
    return {
        "common": [state_of(part) for part in machine.common_parts()],
        "cpus": [[state_of(part) for part in machine.parts_of(cpu)] for cpu in machine.cpus],
    }


def restore_machine(machine: Machine, record: dict[str, Plain], decoder: Decoder | None = None) -> None:
    """Makes *machine*, which has the same CPUs and profile, the one that *record* is of. ValueError when it has not."""
    decoder = decoder or Decoder()
    for part, state in zip(machine.common_parts(), record["common"], strict=True):
        decoder.restore(part, state)
    for cpu, states in zip(machine.cpus, record["cpus"], strict=True):
        machine.give_channels(cpu, given=len(states) > len(machine.parts_of(cpu)) - (cpu.event_channels is not None))
        for part, state in zip(machine.parts_of(cpu), states, strict=True):
            decoder.restore(part, state)
    machine.look_anew()
