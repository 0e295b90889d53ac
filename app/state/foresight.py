"""What a command would come to if it were given now: whom it would interrupt, with whose requests it would merge, and
what stands in the way, by the same gates as the ladder's. Nothing changes.

It looks at the machine as it stands: what the guest does on its way to a register may find another one.
"""

from collections.abc import Callable
from typing import NamedTuple

from app.backends.backend import Backend
from app.commands.command import BaseCommand
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import (
    ConfigurePin,
    FireLocalSource,
    LowerLint,
    LowerPin,
    RaiseLegacyLine,
    RaiseLint,
    RaisePin,
    SendMsi,
)
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteCr8, WriteRegister, Wrmsr
from app.guest.apic_ops import Generation
from app.guest.functions import interrupted_by
from app.hw import device_messages
from app.hw.arriving import local_gates, mode_of, pin_gates
from app.hw.cpu import Cpu, RunState
from app.hw.event import Fault, Reason
from app.hw.gates import FREE, Gate, first_closed
from app.hw.io_apic import UP_ALREADY, is_level, message_of_entry
from app.hw.local_apic_registers import svr_written, write_fault
from app.hw.local_vector_table import LINT_REGISTERS
from app.hw.machine import Machine
from app.hw.waiting import gates_at, priority, software_gate, window
from app.state.apic_switched import base_sentences, svr_sentences
from app.state.preview import AtTarget, Met, cpus_words, in_sentences, meet, preview, signal_at_target, vector_at_target
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import X2APIC_MSRS, ApicMode, Msr, x2apic_offset
from app.x86.redirection import MASKED
from app.x86.registers import SVR_ENABLE, Register
from app.x86.words import VectorNames, interrupt_words, level_words, vector_words

_FIXED = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
#: Of more vectors than these that wait, their number is said.
_MOST_VECTORS = 4


class Foreseen(NamedTuple):
    """Whom a command would interrupt, where it would merge with a request, what would come of it in sentences, and the
    word that would be written to ICR; None where none is."""

    receivers: list[int]
    merges: list[int]
    sentences: list[str]
    icr: int | None = None


def foresee(
    machine: Machine,
    command: BaseCommand,
    names: VectorNames,
    backend: Backend | None = None,
    kernel: Generation | None = None,
) -> Foreseen | None:
    """What *command* would come to; None where it interrupts nobody, keeps nothing waiting nor lets go of it, and
    switches no APIC. ValueError when an interrupt command does not fit the guest's mode."""
    match command:
        case SendIpi():
            seen = preview(machine, command, names, backend)
            return Foreseen(seen.receivers, seen.merges, seen.problems + seen.sentences, seen.icr)
        case CallGuest():
            return None if kernel is None else _call(machine, command, names, kernel)
        case RaiseLint() | RaiseLegacyLine() | LowerLint() | FireLocalSource():
            return _of_local_source(machine, command, names)
        case Wrmsr(cpu, Msr.IA32_APIC_BASE, value):
            return _told(*base_sentences(machine.cpus[cpu], value, names, backend))
        case Wrmsr(cpu, msr, value) if msr in X2APIC_MSRS:
            return _register_as_msr(machine.cpus[cpu], msr, value, names)
        case WriteRegister() | WriteCr8() | SetInterruptFlag():
            return _of_cpu(machine.cpus[command.cpu], command, names)
        case _:
            return _of_device(machine, command, names)


def _of_device(machine: Machine, command: BaseCommand, names: VectorNames) -> Foreseen | None:
    match command:
        case RaisePin(pin):
            return _raised(machine, pin, names)
        case LowerPin(pin):
            return _told(_lowered(machine, pin))
        case ConfigurePin(pin, entry):
            return _configured(machine, pin, entry, names)
        case SendMsi(address, data):
            return _msi(machine, address, data, names)
        case _:
            return None


def _of_local_source(machine: Machine, command: BaseCommand, names: VectorNames) -> Foreseen | None:
    match command:
        case RaiseLint(cpu, pin):
            return _lint(machine.cpus[cpu], pin, names)
        case RaiseLegacyLine():
            return _lint(machine.cpus[0], 0, names)
        case LowerLint(cpu, pin) if machine.cpus[cpu].apic.lint_lines[pin]:
            return _told(f"LINT{pin} of CPU {cpu} goes down; what is requested already stays.")
        case FireLocalSource(cpu, source):
            return _local(machine.cpus[cpu], source, names)
        case _:
            return None


def _of_cpu(cpu: Cpu, command: BaseCommand, names: VectorNames) -> Foreseen | None:
    match command:
        case WriteRegister(_, Register.TPR, value):
            return _priority(cpu, value & 0xFF, names)
        case WriteRegister(_, Register.SVR, value):
            return _software_switch(cpu, value, names)
        case WriteCr8(_, value) if value <= 0xF:
            return _priority(cpu, value << 4, names)
        case SetInterruptFlag(_, enabled):
            return _held(cpu, names, held=not enabled)
        case _:
            return None


def _register_as_msr(cpu: Cpu, msr: int, value: int, names: VectorNames) -> Foreseen | None:
    """The same for a register of the APIC by its number in x2APIC mode."""
    if cpu.event_channels is None and not cpu.apic.x2apic:
        return _told(f"Nothing would be written (#GP): {Fault.WRONG_MODE.value}.")
    offset = x2apic_offset(msr)
    return _of_cpu(cpu, WriteRegister(cpu.number, Register(offset), value), names) if offset in set(Register) else None


def _told(*sentences: str) -> Foreseen:
    return Foreseen([], [], [*sentences])


def _met(met: Met, *before: str) -> Foreseen:
    return Foreseen(met.receivers, met.merges, [*before, *met.sentences])


# Guest functions


def _call(machine: Machine, command: CallGuest, names: VectorNames, kernel: Generation) -> Foreseen | None:
    caller = machine.cpus[command.cpu]
    row = kernel.functions.get(command.function)
    if row is None:
        return None
    if caller.run_state is RunState.WAIT_FOR_SIPI:
        return _told(f"Nothing would happen yet: CPU {command.cpu} waits for a start-up IPI and runs nothing.")
    call = command.arguments
    cpus = interrupted_by(row.function, command.cpu, call, len(machine.cpus))
    by = row.interrupts_by
    if by is None:
        by = kernel.reschedule_vector if call.vector is None else call.vector
    what = interrupt_words(0, by, names) if isinstance(by, DeliveryMode) else vector_words(by, names)
    if not cpus:
        return _told(row.function.sentence, "There is nobody to interrupt.")
    outcomes = {cpu: _signal_or_vector(machine.cpus[cpu], by) for cpu in cpus}
    merges = [cpu for cpu, outcome in outcomes.items() if outcome.merges]
    return Foreseen(cpus, merges, [f"Will send {what} to CPU {cpus_words(cpus)}.", *in_sentences(outcomes)])


def _signal_or_vector(target: Cpu, by: int | DeliveryMode) -> AtTarget:
    return signal_at_target(target, by) if isinstance(by, DeliveryMode) else vector_at_target(target, by)


# Pins and messages of devices


def _raised(machine: Machine, pin: int, names: VectorNames) -> Foreseen:
    io_apic = machine.io_apic
    closed = first_closed(pin_gates(io_apic, pin, line=1))
    if closed is not None:
        return _told(f"Nothing would be sent: {closed.why}.")
    if io_apic.lines[pin] and not is_level(io_apic.entries[pin]):
        return _told(f"Nothing would be sent: {UP_ALREADY}.")
    return _by_entry(machine, pin, io_apic.entries[pin], names)


def _by_entry(machine: Machine, pin: int, entry: int, names: VectorNames) -> Foreseen:
    message = message_of_entry(pin, entry, 0)
    return _met(meet(machine, message, names), message.words(names))


def _lowered(machine: Machine, pin: int) -> str:
    if not machine.io_apic.lines[pin]:
        return f"Pin {pin} is {level_words(0)} already."
    level = is_level(machine.io_apic.entries[pin])
    return (
        f"Pin {pin} asks no more; remote IRR stays until the EOI." if level else "An edge-triggered pin sends nothing."
    )


def _configured(machine: Machine, pin: int, entry: int, names: VectorNames) -> Foreseen:
    """Whom the entry names: what is raised then reaches them."""
    if entry & MASKED:
        return _told(f"Pin {pin} will be masked: raising it reaches nobody.")
    foreseen = _by_entry(machine, pin, entry, names)
    at_once = is_level(entry) and bool(machine.io_apic.lines[pin])
    when = "At once, for its line is up" if at_once else "Once its line goes up"
    return foreseen._replace(sentences=[f"{when}:", *foreseen.sentences])


def _msi(machine: Machine, address: int, data: int, names: VectorNames) -> Foreseen:
    msi = device_messages.decode(address, data, machine.profile)
    if device_messages.asks_nothing(msi, machine.profile):
        return _told(f"Nothing would be sent: {Reason.LEVEL_DEASSERT.value}.")
    message = device_messages.interrupt_message(msi, address, machine.profile, 0)
    return _met(meet(machine, message, names), message.words(names))


# Local sources


def _lint(cpu: Cpu, pin: int, names: VectorNames) -> Foreseen:
    if cpu.apic.lint_lines[pin]:
        return _told(f"LINT{pin} of CPU {cpu.number} is {level_words(1)} already.")
    if cpu.apic.mode is ApicMode.DISABLED:
        mode = DeliveryMode.NMI if pin else DeliveryMode.EXTINT
        return _at_itself(cpu, mode, 0, names, f"The APIC is off: LINT{pin} is {'NMI' if pin else 'INTR'}.")
    return _local(cpu, LINT_REGISTERS[pin], names, line=1)


def _local(cpu: Cpu, register: Register, names: VectorNames, line: int | None = None) -> Foreseen:
    closed = first_closed(gate for gate in local_gates(cpu, register, line) if gate.kind is not FREE)
    if closed is not None:
        return _told(f"Nothing would come of it: {closed.why}.")
    entry = cpu.apic.lvt[register]
    return _at_itself(cpu, mode_of(register, entry), entry & 0xFF, names, "")


def _at_itself(cpu: Cpu, mode: DeliveryMode, vector: int, names: VectorNames, before: str) -> Foreseen:
    """What a source of its own asks of *cpu*."""
    outcome = vector_at_target(cpu, vector) if mode in _FIXED else signal_at_target(cpu, mode)
    asks = f"It asks CPU {cpu.number} for {interrupt_words(vector, mode, names)}."
    sentences = [*filter(None, (before,)), asks, *in_sentences({cpu.number: outcome})]
    return Foreseen([cpu.number], [cpu.number] if outcome.merges else [], sentences)


# The APIC's own switch, priority and the interrupt window


def _software_switch(cpu: Cpu, value: int, names: VectorNames) -> Foreseen:
    """What SVR bit 8 would do to the APIC, and to what is requested there where that bit keeps it waiting."""
    apic, said = cpu.apic, svr_sentences(cpu, value)
    keeps = cpu.event_channels is None and apic.blocked_while_disabled
    if not keeps or write_fault(apic, Register.SVR, value) is not None:
        return _told(*said)
    gate = software_gate(apic, enabled=bool(svr_written(apic, value) & SVR_ENABLE), closed=True)
    return _told(*said, *_of_requests(cpu, names, lambda _: gate))


def _priority(cpu: Cpu, tpr: int, names: VectorNames) -> Foreseen:
    """What a TPR of *tpr* would let in and keep out."""
    if cpu.event_channels is not None:
        return _told("This guest has no APIC: ports have no priority.")
    ppr = cpu.apic.ppr_with(tpr)
    first = f"PPR will be {ppr:#04x}: classes {f'0 to {ppr >> 4:x}' if ppr >> 4 else '0'} wait."
    return _told(first, *_of_requests(cpu, names, lambda vector: priority(cpu.apic, vector, tpr)))


def _held(cpu: Cpu, names: VectorNames, *, held: bool) -> Foreseen:
    if held == cpu.held_off:
        return _told(f"Interrupts of CPU {cpu.number} are {'held off' if held else 'let in'} already.")
    first = [f"Whatever comes for CPU {cpu.number} will wait, but for NMI, SMI and INIT."] if held else []
    gate = window(cpu, held_off=held)
    if gate.why and not held:
        first = [f"{gate.why[0].upper()}{gate.why[1:]} all the same."]
    return _told(*first, *_of_requests(cpu, names, lambda _: gate))


def _of_requests(cpu: Cpu, names: VectorNames, gate_of: Callable[[int], Gate]) -> list[str]:
    """What becomes of the vectors that are requested there, if the gate were as *gate_of* says."""
    channels = cpu.event_channels
    what = "port " if channels else ""
    reasons: dict[str, list[str]] = {}
    for vector in cpu.apic.irr if channels is None else channels.pending:
        gates = [*gates_at(cpu, vector)]
        then = gate_of(vector)
        closed = first_closed(then if gate.kind is then.kind else gate for gate in gates)
        if closed is not None:
            reasons.setdefault(f"will wait: {closed.why}", []).append(f"{what}{vector_words(vector, names)}")
        elif first_closed(gates) is not None:
            reasons.setdefault("will be taken", []).append(f"{what}{vector_words(vector, names)}")
    return [f"{_listed(vectors)} {reason}." for reason, vectors in reasons.items()]


def _listed(vectors: list[str]) -> str:
    more = len(vectors) - _MOST_VECTORS
    return ", ".join(vectors[:_MOST_VECTORS]) + (f" and {more} more" if more > 0 else "")
