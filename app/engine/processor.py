"""What one CPU is in the middle of: a stack of frames, each a guest function that runs as steps."""

from collections import deque
from types import GeneratorType
from typing import TYPE_CHECKING, NamedTuple

from app.backends.backend import Backend
from app.guest.steps import GuestStep, SpinUntil, Step, Steps, Word
from app.hw.cpu import Arrival, Cpu
from app.x86.icr import DeliveryMode

if TYPE_CHECKING:
    from collections.abc import Callable

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


_GUEST_ROOM = "app.guest."


class Frame:
    """A guest function under way. It keeps the back end under which it began."""

    __slots__ = (
        "backend",
        "carried",
        "generator",
        "handler",
        "host",
        "intercept",
        "kick",
        "name",
        "previous_flag",
        "returns_from",
        "since",
        "spin",
        "value",
        "vector",
    )

    def __init__(self, name: str, generator: Steps[None] | Steps[int], backend: Backend, since: int) -> None:
        self.name = name
        self.generator = generator
        self.backend = backend
        hypervisor = backend.hypervisor
        self.intercept: Callable[[GuestStep, Cpu], Steps[int] | None] | None = None
        if hypervisor is not None:
            self.intercept = hypervisor.intercept
        #: While a hypervisor brings an interrupt in: what the vector that it gives in the end makes of this frame.
        self.handler: Callable[[int], Steps[None]] | None = None
        #: What the hypervisor does instead of the step at which the guest stands.
        self.host: Steps[int | None] | None = None
        #: For what ``host`` takes the guest out, though the guest does not let it in yet.
        self.kick: Kick | None = None
        #: What the generator gets when it goes on; None starts it.
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


class Processor:
    """A CPU with what it runs and what it was asked to run."""

    __slots__ = (
        "calls",
        "cpu",
        "eoi_offered",
        "frames",
        "in_host",
        "kicked",
        "last_cycles",
        "last_step",
        "scheduled",
        "starts",
        "windows",
    )

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
        #: The word in which the hypervisor has offered to go without an EOI.
        self.eoi_offered: Word | None = None
        #: The number of resets that the frames know of.
        self.starts = cpu.starts

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
        return [
            (function, replaced)
            for frame in self.frames
            for function, module in _functions(frame.generator)
            if (replaced := function in frame.backend.replacements) or module.startswith(_GUEST_ROOM)
        ]


def _functions(generator: object) -> list[tuple[str, str]]:
    """The chain of generators that *generator* delegates to, which is the call stack of what it runs."""
    chain = []
    while isinstance(generator, GeneratorType):
        if generator.gi_frame is not None:
            chain.append((generator.gi_code.co_name, str(generator.gi_frame.f_globals.get("__name__", ""))))
        generator = generator.gi_yieldfrom
    return chain
