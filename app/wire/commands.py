"""Turns what came in, JSON or form fields, into commands; says of each bad field what is wrong with it.

Vectors and register values may be numbers or strings such as ``"0x51"`` or ``"81"``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from app.backends.catalogue import BACKENDS
from app.sim.commands import (
    INTERRUPT,
    OPERATION,
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
from app.sim.guest_calls import GUEST_FUNCTIONS
from app.wire.fields import Fields
from app.wire.fields import InvalidCommand as InvalidCommand
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.redirection import PIN_COUNT
from app.x86.registers import Register

MAX_STEPS = 1_000_000
DEFAULT_IDLE_LIMIT = 1_000_000
_SLOWEST, _FASTEST = 1.0, 1e12

_DELIVERY_MODES = {
    "fixed": DeliveryMode.FIXED,
    "lowest_priority": DeliveryMode.LOWEST_PRIORITY,
    "smi": DeliveryMode.SMI,
    "nmi": DeliveryMode.NMI,
    "init": DeliveryMode.INIT,
    "startup": DeliveryMode.STARTUP,
}
_DESTINATION_MODES = {mode.name.lower(): mode for mode in DestinationMode}
_SHORTHANDS = {shorthand.name.lower(): shorthand for shorthand in Shorthand}
_TRIGGER_MODES = {mode.name.lower(): mode for mode in TriggerMode}
_REGISTERS = {register.name: register for register in Register}


def _send_ipi(fields: Fields) -> SendIpi:
    return SendIpi(
        fields.cpu("cpu"),
        Icr(
            fields.number("vector", 0, 255),
            fields.choice("delivery_mode", _DELIVERY_MODES, DeliveryMode.FIXED),
            fields.choice("destination_mode", _DESTINATION_MODES, DestinationMode.PHYSICAL),
            fields.choice("shorthand", _SHORTHANDS, Shorthand.NONE),
            fields.number("destination", 0, 255, 0),
            int(fields.boolean("level", True)),
            fields.choice("trigger_mode", _TRIGGER_MODES, TriggerMode.EDGE),
        ),
    )


def _call_guest(fields: Fields) -> CallGuest:
    arguments = fields.nested("arguments")
    return CallGuest(
        fields.cpu("cpu"),
        fields.choice("function", {name: name for name in GUEST_FUNCTIONS}),
        arguments.cpu("cpu") if arguments.given("cpu") else None,
        arguments.mask(),
        arguments.number("vector", 0, 255) if arguments.given("vector") else None,
        arguments.boolean("wait", True),
    )


def _write_register(fields: Fields) -> WriteRegister:
    return WriteRegister(fields.cpu("cpu"), _register(fields), fields.number("value", 0, 0xFFFF_FFFF_FFFF_FFFF))


def _register(fields: Fields) -> int:
    return fields.choice("register", _REGISTERS, transform=str.upper)


def _drive_pin(level: int) -> Callable[[Fields], DrivePin]:
    return lambda fields: DrivePin(fields.number("pin", 0, PIN_COUNT - 1), level)


def _send_msi(fields: Fields) -> SendMsi:
    return SendMsi(fields.number("address", 0xFEE0_0000, 0xFEEF_FFFF), fields.number("data", 0, 0xFFFF_FFFF))


def _step(fields: Fields) -> StepBy:
    units = {OPERATION: OPERATION, INTERRUPT: INTERRUPT}
    return StepBy(fields.choice("unit", units, OPERATION), fields.number("count", 1, MAX_STEPS, 1))


_PARSERS: dict[str, Callable[[Fields], Command]] = {
    "send_ipi": _send_ipi,
    "call_guest": _call_guest,
    "write_register": _write_register,
    "read_register": lambda fields: ReadRegister(fields.cpu("cpu"), _register(fields)),
    "raise_pin": _drive_pin(1),
    "lower_pin": _drive_pin(0),
    "configure_pin": lambda fields: ConfigurePin(
        fields.number("pin", 0, PIN_COUNT - 1), fields.number("entry", 0, 0xFFFF_FFFF_FFFF_FFFF)
    ),
    "send_msi": _send_msi,
    "set_interrupt_flag": lambda fields: SetInterruptFlag(fields.cpu("cpu"), fields.boolean("enabled")),
    "set_backend": lambda fields: SetBackend(fields.choice("backend", {name: name for name in BACKENDS})),
    "demonstrate": lambda fields: Demonstrate(fields.boolean("enabled")),
    "pause": lambda fields: Pause(),
    "run": lambda fields: Run(),
    "set_speed": lambda fields: SetSpeed(fields.speed("speed", _SLOWEST, _FASTEST)),
    "step": _step,
    "run_until_idle": lambda fields: RunUntilIdle(fields.number("limit", 1, 100_000_000, DEFAULT_IDLE_LIMIT)),
}

COMMAND_TYPES = tuple(_PARSERS)


def parse_command(raw: object, cpu_count: int) -> Command:
    """The command that *raw* is, for a session of *cpu_count* CPUs. InvalidCommand lists every field that is wrong."""
    if not isinstance(raw, Mapping):
        raise InvalidCommand([("", "a command is a JSON object with a type")])
    fields = Fields(raw, cpu_count)
    kind = raw.get("type")
    parser = _PARSERS.get(kind) if isinstance(kind, str) else None
    if parser is None:
        known = ", ".join(COMMAND_TYPES)
        raise InvalidCommand([("type", f"{_shown(kind)} is no command; known: {known}" if kind else f"one of {known}")])
    command = parser(fields)
    fields.finish()
    return command


def command_from_fields(raw: Mapping[str, str], cpu_count: int) -> Command:
    """As parse_command, for the fields of a form: those of a guest function's arguments begin with ``arguments.``."""
    flat: dict[str, Any] = {key: value for key, value in raw.items() if not key.startswith("arguments.")}
    arguments = {key.removeprefix("arguments."): value for key, value in raw.items() if key.startswith("arguments.")}
    if arguments:
        flat["arguments"] = {key: value for key, value in arguments.items() if value != ""}
    return parse_command(flat, cpu_count)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
