"""What stands between a source and the APIC that is to take its interrupt: the gates of a pin of the I/O APIC, of a
local source, and of a message at its target."""

from collections.abc import Iterator

from app.hw.cpu import Cpu
from app.hw.events import Reason
from app.hw.gates import (
    APIC_ON,
    ENTRY_UNMASKED,
    FREE,
    IDLE,
    LEGAL,
    LINE,
    MODE,
    PORT_PENDING,
    REMOTE_IRR,
    SOURCE,
    UNMASKED,
    Gate,
)
from app.hw.io_apic import EDGE_LOST, IoApic, is_level
from app.hw.local_apic import LocalApic
from app.hw.local_vector_table import LINT_REGISTERS, delivers, delivery_mode
from app.hw.local_vector_table import is_level as is_local_level
from app.hw.waiting import apic_on
from app.x86 import lvt
from app.x86.icr import DELIVERY_STATUS, DeliveryMode
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import MASKED
from app.x86.redirection import REMOTE_IRR as REMOTE_IRR_BIT
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR
from app.x86.words import level_words

# A message at its target


def gates_into(cpu: Cpu, vector: int) -> Iterator[Gate]:
    """The gates between the bus and IRR, or the pending bits of a guest without an APIC, for a fixed message."""
    if cpu.event_channels is None:
        yield apic_on(cpu.apic, closed=cpu.apic.refuses_while_disabled)
    yield legal(vector)
    yield free(cpu, vector)


def legal(vector: int) -> Gate:
    """Whether an interrupt may have that vector."""
    return Gate(LEGAL, f"{vector:#04x}", Reason.ILLEGAL_VECTOR.value if vector < FIRST_LEGAL_VECTOR else "")


def free(cpu: Cpu, vector: int) -> Gate:
    """Whether there is room for the request. Most APICs make one of two."""
    channels, apic = cpu.event_channels, cpu.apic
    if channels is None:
        kind, requested = FREE, apic.irr
    else:
        kind, requested = PORT_PENDING, channels.pending
    if vector not in requested:
        return Gate(kind, "bit 0")
    if channels is None and apic.retries:
        return Gate(kind, "bit 1", f"CPU {cpu.number} has no room for it: {vector:#04x} is requested already")
    return Gate(kind, "bit 1: two become one")


def takes_signals(apic: LocalApic) -> Gate:
    """Whether an APIC lets through what has no vector: SVR has no part in that."""
    return Gate(APIC_ON, apic.mode.value, Reason.APIC_DISABLED.value if apic.mode is ApicMode.DISABLED else "")


# A pin of the I/O APIC


def pin_gates(io_apic: IoApic, pin: int, line: int | None = None) -> Iterator[Gate]:
    """The gates between a device's line and the bus; if the line were at *line*, where that is given."""
    entry = io_apic.entries[pin]
    line = io_apic.lines[pin] if line is None else line
    level = is_level(entry)
    trigger = "level" if level else "edge"
    yield Gate(LINE, f"{level_words(line)}, {trigger}", "the line is down" if level and not line else "")
    masked = "the pin is masked" if level else EDGE_LOST
    yield Gate(UNMASKED, f"mask bit {int(bool(entry & MASKED))}", masked if entry & MASKED else "")
    if level:
        waits = bool(entry & REMOTE_IRR_BIT)
        yield Gate(REMOTE_IRR, str(int(waits)), "remote IRR is 1: it waits for the EOI" if waits else "")
    under_way = bool(entry & DELIVERY_STATUS)
    why = "its message is still on the way" if level and under_way else ""
    yield Gate(IDLE, f"delivery status {int(under_way)}", why)


# A local source


def local_gates(cpu: Cpu, register: Register, line: int | None = None) -> Iterator[Gate]:
    """The gates between the source of an LVT entry, which is there, and IRR or, by another delivery mode, the CPU; if
    the line of LINT0 or LINT1 were at *line*, where that is given."""
    apic, entry = cpu.apic, cpu.apic.lvt[register]
    pin = LINT_REGISTERS.index(register) if register in LINT_REGISTERS else None
    bypasses = apic.mode is ApicMode.DISABLED and pin is not None
    yield _source(apic, register, pin, line)
    if bypasses:
        yield Gate(APIC_ON, f"disabled: the pin is {'NMI' if pin else 'INTR'}")
        return
    yield takes_signals(apic)
    masked = bool(entry & lvt.MASKED)
    yield Gate(ENTRY_UNMASKED, f"mask bit {int(masked)}", Reason.LVT_MASKED.value if masked else "")
    mode = mode_of(register, entry)
    yield Gate(MODE, mode.name.lower(), "" if delivers(register, mode) else Reason.RESERVED_DELIVERY_MODE.value)
    if mode is DeliveryMode.FIXED:
        if is_local_level(register, entry):
            waits = bool(entry & lvt.REMOTE_IRR)
            yield Gate(REMOTE_IRR, str(int(waits)), "remote IRR is 1: it waits for the EOI" if waits else "")
        yield legal(entry & 0xFF)
        yield free(cpu, entry & 0xFF)


def mode_of(register: Register, entry: int) -> DeliveryMode:
    """The delivery mode of an entry; the timer's and the error's have none, and are fixed."""
    if register in (Register.LVT_TIMER, Register.LVT_ERROR):
        return DeliveryMode.FIXED
    return delivery_mode(entry)


def _source(apic: LocalApic, register: Register, pin: int | None, line: int | None) -> Gate:
    if pin is None:
        return Gate(SOURCE, "fires once")
    entry = apic.lvt[register]
    line = apic.lint_lines[pin] if line is None else line
    holds = is_local_level(register, entry) or delivery_mode(entry) is DeliveryMode.EXTINT
    value = f"LINT{pin} {level_words(line)}, {'level' if holds else 'edge'}"
    return Gate(SOURCE, value, f"LINT{pin} is down" if holds and not line else "")
