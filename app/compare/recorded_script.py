"""The interrupts of a recording, as stimuli for machines that run our kernels.

The recording is replayed, so that each ICR write is known with the CPUs that it reached then. Local timers are no
messages and are left out, as are ExtINTs, which are the 8259's.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from app.backends.catalogue import BACKENDS
from app.compare.script import Cue, Script
from app.guest.apic_ops import Generation
from app.guest.generations import GENERATIONS
from app.hw.events import MessageSent
from app.hw.messages import InterruptMessage, Origin
from app.sim.commands import CallGuest, SendIpi, SendMsi, Stimulus
from app.traces.operations import Recording, RegisterWrite
from app.traces.replay import Replay
from app.x86.icr import DeliveryMode, Icr, Shorthand
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

_MSI_BASE = 0xFEE0_0000
_ASSERT = 1 << 14
_MASKED = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
_REGISTERS = "Each recorded ICR write is done again: same CPU, vector, mode and destination."
_DEVICES = "A device's interrupt goes to the CPU that it reached when recorded."
_FUNCTIONS = (
    "One of the two replaces what is above the register, so each recorded ICR write is the call that leads to it: "
    "send_ipi_mask with the CPUs that it reached when recorded."
)


#: What is called otherwise in another kernel.
_STAND_INS = {"call function single": "call function", "invalidate TLB": "call function"}


class Machine(NamedTuple):
    """One machine of a pair, by its names."""

    backend: str
    generation: str


def recorded_script(recording: Recording, a: Machine, b: Machine) -> Script:
    """Every IPI and device interrupt of *recording*, in its order, one stimulus each."""
    registers = _keeps_sends(a) and _keeps_sends(b)
    stimuli: list[tuple[Cue, ...]] = []
    left_out: Counter[str] = Counter()
    recorded = _recorded_kernel(recording)
    for message, targets in _messages(recording):
        ours, theirs = (
            _stimulus(_renamed(message, recorded, one.generation), targets, registers=registers) for one in (a, b)
        )
        if isinstance(ours, str) or isinstance(theirs, str):
            left_out[str(ours)] += 1
        else:
            stimuli.append((Cue(0, ours, None if theirs == ours else theirs),))
    remarks = [_REGISTERS if registers else _FUNCTIONS, _DEVICES]
    if recorded and {a.generation, b.generation} != {recorded}:
        remarks.append(f"By its timer's vector, what was recorded is numbered as {recorded}: vectors are told by name.")
    remarks.append("Each begins when both machines have come to rest: what overlapped when recorded does not here.")
    if left_out:
        remarks.append("Left out: " + ", ".join(f"{count} {what}" for what, count in left_out.items()) + ".")
    return Script(recording.name, tuple(stimuli), tuple(remarks))


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


def _renamed(message: InterruptMessage, recorded: str | None, generation: str) -> InterruptMessage:
    """*message* with the vector that the kernel *generation* has for the same purpose."""
    if recorded is None or recorded == generation or message.delivery_mode not in _MASKED:
        return message
    name = GENERATIONS[recorded].vector_names.get(message.vector)
    if name is None:
        return message
    kernel = GENERATIONS[generation]
    own = _vectors(kernel, name) or _vectors(kernel, _STAND_INS.get(name, name))
    return message._replace(vector=min(own)) if own else message


def _keeps_sends(machine: Machine) -> bool:
    """Whether the kernel's own functions send, down to the register."""
    overrides = BACKENDS[machine.backend].bind(GENERATIONS[machine.generation]).overrides
    return set(overrides) <= {"apic_read", "apic_write", "eoi"}


def _messages(recording: Recording) -> Iterator[tuple[InterruptMessage, list[int]]]:
    """Every message that the replayed machine sends, with the CPUs that it reaches."""
    replay = Replay(recording)
    machine = replay.machine
    while not replay.finished:
        replay.step()
        for event in machine.take_events():
            match event:
                case MessageSent(InterruptMessage() as message):
                    yield message, machine.targets(message)
                case _:
                    pass


def _stimulus(message: InterruptMessage, targets: list[int], *, registers: bool) -> Stimulus | str:
    """The command that repeats *message*; or what it is, when nothing does."""
    if message.delivery_mode is DeliveryMode.EXTINT:
        return "ExtINTs"
    if message.delivery_mode in _MASKED and message.vector < FIRST_LEGAL_VECTOR:
        return "messages with an illegal vector"
    if message.origin is Origin.IPI:
        return _ipi(message, targets, registers=registers)
    if not targets:
        return "device messages that reached no CPU"
    # Physical: what the recorded kernel had as logical IDs, this one need not have.
    data = message.vector | _ASSERT | message.trigger_mode << 15
    return SendMsi(_MSI_BASE | targets[0] << 12, data)


def _ipi(message: InterruptMessage, targets: list[int], *, registers: bool) -> Stimulus | str:
    assert message.source is not None, "an IPI has a sender"
    if registers or message.delivery_mode not in _MASKED:
        return SendIpi(
            message.source,
            Icr(
                message.vector,
                message.delivery_mode,
                message.destination_mode,
                message.shorthand,
                message.destination,
            ),
        )
    if message.shorthand is Shorthand.SELF:
        return CallGuest(message.source, "send_ipi_self", vector=message.vector)
    if message.shorthand is Shorthand.ALL_EXCLUDING_SELF:
        return CallGuest(message.source, "send_ipi_allbutself", vector=message.vector)
    if not targets:
        return "IPIs that reached no CPU"
    return CallGuest(message.source, "send_ipi_mask", mask=sum(1 << cpu for cpu in targets), vector=message.vector)
