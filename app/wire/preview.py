"""What an interrupt command would do, before it is sent: its bits, who receives it, and what stands in the way."""

from typing import NamedTuple

from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.sim.commands import SendIpi
from app.wire.words import destination_words, interrupt_words
from app.x86.icr import (
    VALID_DELIVERY_MODES,
    XAPIC_ICR,
    DeliveryMode,
    Icr,
    Shorthand,
    TriggerMode,
    is_init_level_deassert,
)
from app.x86.vectors import FIRST_LEGAL_VECTOR


class PreviewField(NamedTuple):
    """One field of the command."""

    name: str
    bits: str
    value: str
    words: str


class Preview(NamedTuple):
    """``problems`` are reasons for which nothing would be sent; ``sentences`` say what would become of it."""

    icr: int
    fields: list[PreviewField]
    receivers: list[int]
    sentences: list[str]
    problems: list[str]


def preview(machine: Machine, command: SendIpi) -> Preview:
    """What *command* would do to *machine* now."""
    icr = command.icr
    raw = icr.encode()
    problems = _problems(icr)
    message = InterruptMessage(
        0,
        Origin.IPI,
        command.cpu,
        icr.vector,
        icr.delivery_mode,
        icr.destination_mode,
        icr.shorthand,
        icr.destination,
        TriggerMode.EDGE,
    )
    receivers = [] if problems else machine.targets(message)
    return Preview(
        raw,
        _fields(raw),
        receivers,
        _sentences(machine, message, receivers) if not problems else [],
        problems,
    )


def _fields(raw: int) -> list[PreviewField]:
    fields = sorted(XAPIC_ICR.fields, key=lambda field: -field.low)
    return [
        PreviewField(field.name, field.bits, f"{field.extract(raw):0{field.high - field.low + 1}b}", field.meaning)
        if field.high - field.low < 4
        else PreviewField(field.name, field.bits, f"{field.extract(raw):02x}", field.meaning)
        for field in fields
    ]


def _problems(icr: Icr) -> list[str]:
    problems = []
    fixed = icr.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
    if fixed and icr.vector < FIRST_LEGAL_VECTOR:
        problems.append("Vectors 0-15 are illegal: ESR bit 5 is set and nothing is sent.")
    if icr.delivery_mode not in VALID_DELIVERY_MODES[icr.shorthand]:
        mode = icr.delivery_mode.name.lower().replace("_", " ")
        problems.append(f"This shorthand does not go with {mode} delivery: nothing is sent.")
    if is_init_level_deassert(icr):
        problems.append("INIT level de-assert does nothing since the Pentium 4: nothing is sent.")
    return problems


def _sentences(machine: Machine, message: InterruptMessage, receivers: list[int]) -> list[str]:
    what = interrupt_words(message.vector, message.delivery_mode)
    if not receivers:
        return [f"Nobody has {destination_words(message)}: {what} would be lost."]
    names = ", ".join(str(cpu) for cpu in receivers)
    lowest = message.delivery_mode is DeliveryMode.LOWEST_PRIORITY and message.shorthand is Shorthand.NONE
    sentences = [f"Will reach CPU {names}" + (" (the lowest priority wins)." if lowest else ".")]
    fixed = message.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
    for cpu in receivers if fixed else []:
        target = machine.cpus[cpu]
        if not target.apic.software_enabled:
            sentences.append(f"CPU {cpu} will drop it: its APIC is software-disabled.")
        elif message.vector in target.apic.irr:
            sentences.append(f"On CPU {cpu} it will merge: {message.vector:#04x} is already requested there.")
        elif not target.interrupt_flag:
            sentences.append(f"On CPU {cpu} it will wait: interrupts are off.")
    return sentences
