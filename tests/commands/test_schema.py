"""The commands' schemas say what the readers of commands take."""

import pytest
from hypothesis import given

from app.commands.fields import InvalidCommand
from app.commands.reading import read_command
from app.commands.schema import command_schemas
from app.commands.table import COMMANDS, Command
from tests.commands.strategies import Raw, sends, stimuli
from tests.schemas import check_schema, fits

SCHEMAS = command_schemas()
CPUS = 4
SEND = {"type": "send_ipi", "cpu": 0, "vector": "0x51"}
CALL = {"type": "call_guest", "cpu": 0, "function": "smp_call_function"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.kind)
def test_every_command_has_a_schema_with_the_fields_that_people_are_told_of(command: type[Command]) -> None:
    schema = SCHEMAS[command.kind]

    check_schema(schema)
    assert set(schema["properties"]) == {"type", *(field.name for field in command.fields())}
    assert schema["additionalProperties"] is False


@given(stimuli(CPUS) | sends(CPUS, destination_bits=32))
def test_what_is_taken_fits(raw: Raw) -> None:
    read_command(raw, CPUS)

    assert fits(raw, SCHEMAS[raw["type"]])


REFUSED: list[Raw] = [
    {"type": "send_ipi", "cpu": 0},
    SEND | {"vector": 256},
    SEND | {"vector": "fifty"},
    SEND | {"destination": 1 << 32},
    SEND | {"delivery_mode": "extint"},
    SEND | {"level": "perhaps"},
    {"type": "raise_pin"},
    {"type": "raise_pin", "pin": 24},
    {"type": "raise_legacy_line", "line": 2},
    {"type": "set_speed"},
    {"type": "set_speed", "speed": 0.5},
    {"type": "set_backend", "backend": "none"},
    {"type": "step", "count": 0},
    {"type": "send_msi", "address": 0x1000, "data": 0},
    {"type": "write_register", "cpu": 0, "register": "TPR"},
    CALL | {"function": "no_such_function"},
    CALL | {"arguments": {"cpus": []}},
    CALL | {"arguments": 3},
]


@pytest.mark.parametrize("raw", REFUSED, ids=str)
def test_what_is_refused_whatever_the_machine_does_not_fit(raw: Raw) -> None:
    with pytest.raises(InvalidCommand):
        read_command(raw, CPUS)

    assert not fits(raw, SCHEMAS[raw["type"]])


def test_arguments_that_exclude_each_other_are_all_described() -> None:
    arguments = SCHEMAS["call_guest"]["properties"]["arguments"]

    assert set(arguments["properties"]) == {"cpu", "target", "cpus", "mask", "vector", "wait"}
    assert "required" not in arguments


def test_default_is_the_one_that_the_reader_takes() -> None:
    properties = SCHEMAS["send_ipi"]["properties"]

    defaults = {name: schema["default"] for name, schema in properties.items() if "default" in schema}
    assert read_command(SEND | defaults, CPUS) == read_command(SEND, CPUS)
    assert set(defaults) == {"delivery_mode", "destination_mode", "shorthand", "destination", "level", "trigger_mode"}
