"""Commands as they come in: what is accepted, and which field is to blame when one is not."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sim.commands import (
    CallGuest,
    Command,
    ConfigurePin,
    Demonstrate,
    DrivePin,
    Pause,
    ReadRegister,
    Run,
    RunUntilIdle,
    SendIpi,
    SendMsi,
    SetBackend,
    SetInterruptFlag,
    SetSpeed,
    StepBy,
    WriteRegister,
)
from app.wire.commands import COMMAND_TYPES, InvalidCommand, command_from_fields, parse_command
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.registers import Register
from tests.wire.strategies import JSON, Raw, stimuli

CPUS = 4

IPI = Icr(0x51, DeliveryMode.LOWEST_PRIORITY, DestinationMode.LOGICAL, Shorthand.NONE, 0x0F)
SEND: Raw = {"type": "send_ipi", "cpu": 0, "vector": 81, "destination": 15} | {
    "delivery_mode": "lowest_priority",
    "destination_mode": "logical",
    "shorthand": "none",
}

#: A command, as JSON with numbers and as strings; both mean the same.
EXAMPLES: list[tuple[Raw, Raw, Command]] = [
    (SEND, SEND | {"cpu": "0", "vector": "0x51", "destination": "0x0F"}, SendIpi(0, IPI)),
    (
        {"type": "call_guest", "cpu": 1, "function": "send_ipi_mask", "arguments": {"cpus": [0, 2], "vector": 64}},
        {"type": "call_guest", "cpu": "1", "function": "send_ipi_mask", "arguments": {"cpus": "0,2", "vector": "0x40"}},
        CallGuest(1, "send_ipi_mask", None, 0b101, 0x40),
    ),
    (
        {"type": "write_register", "cpu": 3, "register": "TPR", "value": 0x60},
        {"type": "write_register", "cpu": "3", "register": "tpr", "value": "0x60"},
        WriteRegister(3, Register.TPR, 0x60),
    ),
    (
        {"type": "read_register", "cpu": 2, "register": "ICR_LOW"},
        {"type": "read_register", "cpu": "0x2", "register": "icr_low"},
        ReadRegister(2, Register.ICR_LOW),
    ),
    ({"type": "raise_pin", "pin": 18}, {"type": "raise_pin", "pin": "18"}, DrivePin(18, 1)),
    ({"type": "lower_pin", "pin": 0}, {"type": "lower_pin", "pin": "0x0"}, DrivePin(0, 0)),
    (
        {"type": "configure_pin", "pin": 23, "entry": (1 << 64) - 1},
        {"type": "configure_pin", "pin": "23", "entry": "0xffffffffffffffff"},
        ConfigurePin(23, (1 << 64) - 1),
    ),
    (
        {"type": "send_msi", "address": 0xFEE0_1000, "data": 0x4051},
        {"type": "send_msi", "address": "0xfee01000", "data": "0x4051"},
        SendMsi(0xFEE0_1000, 0x4051),
    ),
    (
        {"type": "set_interrupt_flag", "cpu": 1, "enabled": False},
        {"type": "set_interrupt_flag", "cpu": "1", "enabled": "off"},
        SetInterruptFlag(1, False),
    ),
    ({"type": "set_backend", "backend": "vmi"}, {"type": "set_backend", "backend": "vmi"}, SetBackend("vmi")),
    ({"type": "demonstrate", "enabled": True}, {"type": "demonstrate", "enabled": "yes"}, Demonstrate(True)),
    ({"type": "pause"}, {"type": "pause"}, Pause()),
    ({"type": "run"}, {"type": "run"}, Run()),
    ({"type": "set_speed", "speed": 400}, {"type": "set_speed", "speed": "400"}, SetSpeed(400.0)),
    ({"type": "set_speed", "speed": None}, {"type": "set_speed", "speed": "max"}, SetSpeed(None)),
    ({"type": "step"}, {"type": "step", "count": "1", "unit": "operation"}, StepBy("operation", 1)),
    (
        {"type": "step", "unit": "interrupt", "count": 7},
        {"type": "step", "unit": "interrupt", "count": "0x7"},
        StepBy("interrupt", 7),
    ),
    ({"type": "run_until_idle", "limit": 9}, {"type": "run_until_idle", "limit": "9"}, RunUntilIdle(9)),
]


def test_examples_show_every_type() -> None:
    assert {numbers["type"] for numbers, _, _ in EXAMPLES} == set(COMMAND_TYPES)


@pytest.mark.parametrize(
    ("numbers", "strings", "command"), EXAMPLES, ids=[f"{n} {raw['type']}" for n, (raw, _, _) in enumerate(EXAMPLES)]
)
def test_command_is_accepted_in_numbers_and_in_strings(numbers: Raw, strings: Raw, command: Command) -> None:
    assert parse_command(numbers, CPUS) == command
    assert parse_command(strings, CPUS) == command


def test_send_ipi_needs_but_a_cpu_and_a_vector() -> None:
    assert parse_command({"type": "send_ipi", "cpu": 0, "vector": 64}, CPUS) == SendIpi(0, Icr(64))


def shown(value: object) -> str:
    """A parameter's id."""
    return repr(value)[:60]


def blamed(raw: object) -> list[str]:
    """The fields that the refusal of *raw* names."""
    with pytest.raises(InvalidCommand) as refusal:
        parse_command(raw, CPUS)
    assert all(message for _, message in refusal.value.errors)
    assert len(str(refusal.value)) < 1500
    return [field for field, _ in refusal.value.errors]


NO_NUMBERS: list[Any] = [
    math.nan, float("1e309"), 1.5, True, False, "", " ", "x", "0x", "0xg1", "1e3", "NaN", "9" * 67,
    [], [1], {}, {"vector": 1}, "٣x",
]  # fmt: skip


@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, 0x1FF, 256, -1, "-1", "0x1ff", "-0x1", 10**400, -(10**400), 1e300], ids=shown
)
def test_bad_vector_is_blamed_on_the_vector(value: object) -> None:
    assert blamed(SEND | {"vector": value}) == ["vector"]


@pytest.mark.parametrize("value", [*NO_NUMBERS, 99, 4, -1, "99", "0xffffffff", 10**400], ids=shown)
def test_bad_cpu_is_blamed_on_the_cpu(value: object) -> None:
    assert blamed(SEND | {"cpu": value}) == ["cpu"]


BAD: list[tuple[Raw, str]] = [
    (SEND | {"delivery_mode": "extint"}, "delivery_mode"),
    (SEND | {"delivery_mode": 0}, "delivery_mode"),
    (SEND | {"delivery_mode": ["fixed"]}, "delivery_mode"),
    (SEND | {"destination_mode": "PHYSICAL"}, "destination_mode"),
    (SEND | {"shorthand": "everyone"}, "shorthand"),
    (SEND | {"destination": 256}, "destination"),
    (SEND | {"level": "perhaps"}, "level"),
    (SEND | {"level": 1}, "level"),
    (SEND | {"trigger_mode": "both"}, "trigger_mode"),
    ({"type": "call_guest", "cpu": 0, "function": "panic"}, "function"),
    ({"type": "call_guest", "cpu": 0, "function": None}, "function"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_self", "arguments": []}, "arguments"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_self", "arguments": "0x40"}, "arguments"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_self", "arguments": {"vector": 256}}, "arguments.vector"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpu": 4}}, "arguments.cpu"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpus": [0, 4]}}, "arguments.cpus"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpus": []}}, "arguments.cpus"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpus": [[0]]}}, "arguments.cpus"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpus": "0,,1"}}, "arguments.cpus"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpus": 3}}, "arguments.cpus"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"mask": 16}}, "arguments.mask"),
    ({"type": "call_guest", "cpu": 0, "function": "smp_call_function", "arguments": {"wait": 2}}, "arguments.wait"),
    ({"type": "write_register", "cpu": 0, "register": "TPR", "value": 1 << 64}, "value"),
    ({"type": "write_register", "cpu": 0, "register": "TPR"}, "value"),
    ({"type": "write_register", "cpu": 0, "register": "RAX", "value": 0}, "register"),
    ({"type": "read_register", "cpu": 0, "register": 0x80}, "register"),
    ({"type": "read_register", "cpu": 0}, "register"),
    ({"type": "raise_pin", "pin": 24}, "pin"),
    ({"type": "lower_pin", "pin": -1}, "pin"),
    ({"type": "configure_pin", "pin": 0, "entry": -1}, "entry"),
    ({"type": "send_msi", "address": 0xFED0_0000, "data": 0}, "address"),
    ({"type": "send_msi", "address": 0xFEE0_0000, "data": 1 << 32}, "data"),
    ({"type": "set_interrupt_flag", "cpu": 0}, "enabled"),
    ({"type": "set_interrupt_flag", "cpu": 0, "enabled": 1}, "enabled"),
    ({"type": "set_backend", "backend": "kvm"}, "backend"),
    ({"type": "set_backend"}, "backend"),
    ({"type": "demonstrate", "enabled": {}}, "enabled"),
    ({"type": "set_speed"}, "speed"),
    ({"type": "set_speed", "speed": True}, "speed"),
    ({"type": "set_speed", "speed": 0}, "speed"),
    ({"type": "set_speed", "speed": -400}, "speed"),
    ({"type": "set_speed", "speed": math.nan}, "speed"),
    ({"type": "set_speed", "speed": "nan"}, "speed"),
    ({"type": "set_speed", "speed": math.inf}, "speed"),
    ({"type": "set_speed", "speed": 10**400}, "speed"),
    ({"type": "set_speed", "speed": [400]}, "speed"),
    ({"type": "step", "count": 0}, "count"),
    ({"type": "step", "count": -1}, "count"),
    ({"type": "step", "count": 10**9}, "count"),
    ({"type": "step", "unit": "second"}, "unit"),
    ({"type": "run_until_idle", "limit": 0}, "limit"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "field"), BAD, ids=[f"{n} {field}" for n, (_, field) in enumerate(BAD)])
def test_bad_field_is_named(raw: Raw, field: str) -> None:
    assert blamed(raw) == [field]


NO_TYPES: list[Any] = ["reboot", "", None, 7, True, math.nan, [], ["pause"], {}, {"type": "pause"}, "x" * 999]


@pytest.mark.parametrize("kind", NO_TYPES, ids=shown)
def test_unknown_type_is_blamed_on_the_type(kind: object) -> None:
    assert blamed({"type": kind}) == ["type"]


def test_missing_type_is_blamed_on_the_type() -> None:
    assert blamed({}) == ["type"]
    assert blamed({"cpu": 0, "vector": 64}) == ["type"]


@pytest.mark.parametrize("raw", [None, True, 7, math.nan, "pause", [], [{"type": "pause"}], b"pause"], ids=shown)
def test_what_is_no_object_is_no_command(raw: object) -> None:
    assert blamed(raw) == [""]


def test_all_bad_fields_are_named_at_once() -> None:
    raw = SEND | {"cpu": 99, "vector": "0x1ff", "shorthand": "everyone", "destination": -1}

    assert blamed(raw) == ["cpu", "vector", "shorthand", "destination"]


def blame_if_any(raw: object) -> list[str]:
    """The fields that are wrong; anything but a command or an InvalidCommand is an error of ours."""
    try:
        parse_command(raw, CPUS)
    except InvalidCommand as refusal:
        return [field for field, _ in refusal.errors] or ["nothing?"]
    return []


@given(JSON)
def test_any_json_is_a_command_or_an_invalid_one(raw: object) -> None:
    assert set(blame_if_any(raw)) <= {"", "type"}


@given(stimuli(CPUS), st.data())
def test_any_json_in_any_field_is_a_command_or_an_invalid_one(raw: Raw, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(raw)))

    blame = blame_if_any(raw | {field: data.draw(JSON)})

    assert {name.partition(".")[0] for name in blame} <= {field}


@given(stimuli(CPUS))
def test_every_stimulus_of_the_strategy_is_accepted(raw: Raw) -> None:
    parse_command(raw, CPUS)


@given(st.dictionaries(st.sampled_from(["type", "cpu", "vector", "arguments.cpu", "arguments."]), st.text(max_size=9)))
def test_any_form_is_a_command_or_an_invalid_one(fields: dict[str, str]) -> None:
    with contextlib.suppress(InvalidCommand):
        command_from_fields(fields, CPUS)


def test_form_fields_of_arguments_become_the_guest_function_s_arguments() -> None:
    fields = {
        "type": "call_guest",
        "cpu": "1",
        "function": "send_ipi_self",
        "arguments.vector": "0x40",
        "arguments.cpu": "",
    }

    assert command_from_fields(fields, CPUS) == CallGuest(1, "send_ipi_self", vector=0x40)
