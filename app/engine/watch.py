"""Books every step of a simulation to the interrupt that it serves."""

from collections import defaultdict, deque
from types import GeneratorType
from typing import Any

from app.engine.accounts import DEVICES, Handled, Interrupt, Performed, Stretch, Tally
from app.engine.events import Event
from app.engine.processor import Frame, Kick, Processor
from app.engine.simulation import Simulation
from app.guest.apic_ops import ApicOperations
from app.guest.steps import Acknowledge, EnterNmi, EnterSmm, NextEvent, Step
from app.hw.events import Accepted, ExternalAcknowledged, InitPerformed, Merged, MessageSent, Refused, Retried
from app.hw.messages import InterruptMessage, Origin
from app.x86.icr import DeliveryMode

_BY_VECTOR = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
#: The operations that send, and do nothing else.
_SENDS = (
    "icr_write",
    "send_ipi",
    "send_ipi_mask",
    "send_ipi_mask_allbutself",
    "send_ipi_allbutself",
    "send_ipi_all",
    "send_ipi_self",
    "smp_send_reschedule",
)
_STARTS = "start_secondary"


class _Work:
    """What one frame is doing, and for whom."""

    __slots__ = ("called", "cause", "early", "early_steps", "expected", "last")

    def __init__(self) -> None:
        #: The interrupt whose handler this is.
        self.cause: Interrupt | None = None
        #: Interrupts whose handler begins with the next instruction of the guest.
        self.expected: list[Interrupt] = []
        #: The interrupt that was sent last.
        self.last: Interrupt | None = None
        #: When the send function was called that is under way.
        self.called: int | None = None
        #: Work of which it is not known yet for which interrupt it is.
        self.early = Tally()
        self.early_steps: list[Performed] = []


class Watch:
    """The books of *simulation*. ``stretches`` has one entry for each stimulus that ``begin`` was told of."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._machine, self._clock = simulation.machine, simulation.clock
        self.stretches: list[Stretch] = [Stretch(0, simulation.time)]
        self._sent: list[InterruptMessage] = []
        self._by_message: dict[int, Interrupt] = {}
        #: What each CPU is still to serve, in its order: what has become one is served together.
        self._pending: defaultdict[tuple[int, object], deque[list[Interrupt]]] = defaultdict(deque)
        #: What found no room at a CPU, by what it is and by that CPU: the bus sends it again, as another message.
        self._sent_again: defaultdict[tuple[object, int], deque[Interrupt]] = defaultdict(deque)
        #: The vector that the present step has taken is the 8259's.
        self._external = False
        self._works: dict[Frame, _Work] = {}
        self._send_functions = _names_of_sends(simulation.execution.backend.operations)
        self._counters = simulation.execution.counters
        #: What the counters said after the step before.
        self._counted = self._snapshot()
        simulation.execution.watch = self._see

    def begin(self) -> Stretch:
        """Opens the account of the next stimulus; whoever calls this applies it."""
        self.settle()
        self._forget_messages()
        stretch = Stretch(len(self.stretches), self._clock.now)
        self.stretches.append(stretch)
        return stretch

    def _forget_messages(self) -> None:
        """Whose interrupt a message is, nobody asks any more once it has arrived."""
        under_way = {*self._simulation.in_flight, *(message.number for message in self._machine.retrying)}
        self._by_message = {number: one for number, one in self._by_message.items() if number in under_way}

    @property
    def total(self) -> Tally:
        """All that was booked, and what is still to be: as many as the counters say."""
        total = Tally()
        for stretch in self.stretches:
            total.add(stretch.total)
        for work in self._works.values():
            total.add(work.early)
        return total

    # What happens

    def note(self, event: Event) -> None:
        """Something has happened."""
        match event:
            case MessageSent(InterruptMessage() as message):
                self._note_sent(message)
            case Accepted() | Merged() if event.delivery_mode is not DeliveryMode.INIT:  # which no code serves
                self._note_pending(event)
            case ExternalAcknowledged():
                self._external = True
            case InitPerformed(cpu):
                self._pending[cpu, DeliveryMode.NMI].clear()
            case Refused(cpu) if event.message in self._by_message:
                self._by_message[event.message].refused.append(cpu)
            case Retried(cpu, message=int(number)) if number in self._by_message:
                interrupt = self._by_message[number]
                self._sent_again[_identity(interrupt), cpu].append(interrupt)

    def _note_pending(self, event: Accepted | Merged) -> None:
        """It waits at its CPU now, alone or with what it met there; *event* has no message for a local source."""
        requests = self._pending[event.cpu, _key(event.vector, event.delivery_mode)]
        if isinstance(event, Accepted):
            if event.delivery_mode is not DeliveryMode.NMI:  # two of which may wait; of all else there is one bit,
                requests.clear()  # and it was 0: what had set it before is lost, by INIT for one
            requests.append([])
        interrupt = None if event.message is None else self._by_message.get(event.message)
        if interrupt is None:
            return
        if isinstance(event, Merged):
            interrupt.merged.append(event.cpu)
        if requests:
            requests[-1].append(interrupt)

    def _note_sent(self, message: InterruptMessage) -> None:
        if message.origin not in DEVICES and (message.remaining is None or message.part is not None):
            self._sent.append(message)  # the step that sends it is not over yet
            return
        waiting = [self._sent_again[_identity(message), cpu] for cpu in message.remaining or ()]
        earlier = [interrupts.popleft() for interrupts in waiting if interrupts]
        if earlier:
            self._by_message[message.number] = earlier[0]
            return
        self._book_message(message, Interrupt(*_identity(message), self._clock.now, ""), new=True)

    def _book_message(self, message: InterruptMessage, interrupt: Interrupt, *, new: bool) -> None:
        if new:
            self.stretches[-1].interrupts.append(interrupt)
        interrupt.messages += not message.part  # which is one write of ICR, in however many parts
        interrupt.targets += self._machine.targets(message)
        self._by_message[message.number] = interrupt

    # Steps

    def _see(self, processor: Processor, frame: Frame, step: Step, cycles: int | None) -> int | None:
        work = self._work_of(processor, frame)
        before, self._counted = self._counted, self._snapshot()
        used = Tally(*(now - then for now, then in zip(self._counted, before, strict=True)))
        self._book(processor, frame, work, step, self._clock.now, used)
        return cycles

    def _snapshot(self) -> tuple[int, int, int, int]:
        now = self._counters
        return now.accesses, now.exits, now.hypercalls, now.cycles

    def _work_of(self, processor: Processor, frame: Frame) -> _Work:
        """The frame's work, as it stood before its step."""
        work = self._works.get(frame)
        if work is None:
            work = self._works[frame] = _Work()
            if frame.name == _STARTS:
                self._arrive(processor, work, _STARTS)
        if work.expected and (frame.intercept is not None or frame.backend.hypervisor is None):
            self._first_instruction(processor, frame, work)
        if frame.returns_from is None:
            self._follow_send_function(frame, work)
        return work

    def _follow_send_function(self, frame: Frame, work: _Work) -> None:
        sends = _runs(frame.generator, self._send_functions)
        if sends and work.called is None:
            work.called = self._clock.now
        elif not sends and work.called is not None:
            work.called = None
            self._flush(work, work.last)

    def _first_instruction(self, processor: Processor, frame: Frame, work: _Work) -> None:
        for interrupt in work.expected:
            interrupt.handled.append(Handled(processor.cpu.number, frame.vector, self._clock.now))
        work.expected = []

    def _arrive(self, processor: Processor, work: _Work, key: object) -> None:
        """What was pending is being served from here on."""
        requests = self._pending[processor.cpu.number, key]
        work.expected = requests.popleft() if requests else []
        work.cause = work.expected[0] if work.expected else None
        self._flush(work, work.cause, receiving=True)

    def _book(self, processor: Processor, frame: Frame, work: _Work, step: Step, began: int, used: Tally) -> None:
        done = Performed(began, processor.cpu.number, step, used.cycles, frame.returns_from is not None)
        arrival = DeliveryMode.EXTINT if self._external else _arrival(step, frame)
        self._external = False
        if arrival is not None:
            self._early(work, done, used)
            self._arrive(processor, work, arrival)
        elif frame.kick is not None:
            self._book_kick(processor, frame.kick, done, used)
        elif frame.returns_from is not None or frame.name == _STARTS:
            self._book_handler(frame, work, done, used)
        elif self._sent:
            self._early(work, done, used)
        elif work.last is not None and work.called is None:
            _add(work.last, done, used)
        else:
            self._early(work, done, used)
        if self._sent:
            self._send(frame, work, began)

    def _book_kick(self, processor: Processor, kick: Kick, done: Performed, used: Tally) -> None:
        """Work for what has come and waits, whatever it interrupts."""
        requests = self._pending[processor.cpu.number, _key(kick.vector, kick.delivery_mode)]
        if requests and requests[-1]:
            _add(requests[-1][-1], done._replace(receiving=True), used)
        else:
            self._rest(done, used)

    def _book_handler(self, frame: Frame, work: _Work, done: Performed, used: Tally) -> None:
        if frame.name == "":
            self._early(work, done, used)
        elif work.cause is not None:
            _add(work.cause, done._replace(receiving=True), used)
        else:
            self._rest(done, used)

    def _send(self, frame: Frame, work: _Work, began: int) -> None:
        """The step has put messages on their way: another target of the same interrupt, or a new one."""
        for message in self._sent:
            targets = self._machine.targets(message)
            last = work.last
            joins = last is not None and _identity(message)[1:] == (last.source, last.vector, last.delivery_mode)
            if last is None or not joins or not set(targets).isdisjoint(last.targets):
                called = frame.since if last is None and work.called is None else began
                last = Interrupt(*_identity(message), called if work.called is None else work.called, frame.name)
                self._book_message(message, last, new=True)
            else:
                self._book_message(message, last, new=False)
            work.last = last
            self._flush(work, last)
        self._sent.clear()

    # Books

    def _early(self, work: _Work, done: Performed, used: Tally) -> None:
        work.early.add(used)
        work.early_steps.append(done)

    def _rest(self, done: Performed, used: Tally) -> None:
        self.stretches[-1].rest.add(used)
        self.stretches[-1].steps.append(done)

    def _flush(self, work: _Work, owner: Interrupt | None, *, receiving: bool = False) -> None:
        """It is known now for which interrupt the early work was: for none, it is the stimulus's own."""
        if owner is None:
            self.stretches[-1].rest.add(work.early)
            self.stretches[-1].steps += work.early_steps
        else:
            (owner.receiving if receiving else owner.sending).add(work.early)
            owner.steps += work.early_steps
        work.early, work.early_steps = Tally(), []

    def settle(self) -> None:
        """Closes the books of functions that are over."""
        alive = {frame for processor in self._simulation.processors for frame in processor.frames}
        for frame in [frame for frame in self._works if frame not in alive]:
            work = self._works.pop(frame)
            self._flush(work, work.last)


def _identity(message: InterruptMessage | Interrupt) -> tuple[Origin, int | None, int, DeliveryMode]:
    return message.origin, message.source, message.vector, message.delivery_mode


def _key(vector: int, mode: DeliveryMode) -> object:
    """Under what a CPU finds the interrupt that it takes."""
    if mode in _BY_VECTOR:
        return vector
    return _STARTS if mode is DeliveryMode.STARTUP else mode


def _arrival(step: Step, frame: Frame) -> object | None:
    """Under what the interrupt is found that *step* has just taken; None when it took none."""
    match step:
        case Acknowledge():
            return frame.vector
        case NextEvent() if frame.value is not None and frame.value >= 0:
            return frame.vector
        case EnterNmi():
            return DeliveryMode.NMI
        case EnterSmm():
            return DeliveryMode.SMI
        case _:
            return None


def _add(interrupt: Interrupt, done: Performed, used: Tally) -> None:
    (interrupt.receiving if done.receiving else interrupt.sending).add(used)
    interrupt.steps.append(done)


def _names_of_sends(operations: ApicOperations) -> frozenset[str]:
    return frozenset({getattr(operations, name).__name__ for name in _SENDS} | {"apic_icr_write"})


def _runs(code: Any, names: frozenset[str]) -> bool:
    """Whether *code* is inside one of the functions *names*."""
    while isinstance(code, GeneratorType):
        if code.gi_code.co_name in names:
            return True
        code = code.gi_yieldfrom
    return False
