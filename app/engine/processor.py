"""What one CPU is in the middle of: a stack of frames, each a guest function that runs as steps."""

from collections import deque
from collections.abc import Container
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

from app.backends.backend import Backend
from app.engine.programs import Point
from app.guest.steps import SpinUntil, Step, Word
from app.hw.cpu import Arrival, Cpu
from app.x86.icr import DeliveryMode

if TYPE_CHECKING:
    from app.engine.frames import Code
    from app.engine.guest_calls import GuestCall
    from app.hw.messages import InterruptMessage


class Kick(NamedTuple):
    """What came for a CPU that runs the guest, so that the hypervisor takes it out: *vector* by *delivery_mode*."""

    vector: int
    delivery_mode: DeliveryMode

    @property
    def arrival(self) -> Arrival:
        """What the CPU is to take."""
        return Arrival.NMI if self.delivery_mode is DeliveryMode.NMI else Arrival.INTERRUPT


def waits_at(cpu: Cpu, vector: int, mode: DeliveryMode) -> bool:
    """Whether what came for *cpu* waits there now, be it alone or merged, and has not been refused."""
    match mode:
        case DeliveryMode.FIXED | DeliveryMode.LOWEST_PRIORITY:
            channels = cpu.event_channels
            return vector in cpu.apic.irr if channels is None else channels.upcall_pending
        case DeliveryMode.NMI:
            return bool(cpu.nmi_pending)
        case DeliveryMode.EXTINT:
            return cpu.external_pending
        case _:
            return False  # SMI, INIT and start-up IPI act when they come, or are latched for the reset


_SENDING = ("icr_write", "smp_send_reschedule")


class Frame:
    """A guest function under way. It keeps the back end under which it began."""

    STATE = (
        *("code", "backend", "name", "since", "returns_from", "vector", "previous_flag"),
        *("point", "stands", "value", "handler_begun", "kick", "kept", "carried"),
    )
    #: State by being there.
    WIRES = ("spin",)
    __slots__ = (*STATE, *WIRES)

    def __init__(self, name: str, begins: Point, backend: Backend, since: int, code: "Code | None" = None) -> None:
        self.name = name
        #: Where that stands which runs: the guest's code, or what the hypervisor does instead of one of its steps.
        self.point = begins
        #: Where the guest's code stands while the hypervisor is at work; None while the guest is.
        self.stands: Point | None = None
        #: What runs, as data; None for code that somebody made elsewhere, and no record can name.
        self.code = code
        self.backend = backend
        #: Whether the guest runs here, and not yet the hypervisor that brings an interrupt in. Before that it acts by
        #: itself, and intercepts nothing.
        self.handler_begun = True
        #: For what the hypervisor takes the guest out, though the guest does not let it in yet; and what the guest gets
        #: then.
        self.kick: Kick | None = None
        self.kept: int | None = None
        #: What the code gets when it goes on; None starts it.
        self.value: int | None = None
        #: The word that this function waits for.
        self.spin: SpinUntil | None = None
        self.since = since
        self.vector: int | None = None
        #: Messages of the write that the hypervisor carries out, one for each target that it is still to reach.
        self.carried: deque[InterruptMessage] = deque()
        #: What the frame is the handler of.
        self.returns_from: Arrival | None = None
        self.previous_flag = True

    def take_over(self, host: Point) -> None:
        """The guest stands where it is while the hypervisor does what begins at *host*."""
        self.stands, self.point = self.point, host
        self.value = None

    def host_ended(self, result: int | None) -> None:
        """The guest goes on where it stands, and gets *result*; or what it was to get, if it was only kicked out."""
        assert self.stands is not None, "the hypervisor was at work"
        self.point, self.stands = self.stands, None
        self.value = result
        if self.kick is not None:
            self.value, self.kick, self.kept = self.kept, None, None

    @property
    def guest(self) -> Point:
        """Where the guest's code stands."""
        return self.point if self.stands is None else self.stands

    @property
    def step(self) -> Step | None:
        """The guest's step that was done last, or that the hypervisor does; None before the first."""
        step: Step | None = self.guest.yielded
        return step

    def functions(self) -> list[CodeType]:
        """The code of what is under way here, outermost first: functions of the guest, and what this model adds."""
        return [code for code, _ in self.guest.functions]

    def call_stack(self) -> list[tuple[str, bool]]:
        """The guest's own functions among them, and whether the back end put each there."""
        replacements = self.backend.replacements
        return [
            (name, name in replacements)
            for code, of_guest in self.guest.functions
            if (name := code.co_name) in replacements or of_guest
        ]

    def inside(self, names: Container[str]) -> str | None:
        """The outermost of the functions *names* that is under way here; None when none of them is."""
        return next((code.co_name for code in self.functions() if code.co_name in names), None)

    @property
    def sends(self) -> bool:
        """Whether a function is under way here that sends, and does nothing else."""
        return self.inside(sending_functions(self.backend)) is not None


class Processor:
    """A CPU with what it runs and what it was asked to run."""

    STATE = (
        *("calls", "eoi_offered", "frames", "in_host", "kicked", "windows"),
        *("last_cycles", "last_step", "scheduled", "spins", "starts"),
    )
    WIRES = ("cpu", "stirred")
    #: Of these, what tells who follows.
    SIGNS = ("stirred",)
    __slots__ = (*STATE, *WIRES)

    def __init__(self, cpu: Cpu) -> None:
        self.cpu = cpu
        self.frames: list[Frame] = []
        self.calls: deque[GuestCall] = deque()
        #: The CPU is in the hypervisor.
        self.in_host = False
        #: The hypervisor has notified this CPU, which was in the guest, and the guest has not left yet.
        self.kicked: Kick | None = None
        #: What the hypervisor knows to be waiting until the guest lets it in.
        self.windows: tuple[Arrival, ...] = ()
        self.scheduled = False
        self.last_step: Step | None = None
        self.last_cycles = 0
        #: That step was a look at a word which is not yet what it is to be.
        self.spins = False
        #: The word in which the hypervisor has offered to go without an EOI.
        self.eoi_offered: Word | None = None
        #: The number of resets that the frames know of.
        self.starts = cpu.starts
        #: For who follows (``tick_watch``), and lowers it: whether interrupts come in, the task priority, what is
        #: waited for, or whether the guest runs, may be another than before.
        self.stirred = False

    @property
    def held_off(self) -> bool:
        """A person keeps interrupts from this CPU, whatever its IF is."""
        return self.cpu.held_off

    @property
    def spinning(self) -> SpinUntil | None:
        """What the innermost frame waits for."""
        return self.frames[-1].spin if self.frames else None

    def handlers(self) -> list[Frame]:
        """Frames of interrupt handlers, outermost first."""
        return [frame for frame in self.frames if frame.returns_from]

    def call_stack(self) -> list[tuple[str, bool]]:
        """Every guest function on the stack, outermost first, and whether the back end put it there."""
        return [called for frame in self.frames for called in frame.call_stack()]


@lru_cache
def sending_functions(backend: Backend) -> frozenset[str]:
    """The names of the functions below which everything is sending: the entries of the guest's table that end in an
    interrupt command, and the one by which a person sends."""
    table = backend.operations
    entries = [name for name in table.entries() if name.startswith("send_") or name in _SENDING]
    return frozenset(getattr(table, name).__name__ for name in entries) | {"apic_icr_write"}
