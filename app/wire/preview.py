"""What an interrupt command would do, before it is sent: its bits, who receives it, and what stands in the way."""

from typing import NamedTuple

from app.guest.linux_2_6_22.irq_vectors import VECTOR_NAMES
from app.hw.apic_base import ApicMode
from app.hw.events import Reason
from app.hw.interprocessor import reason_not_to_send
from app.hw.local_apic import LocalApic
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.sim.commands import SendIpi
from app.wire.words import Names, destination_words, interrupt_words
from app.x86.error_status import ESR_REDIRECTABLE_IPI, ESR_SEND_ILLEGAL_VECTOR
from app.x86.icr import (
    XAPIC_ICR,
    DeliveryMode,
    Icr,
    Shorthand,
    TriggerMode,
    breaches,
)
from app.x86.model_specific_registers import RESET_BASE


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


def preview(
    machine: Machine, command: SendIpi, guest_mode: ApicMode = ApicMode.XAPIC, names: Names = VECTOR_NAMES
) -> Preview:
    """What *command* would do to *machine* now, whose guest takes its APICs to be in *guest_mode* and calls its vectors
    by *names*."""
    icr = command.icr
    raw = icr.encode()
    sender = machine.cpus[command.cpu].apic
    problem = _problem(machine, sender, icr)
    problems = [problem] if problem else []
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
        sender.x2apic,
    )
    receivers = [] if problems else machine.targets(message)
    return Preview(
        raw,
        _fields(raw),
        receivers,
        [*_warnings(sender, guest_mode), *_breaches(icr), *_sentences(machine, message, receivers, names)]
        if not problems
        else [],
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


def _problem(machine: Machine, sender: LocalApic, icr: Icr) -> str | None:
    """Why nothing would be sent; None when it would."""
    if machine.cpus[sender.cpu].event_channels is not None:
        return "Nothing would be sent: this guest has no APIC, and so no ICR. It sends by EVTCHNOP_send: ask the guest."
    if sender.mode is ApicMode.DISABLED:
        return f"Nothing would be sent: {Reason.APIC_DISABLED.value}."
    reason = reason_not_to_send(icr, machine.profile, sender.x2apic)
    if reason is None:
        return None
    noticed = {
        Reason.ILLEGAL_VECTOR: ESR_SEND_ILLEGAL_VECTOR,
        Reason.LOWEST_PRIORITY_UNSUPPORTED: ESR_REDIRECTABLE_IPI,
    }.get(reason)
    also = f" and ESR bit {noticed.bit_length() - 1} is set" if noticed else ""
    return f"Nothing would be sent{also}: {reason.value}."


def _warnings(sender: LocalApic, guest_mode: ApicMode) -> list[str]:
    there = sender.mode is ApicMode.X2APIC or sender.base == RESET_BASE
    if sender.mode is guest_mode and there:
        return []
    return [f"The guest on CPU {sender.cpu} knows only the page that its APIC has left: it may poll ICR for ever."]


def _breaches(icr: Icr) -> list[str]:
    return [f"Against the manual: {breach.value}." for breach in breaches(icr)]


def _sentences(machine: Machine, message: InterruptMessage, receivers: list[int], names: Names) -> list[str]:
    what = interrupt_words(message.vector, message.delivery_mode, names)
    if not receivers:
        return [f"Nobody has {destination_words(message)}: {what} would be lost."]
    reached = ", ".join(str(cpu) for cpu in receivers)
    lowest = message.delivery_mode is DeliveryMode.LOWEST_PRIORITY and message.shorthand is Shorthand.NONE
    sentences = [f"Will reach CPU {reached}" + (" (the lowest priority wins)." if lowest else ".")]
    fixed = message.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
    for cpu in receivers if fixed else []:
        target = machine.cpus[cpu]
        if not target.apic.software_enabled:
            sentences.append(f"CPU {cpu} will drop it: its APIC is software-disabled.")
        elif message.vector in target.apic.irr:
            becomes = "be tried again until there is room" if target.apic.retries else "merge"
            sentences.append(f"On CPU {cpu} it will {becomes}: {message.vector:#04x} is already requested there.")
        elif not target.interrupts_open:
            by_hand = " (held off by hand)" if target.held_off else ""
            sentences.append(f"On CPU {cpu} it will wait: interrupts are off{by_hand}.")
    return sentences
