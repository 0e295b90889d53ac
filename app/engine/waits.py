"""What a CPU waits for when its code polls or spins, on whom, and why that has not come: across CPUs, in words.

``hw/waiting`` says why one APIC holds a vector back. Here stands what only the simulation knows: who turned interrupts
off, who holds a lock, whose answer is awaited.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from app.backends.backend import Backend
from app.engine.due import Flight
from app.engine.processor import Processor
from app.guest.memory import Word
from app.guest.steps import SpinUntil
from app.hw.cpu import Arrival, Cpu, RunState
from app.hw.gates import FLAG, IN_GUEST, NO_UPCALL, UPCALL_MASK, Gate, first_closed
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.hw.waiting import gates_at, taken_words
from app.x86.icr import DELIVERY_STATUS
from app.x86.model_specific_registers import RESET_BASE, ApicMode

_DELIVERY_STATUS_BIT = DELIVERY_STATUS.bit_length() - 1
#: Guest functions that read ICR until it is idle: by a loop of their own, or as all that they begin with.
_POLLING = ("wait_icr_idle", "apic_icr_write")
#: Of many CPUs that have not answered, the first few are explained.
_MOST_EXPLAINED = 3


class Window(Enum):
    """Whether interrupts can come into a CPU, and who keeps them out if not."""

    OPEN = "open"
    #: The gate closed behind what is being handled.
    GATE = "gate"
    #: The code that runs, or the reset that it comes from, turned them off.
    CODE = "code"
    #: A person holds them off.
    HELD = "held"


class Link(NamedTuple):
    """A sentence of a chain: what keeps *cpu*; *vector* is what that has to take before the chain goes on."""

    words: str
    cpu: int
    vector: int | None = None


class Wait(NamedTuple):
    """*words* say on what and on whom ("spins on call_lock, which CPU 0 holds"), *links* say why, one after the other;
    *cpus* are those that it waits for.

    ``for_ever``: nothing that is under way can end it.
    """

    words: str
    links: list[Link]
    cpus: list[int]
    for_ever: bool

    @property
    def because(self) -> list[str]:
        """The sentences of the links."""
        return [link.words for link in self.links]


def window_of(processor: Processor) -> Window:
    """The interrupt window of a CPU that runs guest code."""
    window = hardware_window_of(processor.cpu)
    return Window.GATE if window is Window.CODE and processor.handlers() else window


def hardware_window_of(cpu: Cpu) -> Window:
    """The same where nothing is known of what runs."""
    if cpu.held_off:
        return Window.HELD
    return Window.OPEN if cpu.interrupt_flag else Window.CODE


def closed_by(processor: Processor) -> str:
    """Who keeps interrupts out; empty while they can come in."""
    match window_of(processor):
        case Window.OPEN:
            return ""
        case Window.HELD:
            return "held off by hand"
        case Window.CODE:
            return "the code that runs turned them off"
        case Window.GATE:
            handler = processor.handlers()[-1]
            face = f"{handler.vector:#04x}" if handler.vector is not None else handler.name or "what is being taken"
            return f"the gate of {face} closed them until its STI or IRET"


def gates_before(processor: Processor, vector: int) -> Iterator[Gate]:
    """As ``hw/waiting`` has them, with who turned interrupts off, and what keeps the guest itself from going on."""
    cpu = processor.cpu
    for gate in gates_at(cpu, vector):
        if gate.kind is UPCALL_MASK:
            yield _no_upcall(processor)
        told = gate.is_open or gate.kind not in (FLAG, UPCALL_MASK) or cpu.held_off or cpu.in_smm
        yield gate if told else gate._replace(why=f"{gate.why}: {closed_by(processor)}")
    if processor.frames and processor.frames[-1].backend.hypervisor is not None:
        yield _in_guest(processor)


def _no_upcall(processor: Processor) -> Gate:
    """A guest without an APIC handles its events, those that come meanwhile too, before it returns."""
    if any(frame.returns_from is Arrival.INTERRUPT and frame.name for frame in processor.handlers()):
        return Gate(NO_UPCALL, "one is under way", "the upcall under way comes to it before it returns")
    return Gate(NO_UPCALL, "none")


def _in_guest(processor: Processor) -> Gate:
    """Nothing comes into a guest while its hypervisor has the CPU."""
    frame = processor.frames[-1]
    if not frame.name:
        return Gate(IN_GUEST, "in the hypervisor", "the hypervisor is bringing an interrupt in")
    if processor.in_host and frame.stands is not None:
        return Gate(
            IN_GUEST, "in the hypervisor", "the CPU is in the hypervisor, and it comes in once the guest goes on"
        )
    return Gate(IN_GUEST, "in the guest")


def why_held(processor: Processor, vector: int) -> str:
    """Why *vector*, which is requested on *processor*, has not been taken: the first gate that is closed."""
    gate = first_closed(gates_before(processor, vector))
    return gate.why if gate else taken_words(processor.cpu)


class Waits:
    """The waits of all CPUs at one moment. *flights* are under way; *idle*: nothing is left to do."""

    def __init__(self, machine: Machine, processors: list[Processor], flights: Iterable[Flight], *, idle: bool) -> None:
        self._machine = machine
        self._processors = processors
        self._flights = flights
        self._idle = idle

    def of(self, processor: Processor) -> Wait | None:
        """What *processor* waits for; None when it does not."""
        return self._of(processor, frozenset())

    def _of(self, processor: Processor, seen: frozenset[int]) -> Wait | None:
        spin = processor.spinning
        if spin is not None:
            return self._spins(spin, seen | {processor.cpu.number})
        return self._polls(processor)

    # A register

    def _polls(self, processor: Processor) -> Wait | None:
        """A guest that knows the page alone, polls delivery status there."""
        if not processor.frames or not reads_the_page(processor.frames[-1].backend):
            return None
        inner = [name for name, _ in processor.call_stack()[-2:]]
        if not any(name.endswith(_POLLING) for name in inner) or (inner[-1].endswith("write") and len(inner) > 1):
            return None
        number, apic = processor.cpu.number, processor.cpu.apic
        what = f"polls delivery status (ICR bit {_DELIVERY_STATUS_BIT})"
        absent = where_the_page_went(apic.mode, apic.base)
        if absent:
            return Wait(
                f"{what} for ever: it reads all ones, so the bit is never 0",
                [Link(f"CPU {number}: {absent}.", number)],
                [],
                True,
            )
        if not apic.sends_in_flight or processor.frames[-1].backend.definition.has_virtual_page:
            return None
        refused = [message for message in self._machine.retrying if _is_from(message, number)]
        targets = sorted({cpu for message in refused for cpu in self._machine.targets(message)})
        because = [
            Link(
                f"CPU {cpu} has no room for {message.vector:#04x} until the one before is taken: the bus tries again.",
                cpu,
                message.vector,
            )
            for message in refused
            for cpu in self._machine.targets(message)
        ]
        return Wait(f"{what} until its last IPI has arrived", because, targets, False)

    # A word of memory

    def _spins(self, spin: SpinUntil, seen: frozenset[int]) -> Wait:
        word = spin.word
        if spin.unanswered:
            return self._awaits_answers(spin, seen)
        if word.written_last is not None and not spin.answers:
            return self._awaits_holder(word, word.written_last, seen)
        return Wait(f"spins until {word.name} is {spin.value:#x}", [], [], self._idle)

    def _awaits_holder(self, word: Word, holder: int, seen: frozenset[int]) -> Wait:
        because = self._link(self._processors[holder], seen) or [
            Link(f"CPU {holder} goes on with {word.name} held.", holder)
        ]
        return Wait(f"spins on {word.name}, which CPU {holder} holds", because, [holder], self._idle)

    def _awaits_answers(self, spin: SpinUntil, seen: frozenset[int]) -> Wait:
        unanswered = spin.unanswered
        cpus = [cpu for cpu in range(len(self._processors)) if unanswered >> cpu & 1]
        because = [link for cpu in cpus[:_MOST_EXPLAINED] for link in self._why_silent(cpu, spin.vector, seen)]
        if len(cpus) > _MOST_EXPLAINED:
            more = len(cpus) - _MOST_EXPLAINED
            because.append(Link(f"{more} more have not answered either.", cpus[_MOST_EXPLAINED]))
        whom = ", ".join(map(str, cpus[:8])) + (" …" if len(cpus) > 8 else "")
        answers = "answers" if len(cpus) == 1 else "answer"
        return Wait(f"spins on {spin.word.name} until CPU {whom} {answers}", because, cpus, self._idle)

    def _why_silent(self, number: int, vector: int | None, seen: frozenset[int]) -> list[Link]:
        """Why CPU *number*, which *vector* is to tell, has not answered."""
        processor = self._processors[number]
        cpu = processor.cpu
        if cpu.run_state is RunState.WAIT_FOR_SIPI:
            return [Link(f"CPU {number} waits for a start-up IPI and runs nothing.", number)]
        if vector is None:
            return self._link(processor, seen)
        requested = cpu.apic.irr if cpu.event_channels is None else cpu.event_channels.pending
        if vector in requested:
            return [Link(f"CPU {number}: {vector:#04x} waits, {why_held(processor, vector)}.", number, vector)]
        if any(handler.vector == vector for handler in processor.handlers()):
            return [Link(f"CPU {number} handles {vector:#04x} now.", number, vector), *self._link(processor, seen)]
        if any(self._comes(flight, number, vector) for flight in self._flights):
            return [Link(f"CPU {number}: {vector:#04x} is on its way.", number, vector)]
        link = self._link(processor, seen)
        lost = f"CPU {number} has no request for {vector:#04x}: {_why_lost(processor, vector)}."
        return link or [Link(lost, number, vector)]

    def _link(self, processor: Processor, seen: frozenset[int]) -> list[Link]:
        """What *processor* waits for in its turn."""
        number = processor.cpu.number
        if number in seen:
            return [Link(f"CPU {number} waits for this one in its turn: neither can go on.", number)]
        wait = self._of(processor, seen)
        return [Link(f"CPU {number} {wait.words}.", number), *wait.links] if wait else []

    def _comes(self, flight: Flight, number: int, vector: int) -> bool:
        message = flight.message
        if isinstance(message, EoiBroadcast) or message.vector != vector:
            return False
        return number in self._machine.targets(message)


def where_the_page_went(mode: ApicMode, base: int) -> str:
    """Why nothing answers where the guest has mapped its APIC; empty when something does."""
    match mode:
        case ApicMode.DISABLED:
            return "its APIC is disabled in IA32_APIC_BASE, so nothing answers on its page"
        case ApicMode.X2APIC:
            return "its APIC is in x2APIC mode, which has no page"
        case ApicMode.XAPIC:
            return "" if base == RESET_BASE else f"its APIC page was moved to {base:#x}"


def _why_lost(processor: Processor, vector: int) -> str:
    apic = processor.cpu.apic
    if vector in apic.isr and processor.cpu.event_channels is None:
        return "it is in service without a handler, and no EOI came"
    if apic.mode is ApicMode.DISABLED:
        return "its APIC is disabled in IA32_APIC_BASE, so the message was lost"
    return (
        "its APIC is software-disabled (SVR bit 8 is 0)"
        if not apic.software_enabled
        else "it was lost, or not sent yet"
    )


def _is_from(message: InterruptMessage, cpu: int) -> bool:
    return message.origin is Origin.IPI and message.source == cpu


def reads_the_page(backend: Backend) -> bool:
    """Whether ICR is read by a load: neither by RDMSR nor by a call into the hypervisor."""
    return backend.apic_mode is ApicMode.XAPIC and backend.operations.apic_read.__module__.startswith("app.guest.")
