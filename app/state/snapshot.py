"""The whole visible state of a session as JSON values. ``app/WIRE.md`` describes it."""

from collections.abc import Callable, Iterable

from app.engine.due import Flight
from app.engine.endings import Ending
from app.engine.processor import Frame, Processor
from app.engine.waits import Wait, gates_before, hardware_window_of, window_of
from app.guest.steps import HostStep, VirtualRead, VirtualWrite
from app.hw.cpu import Cpu, RunState
from app.hw.event import Place
from app.hw.gates import Gate, first_closed
from app.hw.io_apic import IoApic
from app.hw.legacy_pic import LegacyPic
from app.hw.local_apic import LocalApic
from app.hw.local_apic_registers import read_apic_base
from app.hw.local_vector_table import delivery_status
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast, Origin
from app.hw.waiting import gates_at, taken_words
from app.state.register_words import (
    alarms_of,
    destinations_of,
    icr_words,
    local_entry_words,
    register_words_of,
    timer_words,
)
from app.state.shapes import (
    CalledFunction,
    CpuState,
    CpuWait,
    EndingState,
    EventChannelWords,
    FlightState,
    HardwareState,
    IcrFields,
    IoApicState,
    LastStep,
    LegacyPicState,
    LocalSources,
    PinState,
    RepeatedRequest,
    SoftwareState,
    WaitingVector,
)
from app.state.shared_words import shared_word_rows
from app.state.step_words import last_step_words, step_words
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, TriggerMode, decode_icr
from app.x86.redirection import MASKED, REMOTE_IRR
from app.x86.registers import LVT_REGISTERS
from app.x86.vectors import VectorBitmap
from app.x86.words import VectorNames, vector_words

#: What the state calls the entries of the local vector table.
LVT_NAMES: dict[int, str] = {register: register.name.removeprefix("LVT_").lower() for register in LVT_REGISTERS}
_WHY_LIMIT = 8
#: Where a message's source is a CPU; that of the I/O APIC's is a pin.
_FROM_CPUS = (Origin.IPI, Origin.HYPERVISOR, Origin.EVENT_CHANNEL)


def cpu_state(processor: Processor, wait: Wait | None, names: VectorNames) -> CpuState:
    """One CPU: its APIC, what it is in the middle of, and its *wait*. *names*: what the kernel calls vectors."""
    return {**_hardware(processor.cpu, names), **_software(processor, wait, names)}


def recorded_cpu_state(cpu: Cpu, names: VectorNames) -> CpuState:
    """One CPU of which only the hardware is known: a recording does not tell what runs."""
    return {
        **_hardware(cpu, names),
        "window": hardware_window_of(cpu).value,
        "why": _why(cpu, lambda vector: first_closed(gates_at(cpu, vector))),
        "waits": None,
        "handlers": [],
        "call_stack": [],
        "activity": "",
        "step": None,
        "in_host": False,
        "queued": [],
    }


def _software(processor: Processor, wait: Wait | None, names: VectorNames) -> SoftwareState:
    return {
        "window": window_of(processor).value,
        "why": _why(processor.cpu, lambda vector: first_closed(gates_before(processor, vector))),
        "waits": _wait(wait),
        "handlers": [
            {"vector": frame.vector, "name": frame.name, "since": frame.since}
            for frame in processor.handlers()
            if frame.name
        ],
        "call_stack": _call_stack(processor, names),
        "activity": _activity(processor),
        "step": _step(processor),
        "in_host": processor.in_host,
        "queued": [call.function for call in processor.calls],
    }


def _call_stack(processor: Processor, names: VectorNames) -> list[CalledFunction]:
    """What is under way in every frame; a handler's first function says what it interrupts the others for."""
    called: list[CalledFunction] = []
    for frame in processor.frames:
        cause = _cause(frame, names) if called and frame.returns_from else None
        for function, overridden in frame.call_stack():
            called.append({"function": function, "overridden": overridden, "interrupts": cause})
            cause = None
    return called


def _cause(frame: Frame, names: VectorNames) -> str:
    """The interrupt that *frame* handles; of an NMI or an SMI, which has no vector, the handler's name."""
    return frame.name if frame.vector is None else vector_words(frame.vector, names)


def _wait(wait: Wait | None) -> CpuWait | None:
    if wait is None:
        return None
    return {"words": wait.words, "because": wait.because, "cpus": wait.cpus, "for_ever": wait.for_ever}


def _hardware(cpu: Cpu, names: VectorNames) -> HardwareState:
    apic = cpu.apic
    icr = _icr(apic)
    return {
        "cpu": cpu.number,
        "apic_id": apic.apic_id,
        "apic_mode": apic.mode.value,
        "run_state": cpu.run_state.value,
        "interrupt_flag": cpu.interrupt_flag,
        "irr": apic.irr.hexadecimal(),
        "isr": apic.isr.hexadecimal(),
        "tmr": apic.tmr.hexadecimal(),
        "coalesced": VectorBitmap(sum(1 << vector for vector in apic.coalesced)).hexadecimal(),
        "repeated": _repeated(cpu),
        "tpr": f"{apic.tpr:#04x}",
        "ppr": f"{apic.ppr:#04x}",
        "icr": f"{icr:#018x}",
        "icr_fields": icr_fields(icr, apic.x2apic, names),
        "esr": f"{apic.esr:#04x}",
        "svr": f"{apic.svr:#05x}",
        "ldr": f"{apic.logical_id:#010x}",
        "dfr": f"{apic.dfr:#010x}",
        "in_service": list(apic.isr),
        "held_off": cpu.held_off,
        "register_words": register_words_of(apic),
        "alarms": alarms_of(apic),
        "destinations": destinations_of(apic),
        "event_channels": _event_channels(cpu),
        **_local_sources(apic),
        "apic_base": f"{read_apic_base(cpu.apic):#012x}",
        "nmi_pending": bool(cpu.nmi_pending),
        "smi_pending": cpu.smi_pending,
        "init_pending": cpu.init_pending,
        "in_smm": cpu.in_smm,
        "interrupt_shadow": cpu.interrupt_shadow,
    }


def _repeated(cpu: Cpu) -> list[RepeatedRequest]:
    """What became one with an earlier request was one too: together they are one more than those that merged."""
    merged = (cpu.event_channels or cpu.apic).coalesced
    return [{"vector": vector, "times": 1 + merged[vector]} for vector in sorted(merged)]


def _event_channels(cpu: Cpu) -> EventChannelWords | None:
    """The words that a guest without an APIC shares with its hypervisor."""
    channels = cpu.event_channels
    if channels is None:
        return None
    return {
        "pending": channels.pending.hexadecimal(),
        "masked": channels.masked.hexadecimal(),
        "level": channels.level.hexadecimal(),
        "selector": f"{channels.selector:#x}",
        "upcall_pending": channels.upcall_pending,
        "upcall_mask": not cpu.interrupt_flag,
        "rows": shared_word_rows(channels, cpu.interrupt_flag),
    }


def _local_sources(apic: LocalApic) -> LocalSources:
    return {
        "lvt": {
            LVT_NAMES[register]: f"{entry | delivery_status(apic, register):#010x}"
            for register, entry in sorted(apic.lvt.items())
        },
        "lvt_words": {LVT_NAMES[register]: local_entry_words(register, entry) for register, entry in apic.lvt.items()},
        "timer": {
            "mode": apic.timer.mode.name.lower(),
            "initial_count": apic.timer.initial_count,
            "divide": apic.timer.divisor,
            "deadline": apic.timer.deadline,
            "words": timer_words(apic),
        },
        "lint": list(apic.lint_lines),
    }


def _icr(apic: LocalApic) -> int:
    """ICR with its delivery status, which x2APIC mode does not have. Looking is no access: no APIC notices it."""
    return apic.icr | DELIVERY_STATUS if apic.sends_in_flight and not apic.x2apic else apic.icr


def icr_fields(raw: int, x2apic: bool, names: VectorNames) -> IcrFields:
    """An interrupt command field by field, in the manual's words, and as a sentence."""
    icr = decode_icr(raw & ~DELIVERY_STATUS, x2apic=x2apic)
    return {
        "vector": f"{icr.vector:#04x}",
        "delivery_mode": icr.delivery_mode.name.lower(),
        "destination_mode": icr.destination_mode.name.lower(),
        "delivery_status": "send_pending" if raw & DELIVERY_STATUS else "idle",
        "level": "assert" if icr.level else "deassert",
        "trigger_mode": icr.trigger_mode.name.lower(),
        "shorthand": icr.shorthand.name.lower(),
        "destination": f"{icr.destination:#04x}",
        **icr_words(raw, x2apic, names.get(icr.vector, "")),
    }


def _why(cpu: Cpu, gate_of: Callable[[int], Gate | None]) -> list[WaitingVector]:
    """For the requests that go first: what each waits for."""
    channels = cpu.event_channels
    if channels is None:
        vectors, what = list(cpu.apic.irr)[: -_WHY_LIMIT - 1 : -1], ""
    else:
        vectors, what = list(channels.pending)[:_WHY_LIMIT], "Port "
    return [_waiting(cpu, vector, gate_of(vector), what) for vector in vectors]


def _waiting(cpu: Cpu, vector: int, gate: Gate | None, what: str) -> WaitingVector:
    why = gate.why if gate else taken_words(cpu)
    return {
        "vector": vector,
        "gate": gate.kind.name if gate else "",
        "text": f"{what}{vector:#04x} waits: {why}.",
    }


def _activity(processor: Processor) -> str:
    cpu = processor.cpu
    if cpu.run_state is RunState.WAIT_FOR_SIPI:
        return "waits for a start-up IPI"
    if not processor.frames:
        if cpu.run_state is RunState.HALTED:
            return "idle, halted"
        return "idle, about to halt" if cpu.interrupts_open else "idle, interrupts off"
    spin = processor.spinning
    if spin is not None:
        return f"{processor.frames[-1].name}: {step_words(spin)}"
    side = "hypervisor: " if processor.in_host else ""
    return side + (last_step_words(processor) or processor.frames[-1].name)


def _step(processor: Processor) -> LastStep | None:
    step = processor.last_step
    if step is None or not processor.frames:
        return None
    by_host = isinstance(step, HostStep) and not isinstance(step, VirtualRead | VirtualWrite)  # which hardware does
    return {
        "kind": type(step).__name__,
        "words": last_step_words(processor),
        "cycles": processor.last_cycles,
        "side": "host" if by_host else "guest",
    }


def io_apic_state(io_apic: IoApic) -> IoApicState:
    """The I/O APIC with all its pins."""
    return {
        "id": f"{io_apic.identifier >> 24:#04x}",
        "pins": [_pin(io_apic, pin) for pin in range(len(io_apic.lines))],
    }


def _pin(io_apic: IoApic, pin: int) -> PinState:
    entry = io_apic.entries[pin]
    return {
        "pin": pin,
        "line": io_apic.lines[pin],
        "redirection": f"{entry:#018x}",
        "vector": f"{entry & 0xFF:#04x}",
        "delivery_mode": DeliveryMode(entry >> 8 & 7).name.lower(),
        "destination_mode": DestinationMode(entry >> 11 & 1).name.lower(),
        "destination": f"{entry >> 56:#04x}",
        "polarity": "active_low" if entry >> 13 & 1 else "active_high",
        "trigger_mode": TriggerMode(entry >> 15 & 1).name.lower(),
        "masked": bool(entry & MASKED),
        "remote_irr": bool(entry & REMOTE_IRR),
        "delivery_status": "send_pending" if entry & DELIVERY_STATUS else "idle",
    }


def legacy_pic_state(pic: LegacyPic) -> LegacyPicState:
    """The 8259 with its lines."""
    return {"up": sorted(pic.up), "requested": sorted(pic.requested), "output": int(pic.intr)}


def endings_state(endings: Iterable[Ending], names: VectorNames) -> list[EndingState]:
    """What ended otherwise than by acceptance."""
    return [_ending(ending, ending.event.place, names) for ending in endings]


def _ending(ending: Ending, place: Place, names: VectorNames) -> EndingState:
    event = ending.event
    return {
        "kind": event.kind.name,
        "cpu": place.cpu,
        "vector": place.vector,
        "message": place.message,
        "pin": place.pin,
        "text": event.words(names),
        "times": ending.times,
        "fresh": ending.fresh,
    }


def in_flight_state(flights: Iterable[Flight], machine: Machine) -> list[FlightState]:
    """Messages on their way, with the CPUs that they would reach now."""
    return [_flight(flight, machine) for flight in flights]


def _flight(flight: Flight, machine: Machine) -> FlightState:
    message = flight.message
    kind, source, mode = "eoi_broadcast", message.source, DeliveryMode.FIXED
    if not isinstance(message, EoiBroadcast):
        kind, mode = message.origin.value, message.delivery_mode
        source = message.source if message.origin in _FROM_CPUS else None
    return {
        "message": message.number,
        "kind": kind,
        "source": source,
        "vector": message.vector,
        "delivery_mode": mode.name.lower(),
        "targets": machine.targets(message),
        "sent": flight.sent,
        "arrives": flight.arrives,
    }
