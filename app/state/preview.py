"""What an interrupt command would do, before it is sent: the word written, who receives it, what stands in the way."""

from typing import NamedTuple

from app.backends.backend import Backend
from app.commands.guest import SendIpi
from app.engine.waits import reads_the_page, where_the_page_went
from app.guest.apic_ops import absent
from app.hw.arriving import gates_into
from app.hw.cpu import Cpu, RunState
from app.hw.destination import disabled_targets
from app.hw.event import Reason, disabled_words
from app.hw.gates import FREE, first_closed
from app.hw.local_apic import LocalApic, reason_not_to_send
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import LevelTriggeredIpis
from app.hw.waiting import gates_at
from app.x86.icr import (
    X2APIC_ICR,
    XAPIC_ICR,
    DeliveryMode,
    Icr,
    IcrBreach,
    Shorthand,
    TriggerMode,
    breaches,
)
from app.x86.model_specific_registers import ApicMode
from app.x86.state_registers import ESR_REDIRECTABLE_IPI, ESR_SEND_ILLEGAL_VECTOR
from app.x86.units import Vector
from app.x86.words import VectorNames, interrupt_words

_LOW = 0xFFFF_FFFF
_TRAVELS = "trigger mode level means something for INIT level de-assert only; here it travels with the IPI"


#: Of more CPUs than these, runs of neighbours are said by their ends.
_MOST_LISTED = 8


class PreviewField(NamedTuple):
    """One field of the command: its name, its bits, its digits, what its value is called, what the field is."""

    name: str
    bits: str
    value: str
    word: str
    meaning: str


class Preview(NamedTuple):
    """``icr`` is the whole register as it is once the guest has written it, by the layout of x2APIC mode or not.
    ``problems`` are reasons for which nothing would be sent; ``sentences`` say what would become of it; at those of the
    receivers that ``merges`` lists it would become one with a request that waits."""

    icr: int
    x2apic: bool
    fields: list[PreviewField]
    receivers: list[int]
    sentences: list[str]
    problems: list[str]
    merges: list[int]


def preview(machine: Machine, command: SendIpi, names: VectorNames, backend: Backend | None = None) -> Preview:
    """What *command* would do to *machine* now, whose guest reaches its APICs through *backend* (None: as the sender's
    mode has it) and calls its vectors by *names*. ValueError when the command does not fit the guest's mode."""
    icr = command.icr
    sender = machine.cpus[command.cpu].apic
    x2apic = sender.x2apic if backend is None else backend.x2apic
    problem = _problem(machine, sender, icr, backend)
    problems = [problem] if problem else []
    message = InterruptMessage(
        0,
        Origin.IPI,
        command.cpu,
        Vector(icr.vector),
        icr.delivery_mode,
        icr.destination_mode,
        icr.shorthand,
        icr.destination,
        TriggerMode.EDGE,
        sender.x2apic,
    )
    met = Met([], [], []) if problems else meet(machine, message, names)
    raw = _written(sender, icr, x2apic, backend)
    sentences = met.sentences + _remarks(machine, icr)
    return Preview(raw, x2apic, _fields(raw, x2apic), met.receivers, sentences, problems, met.merges)


def _written(sender: LocalApic, icr: Icr, x2apic: bool, backend: Backend | None) -> int:
    """The register once *icr* has been written. Only today's kernel writes both halves whatever the shorthand."""
    raw = icr.encode(x2apic=x2apic)
    keeps = backend is not None and backend.operations.icr_write is absent and icr.shorthand is not Shorthand.NONE
    return raw & _LOW | sender.icr & ~_LOW if keeps else raw


def _fields(raw: int, x2apic: bool) -> list[PreviewField]:
    layout = X2APIC_ICR if x2apic else XAPIC_ICR
    return [
        PreviewField(field.name, field.bits, field.digits(raw), field.word(raw), field.meaning)
        for field in sorted(layout.fields, key=lambda field: -field.low)
    ]


def _problem(machine: Machine, sender: LocalApic, icr: Icr, backend: Backend | None) -> str | None:
    """Why nothing would be sent; None when it would."""
    if machine.cpus[sender.cpu].event_channels is not None:
        return "Nothing would be sent: this guest has no APIC, and so no ICR. It sends by EVTCHNOP_send: ask the guest."
    if machine.cpus[sender.cpu].run_state is RunState.WAIT_FOR_SIPI:
        return f"Nothing would be sent yet: CPU {sender.cpu} waits for a start-up IPI and runs nothing."
    if sender.mode is ApicMode.DISABLED:
        return f"Nothing would be sent: {Reason.APIC_DISABLED.value}."
    unreachable = _unreachable(sender, backend)
    if unreachable:
        return f"Nothing would be sent: {unreachable}."
    reason = reason_not_to_send(icr, machine.profile, sender.x2apic)
    if reason is None:
        return None
    noticed = {
        Reason.ILLEGAL_VECTOR: ESR_SEND_ILLEGAL_VECTOR,
        Reason.LOWEST_PRIORITY_UNSUPPORTED: ESR_REDIRECTABLE_IPI,
    }.get(reason)
    also = f" and ESR bit {noticed.bit_length() - 1} is set" if noticed else ""
    return f"Nothing would be sent{also}: {reason.value}."


def _unreachable(sender: LocalApic, backend: Backend | None) -> str:
    """Why the guest does not get at its ICR; empty when it does."""
    if backend is not None and backend.apic_mode is ApicMode.X2APIC:
        wrong = sender.mode is not ApicMode.X2APIC
        return f"the guest on CPU {sender.cpu} writes an MSR, and its APIC is not in x2APIC mode (#GP)" if wrong else ""
    gone = where_the_page_went(sender.mode, sender.base) if backend is None or reads_the_page(backend) else ""
    return f"{gone}, and the guest on CPU {sender.cpu} knows no other way" if gone else ""


def _remarks(machine: Machine, icr: Icr) -> list[str]:
    """What of the command the manual forbids, or does not count, with this delivery mode."""
    mode, remarks = icr.delivery_mode, []
    if mode is DeliveryMode.STARTUP:
        remarks.append(f"Its vector is the page where the target begins: {icr.vector:#04x} is {icr.vector << 12:#07x}.")
    elif mode is DeliveryMode.NMI and icr.vector:
        remarks.append("The vector of an NMI does not count.")
    profile = machine.profile.level_triggered_ipis
    kept = mode <= DeliveryMode.LOWEST_PRIORITY and profile is not LevelTriggeredIpis.NORMALISED
    for breach in breaches(icr):
        travels = breach is IcrBreach.TRIGGER_LEVEL and kept
        remarks.append(f"Against the manual: {_TRAVELS if travels else breach.value}.")
    return remarks


class Met(NamedTuple):
    """Whom a message would reach now, at which of them it would merge, and what would become of it in sentences."""

    receivers: list[int]
    merges: list[int]
    sentences: list[str]


class AtTarget(NamedTuple):
    """What would become of a message at a target, beyond being taken at once, with a place for its number, or for the
    numbers of several that meet it alike; *plural* where the sentence is another one for these."""

    words: str = ""
    merges: bool = False
    plural: str = ""


def meet(machine: Machine, message: InterruptMessage, names: VectorNames) -> Met:
    """What *message* would come to if it arrived now."""
    receivers = machine.targets(message)
    what = interrupt_words(message.vector, message.delivery_mode, names)
    if not receivers:
        disabled = disabled_targets(message, machine.cpus)
        lost = f"Nobody has {message.destination_words()}: {what} would be lost."
        return Met([], [], [lost, disabled_words(disabled)] if disabled else [lost])
    lowest = message.delivery_mode is DeliveryMode.LOWEST_PRIORITY and message.shorthand is Shorthand.NONE
    reached = f"Will reach CPU {cpus_words(receivers)}" + (" (the lowest priority wins)." if lowest else ".")
    outcomes = {cpu: at_target(machine.cpus[cpu], message) for cpu in receivers}
    merges = [cpu for cpu, outcome in outcomes.items() if outcome.merges]
    return Met(receivers, merges, [reached, *in_sentences(outcomes)])


def in_sentences(outcomes: dict[int, AtTarget]) -> list[str]:
    """One sentence for all CPUs that meet it alike."""
    alike: dict[AtTarget, list[int]] = {}
    for cpu, outcome in outcomes.items():
        alike.setdefault(outcome, []).append(cpu)
    return [
        (outcome.plural if outcome.plural and len(cpus) > 1 else outcome.words).format(cpus=cpus_words(cpus))
        for outcome, cpus in alike.items()
        if outcome.words
    ]


def cpus_words(cpus: list[int]) -> str:
    """``1, 2, 5``, and of many ``0 to 62, 64``. *cpus* go up."""
    runs: list[list[int]] = []
    for cpu in cpus:
        if len(cpus) > _MOST_LISTED and runs and runs[-1][-1] == cpu - 1:
            runs[-1] = [runs[-1][0], cpu]
        else:
            runs.append([cpu])
    return ", ".join(" to ".join(map(str, run)) for run in runs)


def at_target(target: Cpu, message: InterruptMessage) -> AtTarget:
    """What would become of *message* at one of those that it reaches."""
    match message.delivery_mode:
        case DeliveryMode.FIXED | DeliveryMode.LOWEST_PRIORITY:
            return vector_at_target(target, message.vector)
        case DeliveryMode.STARTUP:
            if target.run_state is RunState.WAIT_FOR_SIPI or (target.init_pending and not target.bootstrap):
                page = f"{message.vector << 12:#07x}"
                return AtTarget(f"CPU {{cpus}} begins at {page}.", plural=f"CPU {{cpus}} begin at {page}.")
            return AtTarget(f"CPU {{cpus}} will drop it: {Reason.NOT_WAITING_FOR_SIPI.value}.")
        case DeliveryMode.NMI | DeliveryMode.SMI | DeliveryMode.INIT:
            return signal_at_target(target, message.delivery_mode)
        case DeliveryMode.RESERVED_3 | DeliveryMode.EXTINT:
            return AtTarget()  # no ICR sends these


def signal_at_target(target: Cpu, mode: DeliveryMode) -> AtTarget:
    """What would become of an NMI, an SMI or an INIT, which have no vector."""
    match mode:
        case DeliveryMode.NMI:
            return _nmi_at_target(target)
        case DeliveryMode.SMI if target.smi_pending:
            return AtTarget("On CPU {cpus} it will merge: an SMI is pending there.", merges=True)
        case DeliveryMode.SMI if target.in_smm:
            return AtTarget("On CPU {cpus} it will wait for RSM: the CPU is in system-management mode.")
        case DeliveryMode.INIT:
            one = "begins anew at its reset vector" if target.bootstrap else "then waits for a start-up IPI"
            many = "begin anew at their reset vector" if target.bootstrap else "then wait for start-up IPIs"
            return AtTarget(
                f"CPU {{cpus}} loses all it does and {one}.", plural=f"CPU {{cpus}} lose all they do and {many}."
            )
        case _:
            return AtTarget()


def _nmi_at_target(target: Cpu) -> AtTarget:
    if target.run_state is RunState.WAIT_FOR_SIPI:
        return AtTarget("On CPU {cpus} it will wait until the CPU has been started.")
    if target.nmi_running and target.nmi_pending:
        return AtTarget("On CPU {cpus} it will merge with the one that waits: an NMI is being handled.", merges=True)
    if target.nmi_running:
        return AtTarget("On CPU {cpus} it will wait: an NMI is being handled.")
    return AtTarget("On CPU {cpus} neither IF nor priorities hold it back.")


def vector_at_target(target: Cpu, vector: int) -> AtTarget:
    """By the gates that the vector would find there."""
    closed = first_closed(gates_into(target, vector))
    if closed is not None and closed.kind is not FREE:
        return AtTarget(f"CPU {{cpus}} will drop it: {closed.why}.")
    requested = target.apic.irr if target.event_channels is None else target.event_channels.pending
    if vector in requested:
        becomes = "merge" if closed is None else "be tried again until there is room"
        words = f"On CPU {{cpus}} it will {becomes}: {vector:#04x} is already requested there."
        return AtTarget(words, merges=closed is None)
    waits = first_closed(gates_at(target, vector))
    return AtTarget(f"On CPU {{cpus}} it will wait: {waits.why}.") if waits else AtTarget()
