"""Turns what came in, JSON or form fields, into commands; says of each bad field what is wrong with it.

Vectors and register values may be numbers or strings such as ``"0x51"`` or ``"81"``.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.backends.catalogue import BACKENDS
from app.engine.commands import (
    INTERRUPT,
    OPERATION,
    CallGuest,
    Command,
    ConfigurePin,
    Demonstrate,
    DriveLegacyLine,
    DriveLint,
    DrivePin,
    FireLocalSource,
    Pause,
    ReadMsr,
    ReadRegister,
    Run,
    RunUntilIdle,
    SendIpi,
    SendMsi,
    SetBackend,
    SetCostSheet,
    SetInterruptFlag,
    SetSpeed,
    StepBy,
    WriteCr8,
    WriteMsr,
    WriteRegister,
)
from app.guest.generations import GUEST_FUNCTIONS
from app.hw.legacy_pic import DEVICE_LINES
from app.state.fields import Fields, shown
from app.state.fields import InvalidCommand as InvalidCommand
from app.x86.icr import X2APIC_DESTINATION, DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
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
_LOCAL_SOURCES = {
    "thermal": Register.LVT_THERMAL,
    "performance": Register.LVT_PERFORMANCE,
    "cmci": Register.LVT_CMCI,
}
_REGISTERS = {register.name: register for register in Register}


def _send_ipi(fields: Fields) -> SendIpi:
    return SendIpi(
        fields.cpu("cpu"),
        Icr(
            fields.number("vector", 0, 255),
            fields.choice("delivery_mode", _DELIVERY_MODES, DeliveryMode.FIXED),
            fields.choice("destination_mode", _DESTINATION_MODES, DestinationMode.PHYSICAL),
            fields.choice("shorthand", _SHORTHANDS, Shorthand.NONE),
            fields.number("destination", 0, X2APIC_DESTINATION.highest, 0),
            int(fields.boolean("level", True)),
            fields.choice("trigger_mode", _TRIGGER_MODES, TriggerMode.EDGE),
        ),
    )


def _call_guest(fields: Fields) -> CallGuest:
    arguments = fields.nested("arguments")
    arguments.only(_ARGUMENTS)
    call = CallGuest(
        fields.cpu("cpu"),
        fields.choice("function", {name: name for name in GUEST_FUNCTIONS}),
        _target(arguments),
        arguments.mask(),
        arguments.number("vector", 0, 255) if arguments.given("vector") else None,
        arguments.boolean("wait", True),
    )
    refusal = GUEST_FUNCTIONS[call.function].refuses_caller
    if refusal and call.target == call.cpu:
        arguments.refuse("cpu", refusal.format(cpu=call.cpu))
    return call


def _target(arguments: Fields) -> int | None:
    """The CPU that a function is aimed at: ``cpu``, or ``target`` where ``cpu`` would be the caller."""
    name = "target" if arguments.given("target") else "cpu"
    if name == "target" and arguments.given("cpu"):
        arguments.refuse("cpu", "says the same as target: give one of them")
    return arguments.cpu(name) if arguments.given(name) else None


def _write_register(fields: Fields) -> WriteRegister:
    return WriteRegister(fields.cpu("cpu"), _register(fields), fields.number("value", 0, 0xFFFF_FFFF_FFFF_FFFF))


def _register(fields: Fields) -> int:
    return fields.choice("register", _REGISTERS, transform=str.upper)


def _drive_pin(level: int) -> Callable[[Fields], DrivePin]:
    return lambda fields: DrivePin(fields.number("pin", 0, PIN_COUNT - 1), level)


def _drive_lint(level: int) -> Callable[[Fields], DriveLint]:
    return lambda fields: DriveLint(fields.cpu("cpu"), fields.number("pin", 0, 1), level)


def _drive_legacy_line(level: int) -> Callable[[Fields], DriveLegacyLine]:
    return lambda fields: DriveLegacyLine(fields.number_of("line", DEVICE_LINES), level)


def _write_msr(fields: Fields) -> WriteMsr:
    return WriteMsr(
        fields.cpu("cpu"),
        fields.number("msr", 0, 0xFFFF_FFFF),
        fields.number("value", 0, 0xFFFF_FFFF_FFFF_FFFF),
    )


def _send_msi(fields: Fields) -> SendMsi:
    return SendMsi(fields.number("address", 0xFEE0_0000, 0xFEEF_FFFF), fields.number("data", 0, 0xFFFF_FFFF))


def _step(fields: Fields) -> StepBy:
    units = {OPERATION: OPERATION, INTERRUPT: INTERRUPT}
    return StepBy(fields.choice("unit", units, OPERATION), fields.number("count", 1, MAX_STEPS, 1))


class Kind(NamedTuple):
    """A type of command: how it is read, and what people are told of it."""

    parse: Callable[[Fields], Command]
    fields: tuple[str, ...]
    words: str


_ARGUMENTS = ("cpu", "target", "cpus", "mask", "vector", "wait")
_IPI_FIELDS = (
    "cpu",
    "vector",
    "delivery_mode",
    "destination_mode",
    "shorthand",
    "destination",
    "level",
    "trigger_mode",
)
COMMAND_KINDS: dict[str, Kind] = {
    "send_ipi": Kind(
        _send_ipi,
        _IPI_FIELDS,
        "The guest on the CPU sends this interrupt command through its back end. The destination has 8 bits, and 32 "
        "where the guest has its APIC in x2APIC mode.",
    ),
    "call_guest": Kind(
        _call_guest,
        ("cpu", "function", "arguments"),
        "The guest on the CPU calls one of its functions. Arguments, where the function has them: cpu or cpus or mask "
        "(the targets), vector, wait.",
    ),
    "write_register": Kind(_write_register, ("cpu", "register", "value"), "Sets a register from outside, at once."),
    "read_register": Kind(
        lambda fields: ReadRegister(fields.cpu("cpu"), _register(fields)),
        ("cpu", "register"),
        "Reads a register from outside, at once.",
    ),
    "write_msr": Kind(
        _write_msr,
        ("cpu", "msr", "value"),
        "WRMSR from outside, at once: 0x1b (IA32_APIC_BASE), 0x6e0 (IA32_TSC_DEADLINE), 0x800 to 0x8ff in x2APIC mode.",
    ),
    "read_msr": Kind(
        lambda fields: ReadMsr(fields.cpu("cpu"), fields.number("msr", 0, 0xFFFF_FFFF)),
        ("cpu", "msr"),
        "RDMSR from outside, at once.",
    ),
    "write_cr8": Kind(
        lambda fields: WriteCr8(fields.cpu("cpu"), fields.number("value", 0, 0xFFFF_FFFF_FFFF_FFFF)),
        ("cpu", "value"),
        "Sets the task-priority class from outside, at once.",
    ),
    "raise_lint": Kind(_drive_lint(1), ("cpu", "pin"), "Something raises LINT0 (pin 0) or LINT1 (pin 1) of a CPU."),
    "lower_lint": Kind(_drive_lint(0), ("cpu", "pin"), "Something lowers it."),
    "fire_local_source": Kind(
        lambda fields: FireLocalSource(fields.cpu("cpu"), fields.choice("source", _LOCAL_SOURCES)),
        ("cpu", "source"),
        "The source of an LVT entry fires once: thermal, performance or (where there is one) cmci.",
    ),
    "raise_legacy_line": Kind(_drive_legacy_line(1), ("line",), "A device raises a line of the 8259."),
    "lower_legacy_line": Kind(_drive_legacy_line(0), ("line",), "A device lowers it."),
    "raise_pin": Kind(_drive_pin(1), ("pin",), "A device raises an I/O APIC input."),
    "lower_pin": Kind(_drive_pin(0), ("pin",), "A device lowers it."),
    "configure_pin": Kind(
        lambda fields: ConfigurePin(
            fields.number("pin", 0, PIN_COUNT - 1), fields.number("entry", 0, 0xFFFF_FFFF_FFFF_FFFF)
        ),
        ("pin", "entry"),
        "Writes a 64-bit redirection entry.",
    ),
    "send_msi": Kind(_send_msi, ("address", "data"), "A device writes an interrupt message."),
    "set_interrupt_flag": Kind(
        lambda fields: SetInterruptFlag(fields.cpu("cpu"), fields.boolean("enabled")),
        ("cpu", "enabled"),
        "Holds the CPU's interrupts off, or lets go.",
    ),
    "set_backend": Kind(
        lambda fields: SetBackend(fields.choice("backend", {name: name for name in BACKENDS})),
        ("backend",),
        "Changes how the guest reaches its APIC; what is under way ends as it began.",
    ),
    "set_cost_sheet": Kind(
        lambda fields: SetCostSheet(fields.cost_sheet("cost_sheet")),
        ("cost_sheet",),
        "Prices what is done from now on by another sheet: a name, or a copy such as 2007?vm_exit=900. The counters "
        "begin anew.",
    ),
    "demonstrate": Kind(
        lambda fields: Demonstrate(fields.boolean("enabled")),
        ("enabled",),
        "Starts or stops the machine's own activity.",
    ),
    "pause": Kind(lambda fields: Pause(), (), "Stops time."),
    "run": Kind(lambda fields: Run(), (), "Lets time run."),
    "set_speed": Kind(
        lambda fields: SetSpeed(fields.speed("speed", _SLOWEST, _FASTEST)),
        ("speed",),
        "Virtual cycles a second of wall time; null or max is as fast as it goes.",
    ),
    "step": Kind(_step, ("unit", "count"), "Runs so many operations or interrupts, then stands still."),
    "run_until_idle": Kind(
        lambda fields: RunUntilIdle(fields.number("limit", 1, 100_000_000, DEFAULT_IDLE_LIMIT)),
        ("limit",),
        "Runs until nothing is left to do, or the limit of operations; the answer says which.",
    ),
}

#: (type, fields, what it does) of every command, for people.
COMMANDS = tuple((name, kind.fields, kind.words) for name, kind in COMMAND_KINDS.items())
COMMAND_TYPES = tuple(COMMAND_KINDS)
_OF_ANY_COMMAND = {field for kind in COMMAND_KINDS.values() for field in kind.fields}


def parse_command(raw: object, cpu_count: int) -> Command:
    """The command that *raw* is, for a session of *cpu_count* CPUs. InvalidCommand lists every field that is wrong."""
    if not isinstance(raw, Mapping):
        raise InvalidCommand([("", "a command is a JSON object with a type")])
    fields = Fields(raw, cpu_count)
    kind = raw.get("type")
    known_kind = COMMAND_KINDS.get(kind) if isinstance(kind, str) else None
    if known_kind is None:
        known = ", ".join(COMMAND_TYPES)
        raise InvalidCommand([("type", f"{shown(kind)} is no command; known: {known}" if kind else f"one of {known}")])
    fields.only(("type", *known_kind.fields))
    command = known_kind.parse(fields)
    fields.finish()
    return command


def command_from_fields(raw: Mapping[str, str], cpu_count: int) -> Command:
    """As parse_command, for the fields of a form: those of a guest function's arguments begin with ``arguments.``, and
    fields of the form's other buttons are none of the command's."""
    flat: dict[str, Any] = {key: value for key, value in raw.items() if not key.startswith("arguments.")}
    arguments = {key.removeprefix("arguments."): value for key, value in raw.items() if key.startswith("arguments.")}
    kind = COMMAND_KINDS.get(raw.get("type", ""))
    if kind is not None:
        flat = {key: value for key, value in flat.items() if key in kind.fields or key not in _OF_ANY_COMMAND}
    if arguments:
        flat["arguments"] = {key: value for key, value in arguments.items() if value != ""}
    return parse_command(flat, cpu_count)
