"""Answers what guest and host code asks. Whatever runs such code, for whatever purpose, does so by
``advance``, or by ``past_asks`` where every call counts."""

from collections.abc import Callable
from typing import Any

from app.guest.asks import (
    Again,
    Ask,
    EndLevelPort,
    IrqFlow,
    LockRequest,
    Loop,
    NextRequest,
    PrepareCall,
    PrintNoPort,
    ReadEndsLevel,
    ReadFlags,
    ReadIcr,
    ReadIrqFlow,
    ReadLevelPorts,
    ReadServed,
    ReadTsc,
    ReadUpcallPending,
    ReadWord,
)
from app.guest.memory import NOBODY
from app.guest.steps import Step, Steps
from app.hw.cpu import Cpu
from app.hw.events import Reason, SendRefused
from app.x86.model_specific_registers import RESET_BASE
from app.x86.units import Vector

#: The sixteen interrupts of the 8259s.
ISA_VECTORS = range(0x20, 0x30)


def advance(code: Steps[Any], reply: int | None, cpu: Cpu) -> Step:
    """Lets *code*, which runs on *cpu*, go on with *reply* (None starts it) up to its next step, and answers what it
    asks on the way. StopIteration, with its result, when it has come to its end."""
    yielded = code.send(reply)  # type: ignore[arg-type]  # None starts it
    return past_asks(code, yielded, cpu)


def past_asks(code: Steps[Any], yielded: Step | Ask, cpu: Cpu) -> Step:
    """The same for *code* that has just *yielded*: the next step, and be it that one."""
    while type(yielded) in ANSWERS:
        yielded = code.send(ANSWERS[type(yielded)](yielded, cpu))
    return yielded  # type: ignore[return-value]  # there is an answer to every ask: this is a step


def _irq_flow(ask: ReadIrqFlow, cpu: Cpu) -> IrqFlow:
    """What came as an ExtINT is in service at the 8259 and not at the APIC."""
    vector, apic, channels = ask.vector, cpu.apic, cpu.event_channels
    if channels is not None:
        return IrqFlow.LEVEL_EVENT if vector in channels.level else IrqFlow.EDGE
    if vector in ISA_VECTORS and vector not in apic.isr:
        return IrqFlow.LEGACY
    return IrqFlow.LEVEL if vector in apic.tmr else IrqFlow.EDGE


def _prepare_call(ask: PrepareCall, cpu: Cpu) -> int:
    ask.data.started.prepare(0)
    ask.data.finished.prepare(0)
    ask.data.wait.prepare(int(ask.wait))
    return 0


def _lock_request(ask: LockRequest, cpu: Cpu) -> int:
    lock = ask.request.lock
    if lock.value:
        return 0
    lock.prepare(1)
    ask.request.next = NOBODY  # nothing is left of the list in which it was the last time
    return 1


def _level_ports(ask: ReadLevelPorts, cpu: Cpu) -> int:
    return 0 if cpu.event_channels is None else cpu.event_channels.level.bits


def _end_level_port(ask: EndLevelPort, cpu: Cpu) -> int:
    channels = cpu.event_channels
    if channels is None or ask.port in channels.pending:
        return 0
    channels.level.clear(ask.port)
    return 1


def _upcall_pending(ask: ReadUpcallPending, cpu: Cpu) -> int:
    return int(cpu.event_channels is not None and cpu.event_channels.upcall_pending)


def _served(ask: ReadServed, cpu: Cpu) -> int:
    apic = cpu.apic
    return int(apic.apic_id == apic.initial_id and apic.base == RESET_BASE)


def _print_no_port(ask: PrintNoPort, cpu: Cpu) -> int:
    cpu.services.record(SendRefused(cpu.number, Vector(ask.vector), ask.delivery_mode, Reason.NO_PORT))
    return 0


#: Every ask stands here.
ANSWERS: dict[type, Callable[[Any, Cpu], Any]] = {
    ReadFlags: lambda ask, cpu: int(cpu.interrupt_flag),
    ReadTsc: lambda ask, cpu: cpu.apic.services.clock.now,
    ReadIrqFlow: lambda ask, cpu: int(_irq_flow(ask, cpu)),
    ReadWord: lambda ask, cpu: ask.word.value,
    PrepareCall: _prepare_call,
    LockRequest: _lock_request,
    NextRequest: lambda ask, cpu: ask.request.next,
    ReadLevelPorts: _level_ports,
    EndLevelPort: _end_level_port,
    ReadUpcallPending: _upcall_pending,
    ReadServed: _served,
    ReadIcr: lambda ask, cpu: cpu.apic.icr,
    ReadEndsLevel: lambda ask, cpu: int((cpu.apic.isr.highest() or 0) in cpu.apic.tmr),
    PrintNoPort: _print_no_port,
    Loop: lambda ask, cpu: ask.name,  # which nobody looks at, but to find the place again
    Again: lambda ask, cpu: 0,
}
