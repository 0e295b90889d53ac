"""The state of CPUs and I/O APIC, built anew only where something that it shows has changed.

Each CPU has a signature: everything that `snapshot` reads of it, taken by a few calls. A CPU whose signature is what it
was has the state that it had, and it is the very same object, which whoever looks for differences sees at a glance.
Nothing in the model has to tell; so nothing there can forget to.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from app.engine.due import Flight
from app.engine.endings import Ending
from app.engine.processor import Frame, Processor
from app.engine.waits import Waits
from app.hw.cpu import Cpu
from app.hw.event_channels import EventChannels
from app.hw.io_apic import IoApic
from app.hw.machine import Machine
from app.state.caption import Telling, machine_caption, telling_of, telling_of_recorded
from app.state.shapes import CaptionState, CpuState, IoApicState
from app.state.snapshot import cpu_state, io_apic_state, recorded_cpu_state
from app.x86.words import VectorNames

#: What a state shows of each class, or draws on, and what not; a test holds both against the fields that there are.
SHOWN: dict[str, tuple[str, ...]] = {
    "Cpu": (
        "run_state",
        "interrupt_flag",
        "held_off",
        "interrupt_shadow",
        "nmi_pending",
        "nmi_running",
        "smi_pending",
        "in_smm",
        "init_pending",
        "sipi_pending",
        "external_pending",
        "signalled",
    ),
    "LocalApic": (
        "apic_id",
        "base",
        "mode",
        "blocked_while_disabled",
        "irr.bits",
        "isr.bits",
        "tmr.bits",
        "tpr",
        "icr",
        "esr",
        "svr",
        "ldr",
        "dfr",
        "sends_in_flight",
    ),
    "Timer": ("mode", "initial_count", "divide_configuration", "deadline"),
    "Processor": ("in_host", "last_step", "last_cycles"),
    "EventChannels": ("pending.bits", "masked.bits", "level.bits", "selector", "upcall_pending"),
    "Frame": ("name", "vector", "since", "returns_from", "spin", "backend"),
}

_of_cpu = attrgetter(*SHOWN["Cpu"])
_of_apic = attrgetter(*SHOWN["LocalApic"])
_of_timer = attrgetter(*SHOWN["Timer"])
_of_processor = attrgetter(*SHOWN["Processor"])
_of_channels = attrgetter(*SHOWN["EventChannels"])
_of_frame = attrgetter(*SHOWN["Frame"])

Signature = tuple[Any, ...]
Owner = TypeVar("Owner")


class KeptStates:
    """The states of one machine's CPUs and of its I/O APIC, as they were last built."""

    def __init__(self) -> None:
        self._signatures: list[Signature] = []
        self._built: list[tuple[CpuState, Telling | None]] = []
        self._io_apic: tuple[Signature, IoApicState] | None = None

    def of_processors(self, processors: Sequence[Processor], waits: Waits, names: VectorNames) -> list[CpuState]:
        """Every CPU of a simulation: its APIC, what it is in the middle of, and what it waits for, which others decide.
        *names*: what the kernel calls vectors, always the same."""
        # What runs nothing waits for nothing, and most CPUs of many do not run.
        owners = [(each, waits.of(each) if each.frames else None) for each in processors]
        signatures = [(_processor_signature(each), wait) for each, wait in owners]
        return self._states(signatures, owners, lambda owner: (cpu_state(*owner, names), telling_of(*owner, names)))

    def of_cpus(self, cpus: Sequence[Cpu], names: VectorNames) -> list[CpuState]:
        """Every CPU as the hardware is."""
        return self._states(
            [_cpu_signature(each) for each in cpus],
            cpus,
            lambda cpu: (recorded_cpu_state(cpu, names), telling_of_recorded(cpu, names)),
        )

    def of_io_apic(self, io_apic: IoApic) -> IoApicState:
        """The I/O APIC with its pins."""
        signature = (io_apic.identifier, tuple(io_apic.entries), tuple(io_apic.lines))
        if self._io_apic is None or self._io_apic[0] != signature:
            self._io_apic = signature, io_apic_state(io_apic)
        return self._io_apic[1]

    def caption(
        self,
        machine: Machine,
        endings: Sequence[Ending],
        flights: Sequence[Flight],
        names: VectorNames,
        switch: Telling | None = None,
    ) -> CaptionState:
        """What tells most of *machine*, whose CPUs have just been asked for, and of the *switch* that waits."""
        return machine_caption(machine, [telling for _, telling in self._built], endings, flights, names, switch)

    def _states(
        self,
        signatures: list[Signature],
        owners: Sequence[Owner],
        build: Callable[[Owner], tuple[CpuState, Telling | None]],
    ) -> list[CpuState]:
        if len(signatures) != len(self._signatures):
            built = [build(owner) for owner in owners]
        else:
            kept = self._built
            built = [
                kept[index] if signature == self._signatures[index] else build(owners[index])
                for index, signature in enumerate(signatures)
            ]
        self._signatures, self._built = signatures, built
        return [state for state, _ in built]


def _cpu_signature(cpu: Cpu) -> Signature:
    apic = cpu.apic
    return (
        _of_cpu(cpu),
        _of_apic(apic),
        _of_timer(apic.timer),
        tuple(apic.lvt.values()),
        tuple(apic.lint_lines),
        frozenset(apic.retried_sources) if apic.retried_sources else None,
        tuple(apic.coalesced.items()) if apic.coalesced else None,
        None if cpu.event_channels is None else _channels_signature(cpu.event_channels),
    )


def _channels_signature(channels: EventChannels) -> Signature:
    return *_of_channels(channels), tuple(channels.coalesced.items())


def _processor_signature(processor: Processor) -> Signature:
    return (
        _cpu_signature(processor.cpu),
        _of_processor(processor),
        type(processor.last_step),  # equal is not the same
        tuple(processor.calls) if processor.calls else None,
        [_frame_signature(frame) for frame in processor.frames] if processor.frames else None,
    )


def _frame_signature(frame: Frame) -> Signature:
    """With the chain of generators that it stands in, which is its call stack."""
    return *_of_frame(frame), frame.stands is not None, *frame.functions()
