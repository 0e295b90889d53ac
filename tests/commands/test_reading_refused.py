"""Commands that cannot be: which field is to blame."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.fields import InvalidCommand
from app.commands.guest import CallGuest
from app.commands.lines import RaiseLint
from app.commands.reading import read_command, read_form
from app.commands.table import COMMAND_KINDS
from tests.commands.strategies import JSON, Raw, stimuli
from tests.commands.test_reading import CPUS, SEND


def shown(value: object) -> str:
    """A parameter's id."""
    return repr(value)[:60]


def blamed(raw: object) -> list[str]:
    """The fields that the refusal of *raw* names."""
    with pytest.raises(InvalidCommand) as refusal:
        read_command(raw, CPUS)
    assert all(message for _, message in refusal.value.errors)
    assert len(str(refusal.value)) < 1500
    return [field for field, _ in refusal.value.errors]


NO_NUMBERS: list[Any] = [
    math.nan, float("1e309"), 1.5, True, False, "", " ", "x", "0x", "0xg1", "1e3", "NaN", "9" * 67,
    [], [1], {}, {"vector": 1}, "٣x", "٣", "1_0",
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
    (SEND | {"destination": 1 << 32}, "destination"),
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
    ({"type": "step", "count": -(10**9)}, "count"),
    ({"type": "step", "count": 10**9}, "count"),
    ({"type": "seek"}, "tick"),
    ({"type": "seek", "tick": 5, "time": 5}, "time"),
    ({"type": "seek", "tick": -1}, "tick"),
    ({"type": "seek", "tick": 5, "branch": -1}, "branch"),
    ({"type": "switch_branch"}, "branch"),
    ({"type": "name_branch", "branch": 0, "name": " "}, "name"),
    ({"type": "name_branch", "branch": 0, "name": 7}, "name"),
    ({"type": "name_branch", "branch": 0, "name": "a\nb"}, "name"),
    ({"type": "name_branch", "branch": 0, "name": "a" * 61}, "name"),
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
        read_command(raw, CPUS)
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
    read_command(raw, CPUS)


@given(st.dictionaries(st.sampled_from(["type", "cpu", "vector", "arguments.cpu", "arguments."]), st.text(max_size=9)))
def test_any_form_is_a_command_or_an_invalid_one(fields: dict[str, str]) -> None:
    with contextlib.suppress(InvalidCommand):
        read_form(fields, CPUS)


def test_form_fields_of_arguments_become_the_guest_function_s_arguments() -> None:
    fields = {
        "type": "call_guest",
        "cpu": "1",
        "function": "send_ipi_self",
        "arguments.vector": "0x40",
        "arguments.cpu": "",
    }

    assert read_form(fields, CPUS) == CallGuest(1, "send_ipi_self", vector=0x40)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"type": "raise_lint", "cpu": 0, "pin": 2}, "pin"),
        ({"type": "lower_lint", "cpu": 0, "pin": "2"}, "pin"),
        ({"type": "raise_lint", "pin": 0}, "cpu"),
        ({"type": "fire_local_source", "cpu": 0, "source": "moon"}, "source"),
        ({"type": "fire_local_source", "cpu": 0, "source": "timer"}, "source"),
        ({"type": "fire_local_source", "cpu": 0}, "source"),
        ({"type": "raise_legacy_line", "line": 2}, "line"),
        ({"type": "raise_legacy_line", "line": 16}, "line"),
        ({"type": "lower_legacy_line", "line": "2"}, "line"),
        ({"type": "raise_legacy_line", "line": True}, "line"),
        ({"type": "raise_legacy_line"}, "line"),
        ({"type": "read_msr", "cpu": 0, "msr": 1 << 32}, "msr"),
        ({"type": "read_msr", "cpu": 0}, "msr"),
        ({"type": "write_msr", "cpu": 0, "msr": "0x100000000", "value": 0}, "msr"),
        ({"type": "write_msr", "cpu": 0, "msr": 0x1B, "value": 1 << 64}, "value"),
        ({"type": "write_cr8", "cpu": 9, "value": 1}, "cpu"),
    ],
)
def test_what_is_not_there_is_named(raw: Raw, field: str) -> None:
    assert blamed(raw) == [field]


UNKNOWN: list[tuple[Raw, str]] = [
    (SEND | {"destinaton": 3}, "destinaton"),
    (SEND | {"mode": "smi"}, "mode"),
    (SEND | {"delivery": "nmi"}, "delivery"),
    (SEND | {"repeat": 1_000_000}, "repeat"),
    (SEND | {"id": 7}, "id"),
    (SEND | {"vector ": 7}, "vector "),
    ({"type": "call_guest", "cpu": 0, "function": "smp_send_reschedule", "target": 2}, "target"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpuz": [0]}}, "arguments.cpuz"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpus": [0], "mask": 1}},
     "arguments.cpus"),
    ({"type": "call_guest", "cpu": 0, "function": "send_ipi_mask", "arguments": {"cpu": 0, "target": 1}},
     "arguments.cpu"),
    ({"type": "pause", "cpu": 0}, "cpu"),
    ({"type": "run_until_idle", "count": 5}, "count"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "field"), UNKNOWN, ids=shown)
def test_field_that_nobody_reads_is_refused_by_its_name(raw: Raw, field: str) -> None:
    assert blamed(raw) == [field]


@given(stimuli(CPUS), st.text(min_size=1, max_size=12))
def test_no_command_takes_a_field_that_people_are_not_told_of(raw: Raw, name: str) -> None:
    told = [field.name for field in COMMAND_KINDS[raw["type"]].fields()]
    if name not in ("type", *told):
        assert name[:40] in blamed(raw | {name: 1})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"type": "run_until_idle", "limit": 0}, "limit: 0 is not in 1 to 100,000,000"),
        ({**SEND, "vector": 256}, "vector: 256 is not in 0 to 255 (0x0 to 0xff)"),
        ({"type": "name_branch", "branch": 0, "name": ""}, "name: is empty"),
        ({"type": "name_branch", "branch": 0, "name": 5}, "name: 5 is not a text"),
    ],
)
def test_limits_are_written_as_people_write_such_numbers(raw: Raw, said: str) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        read_command(raw, CPUS)

    assert str(refusal.value) == said


def test_refusal_of_an_unknown_field_lists_the_known_ones() -> None:
    with pytest.raises(InvalidCommand, match="known: type, pin"):
        read_command({"type": "raise_pin", "pin": 1, "pim": 2}, CPUS)


def test_form_may_hold_the_fields_of_its_other_buttons_but_no_unknown_one() -> None:
    form = {"type": "raise_lint", "cpu": "1", "pin": "0", "source": "thermal", "value": "0x00"}

    assert read_form(form, CPUS) == RaiseLint(1, 0)
    with pytest.raises(InvalidCommand, match="pim"):
        read_form(form | {"pim": "2"}, CPUS)
