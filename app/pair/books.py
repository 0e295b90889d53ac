"""Books every step of a simulation to the interrupt that it serves."""

from collections import defaultdict, deque

from app.engine.events import Event
from app.engine.probe import Probe
from app.engine.processor import Frame, Kick, Processor
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.steps import Acknowledge, EnterNmi, EnterSmm, NextEvent, SpinUntil, Step
from app.hw.events import Accepted, ExternalAcknowledged, InitPerformed, Merged, MessageSent, Refused, Retried
from app.hw.messages import InterruptMessage, Origin
from app.pair.accounts import DEVICES, Handled, Interrupt, Performed, Stretch
from app.x86.icr import DeliveryMode

_BY_VECTOR = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
_STARTS = "start_secondary"


class _Serving:
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
        self.early = Work()
        self.early_steps: list[Performed] = []


class Books(Probe):
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
        self._servings: dict[Frame, _Serving] = {}
        simulation.execution.add_probe(self)

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
    def total(self) -> Work:
        """All that was booked, and what is still to be: as many as the counters say."""
        booked = sum((stretch.total for stretch in self.stretches), Work())
        return sum((serving.early for serving in self._servings.values()), booked)

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
            earlier[0].numbers.append(message.number)
            return
        self._book_message(message, Interrupt(*_identity(message), self._clock.now, ""), new=True)

    def _book_message(self, message: InterruptMessage, interrupt: Interrupt, *, new: bool) -> None:
        if new:
            self.stretches[-1].interrupts.append(interrupt)
        interrupt.messages += not message.part  # which is one write of ICR, in however many parts
        interrupt.numbers.append(message.number)
        interrupt.targets += self._machine.targets(message)
        self._by_message[message.number] = interrupt

    # Steps

    def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
        """Books it."""
        serving = self._serving_of(processor, frame)
        self._book(processor, frame, serving, step, self._clock.now, work)

    def wait_began(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        """Books it as a step."""
        self.step_done(processor, frame, step, work)

    def wait_ended(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        """Books it as a step."""
        self.step_done(processor, frame, step, work)

    def _serving_of(self, processor: Processor, frame: Frame) -> _Serving:
        """The frame's work, as it stood before its step."""
        serving = self._servings.get(frame)
        if serving is None:
            serving = self._servings[frame] = _Serving()
            if frame.name == _STARTS:
                self._arrive(processor, serving, _STARTS)
        if serving.expected and frame.handler_begun:
            self._first_instruction(processor, frame, serving)
        if frame.returns_from is None:
            self._follow_send_function(frame, serving)
        return serving

    def _follow_send_function(self, frame: Frame, serving: _Serving) -> None:
        sends = frame.sends
        if sends and serving.called is None:
            serving.called = self._clock.now
        elif not sends and serving.called is not None:
            serving.called = None
            self._flush(serving, serving.last)

    def _first_instruction(self, processor: Processor, frame: Frame, serving: _Serving) -> None:
        for interrupt in serving.expected:
            interrupt.handled.append(Handled(processor.cpu.number, frame.vector, self._clock.now))
        serving.expected = []

    def _arrive(self, processor: Processor, serving: _Serving, key: object) -> None:
        """What was pending is being served from here on."""
        requests = self._pending[processor.cpu.number, key]
        serving.expected = requests.popleft() if requests else []
        serving.cause = serving.expected[0] if serving.expected else None
        self._flush(serving, serving.cause, receiving=True)

    def _book(self, processor: Processor, frame: Frame, serving: _Serving, step: Step, began: int, used: Work) -> None:
        done = Performed(began, processor.cpu.number, step, used.cycles, frame.returns_from is not None)
        arrival = DeliveryMode.EXTINT if self._external else _arrival(step, frame)
        self._external = False
        if arrival is not None:
            self._early(serving, done, used)
            self._arrive(processor, serving, arrival)
        elif frame.kick is not None:
            self._book_kick(processor, frame.kick, done, used)
        elif frame.returns_from is not None or frame.name == _STARTS:
            self._book_handler(frame, serving, done, used)
        elif self._sent:
            self._early(serving, done, used)
        elif serving.last is not None and serving.called is None:
            _add(serving.last, done, used)
        else:
            self._early(serving, done, used)
        if self._sent:
            self._send(frame, serving, began)

    def _book_kick(self, processor: Processor, kick: Kick, done: Performed, used: Work) -> None:
        """Work for what has come and waits, whatever it interrupts."""
        requests = self._pending[processor.cpu.number, _key(kick.vector, kick.delivery_mode)]
        if requests and requests[-1]:
            _add(requests[-1][-1], done._replace(receiving=True), used)
        else:
            self._rest(done, used)

    def _book_handler(self, frame: Frame, serving: _Serving, done: Performed, used: Work) -> None:
        if frame.name == "":
            self._early(serving, done, used)
        elif serving.cause is not None:
            _add(serving.cause, done._replace(receiving=True), used)
        else:
            self._rest(done, used)

    def _send(self, frame: Frame, serving: _Serving, began: int) -> None:
        """The step has put messages on their way: another target of the same interrupt, or a new one."""
        for message in self._sent:
            targets = self._machine.targets(message)
            last = serving.last
            joins = last is not None and _identity(message)[1:] == (last.source, last.vector, last.delivery_mode)
            if last is None or not joins or not set(targets).isdisjoint(last.targets):
                called = frame.since if last is None and serving.called is None else began
                last = Interrupt(*_identity(message), called if serving.called is None else serving.called, frame.name)
                self._book_message(message, last, new=True)
            else:
                self._book_message(message, last, new=False)
            serving.last = last
            self._flush(serving, last)
        self._sent.clear()

    # Books

    def _early(self, serving: _Serving, done: Performed, used: Work) -> None:
        serving.early += used
        serving.early_steps.append(done)

    def _rest(self, done: Performed, used: Work) -> None:
        self.stretches[-1].rest += used
        self.stretches[-1].steps.append(done)

    def _flush(self, serving: _Serving, owner: Interrupt | None, *, receiving: bool = False) -> None:
        """It is known now for which interrupt the early work was: for none, it is the stimulus's own."""
        if owner is None:
            self.stretches[-1].rest += serving.early
            self.stretches[-1].steps += serving.early_steps
        else:
            owner.book(serving.early, receiving=receiving)
            owner.steps += serving.early_steps
        serving.early, serving.early_steps = Work(), []

    def settle(self) -> None:
        """Closes the books of functions that are over."""
        alive = {frame for processor in self._simulation.processors for frame in processor.frames}
        for frame in [frame for frame in self._servings if frame not in alive]:
            serving = self._servings.pop(frame)
            self._flush(serving, serving.last)


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


def _add(interrupt: Interrupt, done: Performed, used: Work) -> None:
    interrupt.book(used, receiving=done.receiving)
    interrupt.steps.append(done)
