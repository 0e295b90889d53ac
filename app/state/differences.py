"""What differs between two states of machines of equally many CPUs, in the words of a table: one row per difference."""

from collections.abc import Callable
from typing import NamedTuple

from app.state.shapes import CpuState, MachineState
from app.state.vocabulary import COUNTERS, RUN_STATES
from app.x86.words import VectorNames


class Difference(NamedTuple):
    """One thing that is not the same on both sides, as each has it."""

    #: "CPU 2", or "" for the whole machine.
    place: str
    name: str
    a: str
    b: str


def _vectors(digits: str, names: VectorNames) -> str:
    """The vectors of a bitmap, highest priority first: "0xfb call function, 0x51"."""
    bits = int(digits, 16)
    found = [vector for vector in range(255, -1, -1) if bits >> vector & 1]
    return ", ".join(f"0x{vector:02x} {names.get(vector, '')}".rstrip() for vector in found) or "none"


def _interrupt_flag(cpu: CpuState, _: VectorNames) -> str:
    flag = "1" if cpu["interrupt_flag"] else "0"
    return f"{flag}, held off by hand" if cpu["held_off"] else flag


def _requested(cpu: CpuState, names: VectorNames) -> str:
    channels = cpu["event_channels"]
    return _vectors(channels["pending"] if channels else cpu["irr"], names)


def _handlers(cpu: CpuState, _: VectorNames) -> str:
    return ", ".join(handler["name"] for handler in cpu["handlers"]) or "none"


def _waits(cpu: CpuState, _: VectorNames) -> str:
    said = [reason["text"] for reason in cpu["why"]]
    return " ".join([cpu["waits"]["words"], *said] if cpu["waits"] else said) or "nothing waits"


#: What is compared of a CPU: what it is called, and how one state says it.
CPU_FIELDS: tuple[tuple[str, Callable[[CpuState, VectorNames], str]], ...] = (
    ("state", lambda cpu, _: RUN_STATES[cpu["run_state"]]),
    ("IRR", _requested),
    ("ISR", lambda cpu, names: _vectors(cpu["isr"], names)),
    ("TMR", lambda cpu, names: _vectors(cpu["tmr"], names)),
    ("PPR", lambda cpu, _: cpu["ppr"]),
    ("TPR", lambda cpu, _: cpu["tpr"]),
    ("IF", _interrupt_flag),
    ("ICR", lambda cpu, _: cpu["icr_fields"]["words"]),
    ("ESR", lambda cpu, _: cpu["esr"]),
    ("handlers", _handlers),
    ("does", lambda cpu, _: cpu["activity"]),
    ("waits", _waits),
)


def differences(a: MachineState, b: MachineState, names: VectorNames) -> list[Difference]:
    """What differs of the machine, its counters and its CPUs, in this order. *names* are what the kernel calls its
    vectors."""
    machine = [
        ("back end", a["backend"], b["backend"]),
        ("on their way", *(_in_flight(side, names) for side in (a, b))),
        *((called, f"{a['counters'][name]:,}", f"{b['counters'][name]:,}") for name, called, _ in COUNTERS),
    ]
    found = [Difference("", name, one, other) for name, one, other in machine if one != other]
    for one_cpu, other_cpu in zip(a["cpus"], b["cpus"], strict=True):
        for name, say in CPU_FIELDS:
            one, other = say(one_cpu, names), say(other_cpu, names)
            if one != other:
                found.append(Difference(f"CPU {one_cpu['cpu']}", name, one, other))
    return found


def _in_flight(state: MachineState, names: VectorNames) -> str:
    said = [
        f"0x{flight['vector']:02x} {names.get(flight['vector'], '')}".rstrip()
        + " to "
        + (", ".join(f"CPU {target}" for target in flight["targets"]) or "nobody")
        for flight in state["in_flight"]
    ]
    return "; ".join(said) or "nothing"
