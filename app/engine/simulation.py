"""A machine in virtual time: messages take time to arrive, steps take time to do, and everything has its order.

The same commands at the same moments give the same events, into whatever pieces a run is cut: the queue's order is
fixed, nothing here is random, nothing changes but at a tick (``engine/journal``), and asking changes nothing.
"""

from collections.abc import Iterable

from app.backends.catalogue import DEFAULT_BACKEND, DEFAULT_SHEETS, generation_for
from app.backends.catalogue import backend as backend_of
from app.costs.sheet import CostSheet, load_cost_sheet
from app.engine.counters import Counters
from app.engine.due import END_OF_TIME as END_OF_TIME
from app.engine.due import Flight
from app.engine.endings import Ending
from app.engine.event_log import EventLog
from app.engine.event_queue import EventQueue, Priority
from app.engine.events import BackendSwitched, Event
from app.engine.execution import Execution
from app.engine.fast_paths import FastPaths
from app.engine.guest_calls import GuestCall
from app.engine.journal import Beginning, Moment, moment_at
from app.engine.journal import Journalled as Journalled
from app.engine.performable import Activity, Performable, Result
from app.engine.processor import Kick, Processor
from app.engine.repricing import cycles_a_microsecond, reprice
from app.engine.tick_watch import TickWatch
from app.engine.timer_watch import TimerWatch
from app.hw.machine import Machine
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, Origin
from app.hw.profile import INTEL_SDM, Profile
from app.hw.services import Clock
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from app.x86.units import Cycles


def _is_new(message: InterruptMessage) -> bool:
    """No further attempt of the bus, and no further target of the write that a hypervisor carries out."""
    return message.remaining is None or message.part == 0


_MESSAGE, _PROCESSOR = int(Priority.MESSAGE), int(Priority.PROCESSOR)  # finding a member of an enum takes its time
_IPIS = (Origin.IPI, Origin.HYPERVISOR, Origin.EVENT_CHANNEL)


class Simulation:
    """``cpu_count`` CPUs that have booted and idle. *sheet* defaults to that of the kernel's time.

    *log* keeps the newest events; a ``WholeLog`` keeps all of them. Without *boot* it is no simulation yet: whoever
    restores a state puts it in the place of what the boot would do. Without *fast_paths* the model does everything
    itself. ValueError says why *backend* does not go with the kernel or with the sheet.
    """

    #: Here as in every class below: what a record takes over, and what each simulation has of its own.
    STATE = ("demonstration", "in_flight", "sheet", "ticks")
    WIRES = (
        *("_costs", "_log", "_queue", "_timers", "clock", "execution", "machine", "record"),
        *("_fast_paths", "_watch", "beginning", "journal"),
    )

    def __init__(
        self,
        cpu_count: int,
        backend: str = DEFAULT_BACKEND,
        sheet: CostSheet | None = None,
        profile: Profile = INTEL_SDM,
        generation: str | None = None,
        log: type[EventLog] = EventLog,
        *,
        boot: bool = True,
        fast_paths: bool = True,
    ) -> None:
        kernel = generation or generation_for(backend)
        self.sheet = sheet or load_cost_sheet(DEFAULT_SHEETS[kernel])
        #: With ``journal``, all that it takes to do everything again.
        self.beginning = Beginning(cpu_count, backend, self.sheet, profile, kernel)
        bound = backend_of(backend, kernel, self.sheet)
        self._costs = self.sheet.cycles
        self.clock = Clock()
        counters = Counters()
        self._log = log(self.clock, counters)
        self.record = self._log.record
        self.machine = Machine(cpu_count, record=self.record, profile=profile, clock=self.clock)
        self._queue: EventQueue[Processor | BusMessage] = EventQueue()
        self.in_flight: dict[int, Flight] = {}
        self._timers = TimerWatch(self.machine, self._queue)
        self.journal: list[Journalled] = []
        #: How many things have happened since the machine had booted.
        self.ticks = 0
        #: What the machine does by itself when nothing else is to do.
        self.demonstration: Activity | None = None
        self._watch: TickWatch | None = None
        microsecond = cycles_a_microsecond(self.sheet)
        self.execution = Execution(self.machine, bound, self._costs, microsecond, self.record, self._wake, counters)
        if boot:
            self.execution.boot()
        self._log.forget()
        self._fast_paths = FastPaths(self, self._log, self._go) if fast_paths else None

    # What can be seen

    @property
    def time(self) -> Cycles:
        """Virtual time in TSC cycles."""
        return Cycles(self.clock.now)

    @property
    def moment(self) -> Moment:
        """Where the simulation stands."""
        return moment_at(self.ticks, self.clock.now)

    @property
    def backend(self) -> str:
        return self.execution.backend.name

    @property
    def switching_to(self) -> str | None:
        """The back end that takes over as soon as nothing is under way."""
        return self.execution.following.name if self.execution.following else None

    @property
    def generation(self) -> str:
        """The name of the guest's kernel."""
        return self.execution.kernel.generation.name

    @property
    def counters(self) -> Counters:
        self._log.count()
        return self.execution.counters

    @property
    def processors(self) -> list[Processor]:
        return self.execution.processors

    @property
    def idle(self) -> bool:
        """Nothing is left to do but to wait for timers or people."""
        return self._queue.only_timers()

    @property
    def happened(self) -> int:
        """How many events there were since the machine had booted, whether or not anybody took them."""
        return self._log.happened

    @property
    def endings(self) -> tuple[Ending, ...]:
        """The newest of what ended otherwise than by acceptance, the newest last, and of each whether that was since a
        person or the demonstration acted last."""
        return self._log.endings

    def events_since(self, number: int) -> list[tuple[int, Event]]:
        """What the log has kept of what happened after the first *number* events; it stays there."""
        return self._log.since(number)

    def take_log(self) -> list[tuple[int, Event]]:
        """What the log has kept of what happened since the last call, with its time."""
        return self._log.take()

    def follow(self, watch: TickWatch | None) -> None:
        """*watch* is told of what happens from now on, and nobody else is; None: nobody is."""
        self._watch = watch
        self._log.heard = watch.heard if watch else None
        if self._fast_paths is not None:
            self._fast_paths.follower(watch)

    # Time

    def next_time(self) -> int | None:
        """When something happens next; None when nothing will."""
        begins = self._demonstration_due()
        return self._queue.next_time() if begins is None else begins

    def _demonstration_due(self) -> int | None:
        """When the demonstration does something; None while anything else, and be it a timer, comes first."""
        if self.demonstration is None or not self.idle:
            return None
        begins = self.demonstration.due(self.clock.now)
        return None if begins is None or self._queue.has_before(begins) else begins

    def run(
        self,
        until: int | None = None,
        operations: int | None = None,
        *,
        until_idle: bool = False,
        to_tick: int | None = None,
        whole_paths: bool = False,
    ) -> int:
        """Runs to virtual time *until*, for so many operations, to the end of tick *to_tick*, or until nothing is left:
        with *until_idle*, nothing but timers. With *whole_paths* they may be more operations: what is followed as a
        whole (``fast_paths``) is not cut for their number. Returns the operations done."""
        done = self._go(until, operations, until_idle=until_idle, to_tick=to_tick, whole_paths=whole_paths)
        if until is not None and until > self.clock.now:
            self._pass_time(until)
        return done

    def _go(
        self, until: int | None, operations: int | None, *, until_idle: bool, to_tick: int | None, whole_paths: bool
    ) -> int:
        """The same, but the clock stands where something happened last."""
        done, paths = 0, self._fast_paths
        while (
            (operations is None or done < operations)
            and (to_tick is None or self.ticks < to_tick)
            and not (until_idle and self.idle)
        ):
            begins = self._demonstration_due()
            if begins is not None:
                if until is not None and begins > until:
                    break
                self._demonstrate(begins)
                if until is None and to_tick is None and self._queue.next_time() is None:
                    break  # nobody could do anything: whoever set no end would wait for ever
                continue
            entry = self._queue.pop(until)
            if entry is None:
                break
            self.clock.now, due = entry
            match due:
                case Processor():
                    left = None if operations is None else operations - done
                    most = None if whole_paths else left
                    followed = paths.go(due, until, most, to_tick) if due.calls and paths is not None else None
                    done += self._turns(due, until, left, to_tick) if followed is None else followed
                case None:
                    done += self._expire_timers()
                case InterruptMessage() | EoiBroadcast():
                    done += self._arrive(due)
            if self.execution.following is not None or self.demonstration is not None:
                self._tick_over()
        return done

    def _pass_time(self, until: int) -> None:
        """Nothing happens up to *until*; or else the operations have ended before the time is up."""
        following = self.next_time()
        if following is None or following > until:
            self.clock.now = until

    def run_to(self, moment: Moment, operations: int | None = None) -> int:
        """Runs to *moment*, or for so many operations if these end before. Returns the operations done. ValueError when
        this simulation never comes to that moment: it is one of another journal."""
        done = self.run(operations=operations, to_tick=moment.tick)
        if self.ticks < moment.tick and operations is not None and done >= operations:
            return done
        self.run(until=moment.time, to_tick=moment.tick)
        if self.moment != moment:
            stands = f"tick {self.ticks} at {self.time}"
            raise ValueError(f"tick {moment.tick} at {moment.time} is not of this run, which stands at {stands}")
        return done

    def _tick_over(self) -> None:
        """Whatever waits for the end of a tick happens now, and not when somebody stops running."""
        if self.execution.following is not None:
            self._switch_backend()
        if self.demonstration is not None and self.idle:
            self.demonstration.idled(self.clock.now)

    def _dispatch(self, during: int = 0) -> None:
        """Sends what was posted on its way: it leaves when the step that posts it is over, *during* cycles from now."""
        now = self.clock.now
        leaves = now + during
        outbox = self.machine.outbox
        for message in outbox:
            if isinstance(message, EoiBroadcast):
                arrives = leaves + self._costs["eoi_broadcast_flight"]
            else:
                arrives = leaves + self._costs["message_flight"]
                self.execution.effects.counters.ipis_sent += message.origin in _IPIS and _is_new(message)
            self.in_flight[message.number] = Flight(message, now, arrives)
            for probe in self.execution.probes:
                probe.message_posted(message, leaves, arrives)
            self._queue.push(arrives, _MESSAGE, message)
        outbox.clear()

    # Things in the queue

    def _arrive(self, message: BusMessage) -> bool:
        self.ticks += 1
        del self.in_flight[message.number]
        execution = self.execution
        for cpu in self.machine.deliver(message):
            processor = execution.processors[cpu.number]
            if execution.backend.hypervisor is not None and not isinstance(message, EoiBroadcast):
                by_itself = message.origin in _IPIS and message.source == cpu.number
                execution.notify(processor, Kick(message.vector, message.delivery_mode), by_itself=by_itself)
            self._wake(processor)
        if message.source is not None and message.is_ipi:
            sender = execution.processors[message.source]
            if not sender.scheduled and sender.cpu.interrupt_deliverable():
                self._wake(sender)  # that nobody accepted it may be an error of its own
        if self.machine.outbox:
            self._dispatch()
        if self._watch is not None:
            self._watch.arrived(self.ticks, self.clock.now, message)
        return True

    def _turns(self, processor: Processor, until: int | None, operations: int | None, to_tick: int | None) -> int:
        """Lets *processor*, and then whichever CPU is next, take their turns for as long as no message or timer comes
        before, nobody halts or waits, and no back end waits for the end of a tick, to take over."""
        done = 0
        machine, clock, queue, execution, watch = self.machine, self.clock, self._queue, self.execution, self._watch
        turn, changes = execution.turn, machine.services.changes
        heard = watch.heard if watch is not None else None
        while True:
            self.ticks += 1
            cycles = turn(processor)  # still scheduled: a CPU that wakes itself is not run twice
            if changes.timers:
                self._timers.look()
            if machine.retrying:
                machine.retry()
            if machine.outbox:
                self._dispatch(cycles or 0)
            if watch is not None and (heard or processor.stirred):
                watch.turned(self.ticks, clock.now, processor)
            if cycles is None:
                processor.scheduled = False
                return done + (processor.spins and processor.spinning is not None)
            done += 1
            if not cycles and self.execution.sleeps(processor):
                processor.scheduled = False
                return done  # whatever ends the halt wakes it
            following = clock.now + cycles
            if done == operations or self.ticks == to_tick or execution.following is not None:
                queue.push(following, _PROCESSOR, processor)
                return done
            following_turn = queue.take_turns(following, processor, until)
            if following_turn is None:
                return done
            clock.now, processor = following_turn  # type: ignore[assignment]  # nobody else has turns

    @property
    def at_rest(self) -> bool:
        """Nothing is under way, not even a wait, and nothing is due but timers."""
        return not (
            self.in_flight
            or self.execution.effects.waiting
            or self.execution.following
            or self.machine.retrying
            or not self._queue.only_timers()
        )

    def _wake(self, processor: Processor) -> None:
        if not processor.scheduled:
            processor.scheduled = True
            self._queue.push(self.clock.now, _PROCESSOR, processor)

    def _expire_timers(self) -> bool:
        self.ticks += 1
        expired = self._timers.expire()
        for cpu in expired:
            processor = self.execution.processors[cpu.number]
            vector = cpu.apic.lvt[Register.LVT_TIMER] & 0xFF
            self.execution.notify(processor, Kick(vector, DeliveryMode.FIXED), by_itself=False)
            self._wake(processor)
        self._dispatch()
        if self._watch is not None:
            self._watch.expired(self.ticks, self.clock.now)
        return bool(expired)

    # Commands

    def apply(self, command: Performable) -> Result:
        """Does what a person asked, now. Returns the value of a read, the fault that an access met, or why a write did
        nothing. A command that cannot be done raises, changes nothing and is not journalled."""
        before = self._log.somebody_acts()
        try:
            result = command.perform(self)
        except BaseException:
            self._log.put_endings(before)
            raise
        self.journal.append(Journalled(self.ticks, self.clock.now, command))  # type: ignore[arg-type]  # as units
        self.ticks += 1
        if command.disturbs:
            self.demonstration = None  # whoever acts wants to see what comes of that, and nothing else
        self._timers.look()
        self._dispatch()
        self._tick_over()
        if self._watch is not None:
            self._watch.acted(self.ticks, self.clock.now, command)
        return result

    # What commands do

    def call(self, cpu: int, call: GuestCall) -> None:
        """Queues a guest function on a CPU."""
        processor = self.processors[cpu]
        processor.calls.append(call)
        self._wake(processor)

    def wake(self, cpu: int) -> None:
        """A CPU may have something to do again."""
        self._wake(self.processors[cpu])

    def switch_to(self, backend: str) -> None:
        """The guest reaches its APIC by *backend* as soon as nothing is under way. ValueError says why it cannot."""
        self.execution.following = backend_of(backend, self.generation, self.sheet)

    def price_by(self, sheet: CostSheet) -> None:
        """Prices what is done from now on by *sheet*, and counts anew. ValueError says why it cannot."""
        self._log.count()
        reprice(self.execution, sheet)
        self._forget_fast_paths()
        self.sheet, self._costs = sheet, sheet.cycles

    def _switch_backend(self) -> None:
        """Lets the back end that was asked for take over, if it can by now."""
        following = self.execution.following
        if following is not None and self.execution.switch(len(self.in_flight)):
            self._forget_fast_paths()
            self.record(BackendSwitched(following.name))
            for processor in self.processors:
                self._wake(processor)
            self._timers.look()
            self._dispatch()  # level lines ask again
            if self._watch is not None:
                self._watch.switched(self.ticks, self.clock.now)

    def _forget_fast_paths(self) -> None:
        if self._fast_paths is not None:
            self._fast_paths.forget()

    def _demonstrate(self, begins: int) -> None:
        assert self.demonstration is not None
        self.ticks += 1
        self.clock.now = begins
        self._log.somebody_acts()
        for command in self.demonstration.next_commands(self.machine, self.processors):
            self._act(command)
        self._timers.look()
        self._dispatch()
        self._tick_over()
        if self._watch is not None:
            self._watch.acted(self.ticks, self.clock.now, None)

    def _act(self, command: Performable) -> None:
        """The demonstration does *command*."""
        command.perform(self)

    # As a value (``history/record``)

    @property
    def queue(self) -> EventQueue[Processor | BusMessage]:
        """All that is due, and when."""
        return self._queue

    def stand_at(self, ticks: int, happened: int, endings: Iterable[Ending], sheet: CostSheet) -> None:
        """So many things and events have happened, nobody remembers which but *endings*; *sheet* prices what comes."""
        self.ticks = ticks
        self.journal = []
        self._forget_fast_paths()
        self._log.forget(happened)
        self._log.put_endings(endings)
        self.sheet, self._costs = sheet, sheet.cycles
        self.execution.effects.set_prices(self._costs, cycles_a_microsecond(sheet))

    def check(self) -> None:
        """AssertionError when the machine or its messages are in a state that cannot be."""
        self.machine.check()
        assert not self.machine.outbox, "a message was posted and not sent on its way"
        assert self.machine.undelivered == len(self.in_flight), "a message was lost or delivered twice"
