"""The table has every command, and each command says enough of itself: on the wire, in WIRE.md, to a person."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.breakpoints.reading import read_condition
from app.breakpoints.words import WORDS
from app.commands.command import BaseCommand, HardwareCommand, Read, Stimulus
from app.commands.field_types import (
    Choice,
    CostSheet,
    Cpu,
    FieldType,
    Flag,
    OfCondition,
    OneOf,
    Perhaps,
    Speed,
    Text,
    Whole,
    WholeButZero,
)
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import FireLocalSource, LowerPin, RaiseLegacyLine, RaisePin
from app.commands.machine import SetBackend, SetCostSheet
from app.commands.reading import read_command
from app.commands.registers import Rdmsr, ReadRegister, WriteRegister
from app.commands.schema import command_schemas
from app.commands.table import COMMAND_KINDS, COMMANDS, Command
from app.commands.transport import Seek, Transport
from app.engine.simulation import Simulation
from app.guest.generations import GUEST_FUNCTIONS
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode

CPUS = 4
WIRE = (Path(__file__).parents[2] / "app/WIRE.md").read_text()
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.kind)


# The table


def classes_below(base: type[BaseCommand]) -> set[type[BaseCommand]]:
    return {below for child in base.__subclasses__() for below in ({child} | classes_below(child))}


def test_table_has_every_class_that_has_a_name_on_the_wire() -> None:
    assert {one.kind for one in classes_below(BaseCommand) if hasattr(one, "kind")} == set(COMMAND_KINDS)
    assert len(COMMAND_KINDS) == len(COMMANDS)


@every_command
def test_command_has_all_that_a_command_must_have(command: type[Command]) -> None:
    missing = {name for name in dir(command) if getattr(getattr(command, name), "__isabstractmethod__", False)}

    assert missing == set()
    assert command.description.endswith(".")


# To JSON and back


def values(field: FieldType[Any]) -> st.SearchStrategy[Any]:
    """Whatever a field of that type may hold."""
    match field:
        case Cpu():
            return st.integers(0, CPUS - 1)
        case Whole(lowest, highest):
            return st.integers(lowest, highest)
        case WholeButZero(lowest, highest):
            return st.integers(lowest, highest).filter(bool)
        case Perhaps(lowest, highest):
            return st.none() | st.integers(lowest, highest)
        case Text(longest):
            letters = st.characters(categories=["L", "N", "P", "Sm"])
            return st.text(letters, min_size=1, max_size=longest)
        case OneOf(numbers):
            return st.sampled_from(list(numbers))
        case Choice(choices):
            return st.sampled_from(list(choices.values()))
        case Flag():
            return st.booleans()
        case Speed(slowest, fastest):
            return st.none() | st.floats(slowest, fastest)
        case OfCondition():
            return st.sampled_from([read_condition(word.example) for word in WORDS])
        case CostSheet():
            return st.sampled_from(["2007", "skylake-sp", "2007?vm_exit=900"])
        case _:
            raise TypeError(field)


ICRS = st.builds(
    Icr,
    st.integers(0, 255),
    st.sampled_from([mode for mode in DeliveryMode if mode not in (DeliveryMode.RESERVED_3, DeliveryMode.EXTINT)]),
    st.sampled_from(DestinationMode),
    st.sampled_from(Shorthand),
    st.integers(0, 0xFFFF_FFFF),
    st.integers(0, 1),
    st.sampled_from(TriggerMode),
)
CALLS = st.builds(
    CallGuest,
    st.just(0),
    st.sampled_from(list(GUEST_FUNCTIONS)),
    st.none() | st.integers(1, CPUS - 1),
    st.none() | st.integers(1, (1 << CPUS) - 1),
    st.none() | st.integers(0, 255),
    st.booleans(),
)


def commands(command: type[Command]) -> st.SearchStrategy[Command]:
    """Any command of that class."""
    if command is SendIpi:
        return st.builds(SendIpi, st.integers(0, CPUS - 1), ICRS)
    if command is CallGuest:
        return CALLS
    if command is Seek:
        branches, when = st.none() | st.integers(0, 9), st.integers(0, 1 << 40)
        return st.builds(Seek, when, st.none(), branches) | st.builds(Seek, st.none(), when, branches)
    return st.builds(command, **{field.name: values(field.type) for field in command.fields()})


@every_command
@given(data=st.data())
def test_command_reads_as_it_was_written(command: type[Command], data: st.DataObject) -> None:
    one = data.draw(commands(command))

    written = json.dumps(one.to_json())

    assert read_command(json.loads(written), CPUS) == one


@pytest.mark.parametrize(
    "command",
    [WriteRegister(0, 0x123, 1), SendIpi(0, Icr(0x51, DeliveryMode.EXTINT)), CallGuest(0, "panic")],
    ids=lambda command: command.kind,
)
def test_what_no_request_could_have_asked_for_is_not_written(command: Command) -> None:
    with pytest.raises(ValueError, match="is none of"):
        command.to_json()


def test_commands_of_two_kinds_are_never_equal() -> None:
    alike: set[Command] = {RaisePin(3), LowerPin(3), RaiseLegacyLine(3), ReadRegister(1, 0x80), Rdmsr(1, 0x80)}

    assert len(alike) == 5


# For people


@pytest.mark.slow
@every_command
@given(data=st.data())
def test_stimulus_is_told_in_a_phrase_that_can_be_followed_by_another(
    command: type[Command], data: st.DataObject
) -> None:
    one = data.draw(commands(command))

    if isinstance(one, Stimulus):
        assert re.fullmatch(r"[\w(][^.:;\n]*", one.words.replace("2007?vm_exit=900", "")), one.words


def refused(one: Command, simulation: Simulation) -> bool:
    return isinstance(one, Stimulus) and one.refusal(simulation) is not None


@pytest.mark.slow
@every_command
@given(data=st.data())
def test_fresh_machine_refuses_only_what_it_lacks(command: type[Command], data: st.DataObject) -> None:
    one = data.draw(commands(command))

    assert not refused(one, Simulation(CPUS)) or command in (SetBackend, SetCostSheet, FireLocalSource, SendIpi)


# WIRE.md


def told() -> list[tuple[int, str, set[str], set[str]]]:
    """(block, kind, fields that must be there, fields that may be) of each command in WIRE.md."""
    section = WIRE.partition("\nCOMMAND\n")[2].partition("\n`step` and")[0]
    rows: list[tuple[int, str, set[str], set[str]]] = []
    block = 0
    for line in section.splitlines():
        if rows and not line:
            block += 1
        row = re.match(r" {4}(\w+) *([\w, ]*?)(?:\[([^\]]*)\])?(?: {2,}.*)?$", line)
        if row:
            kind, must, may = row[1], row[2], row[3] or ""
            may = may.partition(":")[0]  # "arguments: one of …"
            rows.append((block, kind, _names(must), _names(may)))
    return rows


def _names(listed: str) -> set[str]:
    return {name for name in re.split(r"[ ,]+", listed) if name}


def test_wire_md_lists_the_commands_with_the_fields_that_they_have() -> None:
    schemas = command_schemas()
    required = {kind: set(schema["required"]) - {"type"} for kind, schema in schemas.items()}

    assert {kind: (must, may) for _, kind, must, may in told()} == {
        command.kind: (required[command.kind], {field.name for field in command.fields()} - required[command.kind])
        for command in COMMANDS
    }


def test_blocks_of_wire_md_are_what_the_text_says_of_them() -> None:
    blocks: list[set[type[Command]]] = [set(), set(), set()]
    for block, kind, _, _ in told():
        blocks[block].add(COMMAND_KINDS[kind])
    guest, past_the_guest, time = blocks

    assert past_the_guest == {one for one in COMMANDS if issubclass(one, HardwareCommand | Read)}
    assert time == {one for one in COMMANDS if issubclass(one, Transport)}
    assert {one.kind for one in guest | past_the_guest if issubclass(one, Stimulus) and not one.pairable} == {
        "set_backend",
        "set_cost_sheet",
        "demonstrate",
    }
