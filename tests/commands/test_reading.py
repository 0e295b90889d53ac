"""Commands as they come in: what is accepted, and which field is to blame when one is not."""

import pytest

from app.breakpoints.reading import read_condition
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import (
    ConfigurePin,
    FireLocalSource,
    LowerLegacyLine,
    LowerLint,
    LowerPin,
    RaiseLegacyLine,
    RaiseLint,
    RaisePin,
    SendMsi,
)
from app.commands.machine import Demonstrate, SetBackend, SetCostSheet, SetInterruptFlag
from app.commands.reading import read_command
from app.commands.registers import Rdmsr, ReadRegister, WriteCr8, WriteRegister, Wrmsr
from app.commands.table import COMMAND_KINDS, Command
from app.commands.transport import (
    BreakAt,
    NameBranch,
    Pause,
    RemoveBreakpoint,
    Run,
    RunTo,
    RunUntilIdle,
    Seek,
    SetSpeed,
    StepBy,
    SwitchBranch,
)
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.registers import Register
from tests.commands.strategies import Raw

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
    (
        {"type": "write_msr", "cpu": 1, "msr": 0x1B, "value": 0xFEE0_0C00},
        {"type": "write_msr", "cpu": "1", "msr": "0x1b", "value": "0xfee00c00"},
        Wrmsr(1, 0x1B, 0xFEE0_0C00),
    ),
    (
        {"type": "read_msr", "cpu": 0, "msr": 0x802},
        {"type": "read_msr", "cpu": "0", "msr": "0x802"},
        Rdmsr(0, 0x802),
    ),
    (
        {"type": "write_cr8", "cpu": 2, "value": 9},
        {"type": "write_cr8", "cpu": "2", "value": "0x9"},
        WriteCr8(2, 9),
    ),
    (
        {"type": "raise_lint", "cpu": 3, "pin": 1},
        {"type": "raise_lint", "cpu": "3", "pin": "1"},
        RaiseLint(3, 1),
    ),
    (
        {"type": "lower_lint", "cpu": 0, "pin": 0},
        {"type": "lower_lint", "cpu": "0", "pin": "0x0"},
        LowerLint(0, 0),
    ),
    (
        {"type": "fire_local_source", "cpu": 1, "source": "performance"},
        {"type": "fire_local_source", "cpu": "1", "source": "performance"},
        FireLocalSource(1, Register.LVT_PERFORMANCE),
    ),
    (
        {"type": "raise_legacy_line", "line": 8},
        {"type": "raise_legacy_line", "line": "8"},
        RaiseLegacyLine(8),
    ),
    (
        {"type": "lower_legacy_line", "line": 0},
        {"type": "lower_legacy_line", "line": "0x0"},
        LowerLegacyLine(0),
    ),
    ({"type": "raise_pin", "pin": 18}, {"type": "raise_pin", "pin": "18"}, RaisePin(18)),
    ({"type": "lower_pin", "pin": 0}, {"type": "lower_pin", "pin": "0x0"}, LowerPin(0)),
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
    (
        {"type": "set_cost_sheet", "cost_sheet": "2007?decode=&vm_exit=900"},
        {"type": "set_cost_sheet", "cost_sheet": "http://localhost:8000/costs/2007?vm_exit=900"},
        SetCostSheet("2007?vm_exit=900"),
    ),
    ({"type": "demonstrate", "enabled": True}, {"type": "demonstrate", "enabled": "yes"}, Demonstrate(True)),
    ({"type": "pause"}, {"type": "pause"}, Pause()),
    ({"type": "run"}, {"type": "run"}, Run()),
    ({"type": "set_speed", "speed": 400}, {"type": "set_speed", "speed": "400"}, SetSpeed(400.0)),
    ({"type": "set_speed", "speed": None}, {"type": "set_speed", "speed": "max"}, SetSpeed(None)),
    ({"type": "step"}, {"type": "step", "count": "1", "unit": "operation"}, StepBy("operation", 1)),
    ({"type": "step", "count": -2}, {"type": "step", "count": "-2", "unit": "operation"}, StepBy("operation", -2)),
    ({"type": "seek", "tick": 9}, {"type": "seek", "tick": "0x9", "time": None}, Seek(9)),
    ({"type": "seek", "time": 9, "branch": 1}, {"type": "seek", "time": "9", "branch": "1"}, Seek(None, 9, 1)),
    ({"type": "switch_branch", "branch": 3}, {"type": "switch_branch", "branch": "3"}, SwitchBranch(3)),
    (
        {"type": "name_branch", "branch": 0, "name": "lost wake-up"},
        {"type": "name_branch", "branch": "0", "name": " lost wake-up "},
        NameBranch(0, "lost wake-up"),
    ),
    (
        {"type": "step", "unit": "interrupt", "count": 7},
        {"type": "step", "unit": "interrupt", "count": "0x7"},
        StepBy("interrupt", 7),
    ),
    ({"type": "run_until_idle", "limit": 9}, {"type": "run_until_idle", "limit": "9"}, RunUntilIdle(9)),
    (
        {"type": "run_to", "condition": "nmi on 1", "backwards": True},
        {"type": "run_to", "condition": " nmi on 1 ", "backwards": "on"},
        RunTo(read_condition("nmi on 1"), backwards=True),
    ),
    (
        {"type": "break_at", "condition": "nmi"},
        {"type": "break_at", "condition": "nmi"},
        BreakAt(read_condition("nmi")),
    ),
    (
        {"type": "remove_breakpoint", "breakpoint": 2},
        {"type": "remove_breakpoint", "breakpoint": "2"},
        RemoveBreakpoint(2),
    ),
]


def test_examples_show_every_type() -> None:
    assert {numbers["type"] for numbers, _, _ in EXAMPLES} == set(COMMAND_KINDS)


@pytest.mark.parametrize(
    ("numbers", "strings", "command"), EXAMPLES, ids=[f"{n} {raw['type']}" for n, (raw, _, _) in enumerate(EXAMPLES)]
)
def test_command_is_accepted_in_numbers_and_in_strings(numbers: Raw, strings: Raw, command: Command) -> None:
    assert read_command(numbers, CPUS) == command
    assert read_command(strings, CPUS) == command


def test_send_ipi_needs_but_a_cpu_and_a_vector() -> None:
    assert read_command({"type": "send_ipi", "cpu": 0, "vector": 64}, CPUS) == SendIpi(0, Icr(64))
