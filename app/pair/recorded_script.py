"""The interrupts of a recording, as stimuli for machines that run our kernels.

The recording is replayed, so that each ICR write is known with the CPUs that it reached then. Local timers are no
messages and are left out, as are ExtINTs, which are the 8259's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import SendMsi
from app.engine.simulation import Simulation
from app.guest.apic_ops import Generation
from app.guest.generations import GENERATIONS
from app.hw.cpu import Cpu
from app.hw.destination import addressed
from app.hw.events import MessageSent
from app.hw.messages import InterruptMessage, Origin
from app.pair.script import Cue, Script
from app.trace.check.replay import Replay
from app.trace.errors import UnusableRecording
from app.trace.operations import Recording, RegisterWrite
from app.x86.icr import DeliveryMode, Icr, Shorthand
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from app.x86.vectors import FIRST_LEGAL_VECTOR

_MSI_BASE = 0xFEE0_0000
_ASSERT = 1 << 14
_MASKED = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
_REGISTERS = (
    "Each recorded ICR write is done again, with the same CPU, vector, mode and destination: on both machines that "
    "reaches the CPUs that it reached when recorded."
)
_DEVICES = "A device's interrupt goes to the CPU that it reached when recorded."
_FUNCTIONS = (
    "{why}, so each kernel calls its own function to send to the CPUs that the recorded ICR write reached: "
    "send_ipi_self and send_ipi_allbutself for these shorthands, send_ipi for one CPU, send_ipi_mask for several."
)
_NOT_ALL = (
    "Only IPIs and devices' interrupts are done again, on CPUs that halt in between: exits for HLT are in the totals. "
    "A comparison of the recording counts its timers and set-up as well, and no HLT; a send is the same in both."
)
_SPECIAL = "INIT, start-up and NMI IPIs are written into ICR, with the same shorthand or a physical destination."
_REPLACED = "{} replaces what is above the register"
_ELSEWHERE = "The recorded destinations would reach other CPUs under {}"


#: What is called otherwise in another kernel.
_STAND_INS = {"call function single": "call function", "invalidate TLB": "call function"}


class _Sent(NamedTuple):
    """A message of the recording, the CPUs that it named then, and those that it reached."""

    message: InterruptMessage
    named: list[int]
    targets: list[int]


class Machine(NamedTuple):
    """One machine of a pair, by its names."""

    backend: str
    generation: str


def recorded_script(recording: Recording, a: Machine, b: Machine) -> Script:
    """Every IPI and device interrupt of *recording*, in its order, one stimulus each.

    UnusableRecording when it does not show what CPUs send.
    """
    if recording.accesses_out_of_sight:
        says = "; ".join(limit.says for limit in recording.limits)
        raise UnusableRecording(f"what is sent unseen cannot be sent again: {says}")
    messages = list(_messages(recording))
    why_not = _why_not_by_register(messages, recording.cpu_count, a, b)
    has_apics = not any(BACKENDS[one.backend].event_channels for one in (a, b))
    stimuli: list[tuple[Cue, ...]] = []
    left_out: Counter[str] = Counter()
    recorded = _recorded_kernel(recording)
    for sent in messages:
        left = _left_out(sent, has_apics=has_apics)
        if left is not None:
            left_out[left] += 1
            continue
        ours, theirs = (
            _commands(_renamed(sent, recorded, one.generation), registers=why_not is None) for one in (a, b)
        )
        stimuli.append(tuple(Cue(0, *_for_both(*pair)) for pair in zip(ours, theirs, strict=True)))
    remarks = [_REGISTERS] if why_not is None else [_FUNCTIONS.format(why=why_not), *[_SPECIAL] * has_apics]
    remarks.append(_DEVICES)
    if recorded and {a.generation, b.generation} != {recorded}:
        remarks.append(f"By its timer's vector, what was recorded is numbered as {recorded}: vectors are told by name.")
    remarks.append("Each begins when both machines have come to rest: what overlapped when recorded does not here.")
    remarks.append(_NOT_ALL)
    remarks += [f"Of the recording: {limit.says}." for limit in recording.limits]
    if left_out:
        remarks.append("Left out: " + "; ".join(f"{what} ({count:,})" for what, count in left_out.items()) + ".")
    return Script(recording.name, tuple(stimuli), tuple(remarks))


def _for_both(ours: Stimulus, theirs: Stimulus) -> tuple[Stimulus, Stimulus | None]:
    return ours, None if theirs == ours else theirs


def _why_not_by_register(sent: list[_Sent], cpus: int, a: Machine, b: Machine) -> str | None:
    """Why the ICR writes themselves cannot be done again on both; None when they can.

    A logical destination means the CPUs that a kernel gave that bit of LDR, and today's gives none in xAPIC mode.
    """
    for one in (a, b):
        if not _keeps_sends(one):
            return _REPLACED.format(one.backend)
    ipis = [each for each in sent if each.message.origin is Origin.IPI]
    for one in dict.fromkeys((a, b)):
        machine = Simulation(cpus, one.backend, generation=one.generation).machine
        x2apic = machine.cpus[0].apic.mode is ApicMode.X2APIC
        for message, named, _ in ipis:
            there = addressed(message._replace(x2apic=x2apic), machine.cpus)
            if [cpu.number for cpu in there] != named:
                return _ELSEWHERE.format(f"{one.generation} with {one.backend}")
    return None


def _recorded_kernel(recording: Recording) -> str | None:
    """The kernel that numbers its vectors as the recorded one does: the local timer's tells. None when none does."""
    written = {
        operation.value & 0xFF
        for operation in recording.operations
        if isinstance(operation, RegisterWrite) and operation.offset == Register.LVT_TIMER
    }
    return next((name for name, kernel in GENERATIONS.items() if written & _vectors(kernel, "local timer")), None)


def _vectors(kernel: Generation, name: str) -> set[int]:
    return {vector for vector, called in kernel.vector_names.items() if called == name}


def _renamed(sent: _Sent, recorded: str | None, generation: str) -> _Sent:
    """*sent* with the vector that the kernel *generation* has for the same purpose."""
    message = sent.message
    if recorded is None or recorded == generation or message.delivery_mode not in _MASKED:
        return sent
    name = GENERATIONS[recorded].vector_names.get(message.vector)
    if name is None:
        return sent
    kernel = GENERATIONS[generation]
    own = _vectors(kernel, name) or _vectors(kernel, _STAND_INS.get(name, name))
    return sent._replace(message=message._replace(vector=Vector(min(own)))) if own else sent


def _keeps_sends(machine: Machine) -> bool:
    """Whether the kernel's own functions send, down to the register."""
    overrides = BACKENDS[machine.backend].bind(GENERATIONS[machine.generation]).overrides
    return set(overrides) <= {"apic_read", "apic_write", "eoi", "startup_ipi_hook"}


def _messages(recording: Recording) -> Iterator[_Sent]:
    """Every message that the replayed machine sends."""
    replay = Replay(recording)
    machine = replay.machine
    while not replay.finished:
        replay.step()
        for event in machine.take_events():
            match event:
                case MessageSent(InterruptMessage() as message):
                    named = addressed(message, machine.cpus)
                    yield _Sent(message, [cpu.number for cpu in named], _reached(message, named))
                case _:
                    pass


def _reached(message: InterruptMessage, named: Sequence[Cpu]) -> list[int]:
    """Of a lowest-priority message that is the one whom the replay chose: the lowest APIC ID, as QEMU does."""
    if message.delivery_mode is DeliveryMode.LOWEST_PRIORITY:
        named = sorted(named, key=lambda cpu: cpu.apic.apic_id)[:1]
    return [cpu.number for cpu in named]


def _left_out(sent: _Sent, *, has_apics: bool) -> str | None:
    """What *sent* is, where nothing repeats it."""
    message, _, targets = sent
    if message.delivery_mode is DeliveryMode.EXTINT:
        return "ExtINTs"
    if message.delivery_mode in _MASKED and message.vector < FIRST_LEGAL_VECTOR:
        return "messages with an illegal vector"
    if not targets:
        return f"{'IPIs' if message.origin is Origin.IPI else 'device messages'} that reached no CPU"
    if message.origin is Origin.IPI and message.delivery_mode not in _MASKED and not has_apics:
        return "INIT, start-up and NMI IPIs, which a guest without an APIC cannot send"
    return None


def _commands(sent: _Sent, *, registers: bool) -> list[Stimulus]:
    """What repeats *sent*."""
    message, _, targets = sent
    if message.origin is Origin.IPI:
        return _ipi(message, targets, registers=registers)
    # Physical: what the recorded kernel had as logical IDs, this one need not have.
    data = message.vector | _ASSERT | message.trigger_mode << 15
    return [SendMsi(_MSI_BASE | targets[0] << 12, data)]


def _ipi(message: InterruptMessage, targets: list[int], *, registers: bool) -> list[Stimulus]:
    cpu, vector, mode, shorthand = message.source, message.vector, message.delivery_mode, message.shorthand
    assert cpu is not None, "an IPI has a sender"
    if registers:
        return [SendIpi(cpu, Icr(vector, mode, message.destination_mode, shorthand, message.destination))]
    if mode not in _MASKED:
        if shorthand is not Shorthand.NONE:
            return [SendIpi(cpu, Icr(vector, mode, shorthand=shorthand))]
        return [SendIpi(cpu, Icr(vector, mode, destination=target)) for target in targets]
    if shorthand is Shorthand.SELF:
        return [CallGuest(cpu, "send_ipi_self", vector=vector)]
    if shorthand is Shorthand.ALL_EXCLUDING_SELF:
        return [CallGuest(cpu, "send_ipi_allbutself", vector=vector)]
    if len(targets) == 1:
        return [CallGuest(cpu, "send_ipi", target=targets[0], vector=vector)]
    return [CallGuest(cpu, "send_ipi_mask", mask=sum(1 << target for target in targets), vector=vector)]
