"""Runs guest code, step by step, on the CPUs of a machine.

A CPU looks for interrupts between two instructions of the guest, never while it is in the hypervisor: SMI first, then
INIT, NMI and external interrupts (SDM vol. 3, "Priority Among Concurrent Events").
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from app.backends.backend import Backend, Found
from app.engine.apic_access import ApicAccess
from app.engine.boot import boot_apics
from app.engine.counters import Counters
from app.engine.effects import Effects
from app.engine.events import CallFinished, CallStarted, Event
from app.engine.frames import (
    STEPS,
    Call,
    Code,
    DefaultIdle,
    Deliver,
    Serve,
    StartSecondary,
    Take,
    code_of,
    host_of,
    kick_of,
)
from app.engine.host_effects import held_back
from app.engine.probe import Probe
from app.engine.processor import Frame, Kick, Processor, waits_at
from app.engine.programs import NOT_ASKED, Once, Point, Programs
from app.engine.work import Work
from app.guest.answers import ANSWERS
from app.guest.apic_ops import Context, KernelState
from app.guest.steps import SpinUntil, Step, Steps
from app.hw.cpu import Arrival, RunState
from app.hw.machine import Machine
from app.x86.units import Cycles

_STARTS = "start_secondary"

# Equal events are made over and over: fetching one costs a quarter of making one.
_call_started = lru_cache(4096)(CallStarted)
_call_finished = lru_cache(4096)(CallFinished)


_TAKES = {arrival: Take(arrival) for arrival in STEPS}
_DEFAULT_IDLE, _START_SECONDARY = DefaultIdle(), StartSecondary()


def _upcall_wanted(frames: list[Frame]) -> bool:
    """An upcall inside an upcall returns at once, and the outer one looks again (``xed_nesting_count``)."""
    for frame in frames:  # noqa: SIM110 - a generator costs thrice as much
        if frame.returns_from is Arrival.INTERRUPT:
            return False
    return True


class Execution:
    """The CPUs of *machine* at work. ``wake`` is called with a CPU that may have something to do again."""

    STATE = ("backend", "following")
    WIRES = (
        "_clock",
        "_contexts",
        "_record",
        "_told",
        "effects",
        "kernel",
        "machine",
        "probes",
        "processors",
        "programs",
    )

    def __init__(
        self,
        machine: Machine,
        backend: Backend,
        costs: Mapping[str, Cycles],
        cycles_a_microsecond: int,
        record: Callable[[Event], None],
        wake: Callable[[Processor], None],
        counters: Counters,
        access: ApicAccess | None = None,
    ) -> None:
        """*access* is what steps reach; the machine, unless something stands in for it."""
        self.machine = machine
        self.backend = backend
        #: What takes over as soon as nothing is under way.
        self.following: Backend | None = None
        self.effects = Effects(access or ApicAccess(machine), costs, cycles_a_microsecond, record, wake, counters)
        self.kernel = KernelState(len(machine.cpus), backend.generation)
        self.processors = [Processor(cpu) for cpu in machine.cpus]
        #: Who is told of what happens, in this order.
        self.probes: tuple[Probe, ...] = ()
        #: What the counters said when the probes were last told.
        self._told = Work()
        self._record = record
        self._clock = machine.clock
        self._contexts: dict[tuple[int, Backend], Context] = {}
        self.programs = Programs()

    def boot(self) -> None:
        """Sets the APICs up as the kernel does, at no cost, and lets the CPUs idle. Natively: nobody is there yet to
        answer what another back end would ask of its hypervisor."""
        backend = self.backend
        native = replace(backend, operations=backend.native, hypervisor=None)
        boot_apics(self.machine, backend, self.kernel)
        for processor in self.processors:
            processor.cpu.run_state = RunState.HALTED  # all that it does behind its set-up
            self._push(processor, _STARTS, _START_SECONDARY, native)
            while processor.frames:
                self.turn(processor)
        self._contexts.clear()
        self.programs.forget()
        self.count_anew()

    def count_anew(self) -> None:
        """Every counter begins at 0 again."""
        self.counters.reset()
        self._told = Work()

    def replace_guest(self, backend: Backend) -> None:
        """The guest of *backend* runs from now on, in place of the one that has booted: a variant of its kernel, that
        somebody wants to look at or to measure."""
        self.backend = backend
        self.kernel.generation = backend.generation
        self.programs.forget()

    def add_probe(self, probe: Probe) -> None:
        """*probe* is told of what happens from now on."""
        if not self.probes:
            self.tell_from_here()
        self.probes = (*self.probes, probe)

    def remove_probe(self, probe: Probe) -> None:
        """*probe* is told no more."""
        self.probes = tuple(one for one in self.probes if one is not probe)

    def tell_from_here(self) -> None:
        """Probes are told of what is counted from now on."""
        self._told = self.counters.work

    @property
    def counters(self) -> Counters:
        return self.effects.counters

    def context(self, processor: Processor, backend: Backend) -> Context:
        """The same one each time: it holds nothing that changes."""
        place = processor.cpu.number, backend
        context = self._contexts.get(place)
        if context is None:
            context = self._contexts[place] = Context(processor.cpu, self.kernel, backend.operations)
        return context

    # One turn of a CPU

    def turn(self, processor: Processor) -> Cycles | None:
        """Lets the CPU do its next step. Returns what it costs, or None when the CPU has nothing to do (or waits)."""
        cpu, frames = processor.cpu, processor.frames
        apic, channels = cpu.apic, cpu.event_channels
        while True:
            frame = frames[-1] if frames else None
            if (
                (frame is None or cpu.signalled or cpu.starts != processor.starts or processor.kicked is not None)
                or (apic.irr.bits > apic.isr.bits or (channels is not None and channels.pending.bits))
                or (processor.eoi_offered is not None and apic.irr.bits)
            ):
                frame = self._at_boundary(processor)
                if frame is None:
                    return None
            if frame.spin is not None and frame.stands is None:
                return self._look_again(processor, frame, frame.spin)
            point = frame.point.after.get(frame.value) or frame.point.on(frame.value)
            while point.asks:
                value = ANSWERS[type(point.yielded)](point.yielded, cpu)
                point = point.after.get(value) or point.on(value)
            frame.point = point
            if point.ended:
                self._ended(processor, frame, point.result)
                continue
            if (
                frame.backend.hypervisor
                and frame.stands is None
                and (point.taken_over is not None or processor.in_host)
                and self._intercepted(processor, frame, point)
            ):
                continue
            frame.value = 0
            cycles = self.effects.perform(processor, frame, point.yielded)
            if self.probes:
                self._tell(processor, frame, point.yielded)
            if cycles is None and cpu.next_arrival() is not None:
                continue  # the first look of a wait was the instruction behind an STI: what it held back comes now
            return cycles

    def _at_boundary(self, processor: Processor) -> Frame | None:
        """Between two instructions lets in what wants the CPU. Returns what that goes on with; None for nothing."""
        cpu, apic = processor.cpu, processor.cpu.apic
        if cpu.interrupt_shadow and not processor.frames:
            cpu.instruction_ended()  # the idle loop's own instructions are no steps
        if cpu.signalled or cpu.starts != processor.starts:
            self._take_resets(processor)
        frame = processor.frames[-1] if processor.frames else None
        irr = apic.irr.bits
        if processor.eoi_offered is not None and irr:
            self.effects.host.sync_eoi_word(processor)  # whatever came kicks the guest out, and that is an exit
        if cpu.signalled or (cpu.interrupt_flag and (irr > apic.isr.bits or cpu.event_channels is not None)):
            frame = self._interrupt(processor, frame)
        if frame is None:
            frame = self._work(processor)
        if processor.kicked is not None and frame is not None:
            self._kick(processor.kicked, processor, frame)
        return frame

    def _look_again(self, processor: Processor, frame: Frame, spin: SpinUntil) -> Cycles | None:
        cycles = self.effects.look_again(processor, frame)
        if self.probes and cycles is not None:
            work = self._untold()
            for probe in self.probes:
                probe.wait_ended(processor, frame, spin, work)
        return cycles

    def _tell(self, processor: Processor, frame: Frame, step: Step) -> None:
        """The probes of what *frame* has just done, or begun to wait for."""
        work = self._untold()
        for probe in self.probes:
            if processor.spins:
                assert isinstance(step, SpinUntil)
                probe.wait_began(processor, frame, step, work)
            else:
                probe.step_done(processor, frame, step, work)
            if frame not in processor.frames:
                probe.frame_ended(processor, frame)

    def _untold(self) -> Work:
        """What was counted since the probes were told the last time."""
        now, told = self.counters, self._told
        work = now - told
        told.accesses, told.exits = now.accesses, now.exits
        told.hypercalls, told.cycles = now.hypercalls, now.cycles
        return work

    def notify(self, processor: Processor, came: Kick, *, by_itself: bool) -> None:
        """*came* has come for the CPU. If it waits there, not refused, and the CPU runs the guest, the hypervisor takes
        that out, unless the guest itself has asked for it (*by_itself*), which took it out already."""
        cpu = processor.cpu
        running = processor.frames and cpu.run_state is RunState.RUNNING and not processor.in_host
        if self.backend.hypervisor is None or not running or not waits_at(cpu, came.vector, came.delivery_mode):
            return
        if by_itself:
            processor.windows = held_back(cpu)
        elif cpu.event_channels is None or came.arrival not in processor.windows:  # Xen notifies of the first
            processor.kicked = came

    def _kick(self, came: Kick, processor: Processor, frame: Frame) -> None:
        """The guest does not let *came* in yet, and is taken out all the same; it goes on where it stood."""
        if not frame.name or frame.stands is not None or processor.cpu.interrupt_shadow:
            return
        processor.kicked = None
        if frame.backend.hypervisor is not None:
            frame.kick, frame.kept = came, frame.value
            frame.take_over(kick_of(came.arrival, frame.backend, processor.cpu, self.programs))

    def _intercepted(self, processor: Processor, frame: Frame, point: Point) -> bool:
        """Whether the hypervisor, or hardware for it, takes over the guest's step at *point*."""
        if not frame.handler_begun:
            return False
        if processor.in_host:  # it had gone in to be called up, and nothing wanted that any more
            processor.in_host = False
            processor.stirred = True
        host = point.taken_over
        if host is NOT_ASKED:
            host = point.taken_over = host_of(point, frame.backend, processor.cpu, self.programs)
        if host is None:
            return False
        frame.take_over(host)
        self.effects.host.guest_reached(processor, point.yielded)
        return True

    def _take_resets(self, processor: Processor) -> None:
        """INIT and start-up IPI act at an instruction boundary, and throw away whatever the CPU was doing. What its
        hypervisor does for it is no instruction, and is done to the end."""
        cpu = processor.cpu
        if processor.frames and processor.frames[-1].stands is not None:
            return
        if cpu.init_pending or cpu.sipi_pending is not None:
            self.machine.take_resets([cpu])
        if cpu.starts != processor.starts:
            self._start_over(processor)

    def _interrupt(self, processor: Processor, frame: Frame | None) -> Frame | None:
        """The handler's frame when an SMI, an NMI or an interrupt comes in now; *frame*, the innermost, when none
        does."""
        if frame is not None:
            # A frame has no name until what it serves has arrived: nothing comes in between.
            if not frame.name or (processor.in_host and frame.stands is not None):
                return frame
            cpu = processor.cpu
            if not (cpu.signalled or cpu.apic.irr.bits or _upcall_wanted(processor.frames)):
                return frame
        arrival = processor.cpu.next_arrival()
        return self._enter(processor, arrival) if arrival in STEPS else frame

    def _work(self, processor: Processor) -> Frame | None:
        """The frame of what an idle CPU was asked to do; without that, the idle loop, unless it halts already."""
        cpu = processor.cpu
        if cpu.run_state is RunState.WAIT_FOR_SIPI:
            return None
        if processor.calls and self.following is None:
            return self._begin_call(processor)
        if cpu.run_state is RunState.HALTED or not cpu.interrupt_flag:
            return None
        if self.backend.hypervisor is None:
            cpu.run_state = RunState.HALTED  # costs nothing and crosses nothing: no step worth showing
            return None
        return self._push(processor, "default_idle", _DEFAULT_IDLE, self.backend)

    def sleeps(self, processor: Processor) -> bool:
        """Whether the CPU has halted and nothing that came in meanwhile ends that."""
        cpu = processor.cpu
        return cpu.run_state is RunState.HALTED and not processor.calls and cpu.next_arrival() is None

    def _ended(self, processor: Processor, frame: Frame, result: int | None) -> None:
        """The hypervisor is done with a step of the guest, or the guest function has returned."""
        if frame.stands is not None:
            frame.host_ended(result)
            return
        if type(frame.code) is Deliver:  # the hypervisor has brought the interrupt into the guest: its handler begins
            assert result is not None
            self._run(processor, frame, Serve(frame.code.arrival, result))
            frame.handler_begun, frame.value = True, None
            return
        processor.frames.pop()
        processor.stirred = True
        for probe in self.probes:
            probe.frame_ended(processor, frame)
        if frame.name != _STARTS:  # which nobody called
            self._record(_call_finished(processor.cpu.number, frame.name))

    # Frames

    def _beginning(self, processor: Processor, code: Code, backend: Backend) -> Point:
        """Where *code* begins on that CPU."""
        cpu = processor.cpu
        return self.programs.beginning(
            (cpu.number, backend, type(code), code),
            lambda: code_of(code, backend, cpu, self.context(processor, backend)),
        )

    def _run(self, processor: Processor, frame: Frame, code: Code) -> None:
        """From now on *frame* runs *code*."""
        frame.code = code
        frame.point = self._beginning(processor, code, frame.backend)

    def _push(self, processor: Processor, name: str, code: Code, backend: Backend) -> Frame:
        begins = self._beginning(processor, code, backend)
        return self._add(processor, Frame(name, begins, backend, self._clock.now, code))

    def _add(self, processor: Processor, frame: Frame) -> Frame:
        processor.frames.append(frame)
        processor.stirred = True
        for probe in self.probes:
            probe.frame_began(processor, frame)
        return frame

    def begin(self, processor: Processor, name: str, code: Callable[[Context], Steps[None] | Steps[int]]) -> Frame:
        """The CPU runs *code* from now on, whatever else it does. No record can name such code."""
        context = self.context(processor, self.backend)
        begins = Once(code(context))
        return self._add(processor, Frame(name, begins, self.backend, self._clock.now))

    def _begin_call(self, processor: Processor) -> Frame:
        call = processor.calls.popleft()
        backend = self.backend
        processor.cpu.run_state = RunState.RUNNING
        processor.in_host = False
        self._record(_call_started(processor.cpu.number, call.function, backend.name))
        return self._push(processor, call.function, Call(call), backend)

    def _enter(self, processor: Processor, arrival: Arrival) -> Frame:
        backend = self.backend
        halted = processor.cpu.run_state is RunState.HALTED
        processor.cpu.run_state = RunState.RUNNING
        halted = halted or processor.in_host  # either way the guest has been left already
        in_guest = Found.AT_WINDOW if arrival in processor.windows else Found.RUNNING
        found = Found.OUTSIDE if halted else in_guest
        processor.kicked = None
        if processor.windows:
            processor.windows = tuple(one for one in processor.windows if one is not arrival)
        processor.in_host = halted and backend.hypervisor is not None
        code = _TAKES[arrival] if backend.hypervisor is None else Deliver(found, arrival)
        frame = self._push(processor, "", code, backend)
        frame.handler_begun = backend.hypervisor is None
        frame.returns_from = arrival
        return frame

    def _start_over(self, processor: Processor) -> None:
        """INIT or a start-up IPI has thrown away whatever the CPU was doing."""
        cpu = processor.cpu
        processor.starts = cpu.starts
        thrown_away = [*processor.frames]
        processor.frames.clear()
        for probe in self.probes:
            for frame in thrown_away:
                probe.frame_ended(processor, frame)
        self.effects.forget(processor)
        processor.in_host = False
        processor.stirred = True
        processor.kicked = None
        processor.windows = ()
        if cpu.run_state is RunState.RUNNING:
            self._push(processor, _STARTS, _START_SECONDARY, self.backend)

    # Another back end

    def switch(self, in_flight: int) -> bool:
        """Lets ``following`` take over. False when it has to wait: where the guest would reach another kind of APIC,
        neither a message (*in_flight* of them) nor a function may be under way."""
        backend = self.following
        assert backend is not None
        now = self.backend
        if (now.apic_mode, now.event_channels) != (backend.apic_mode, backend.event_channels):
            if in_flight or any(processor.frames for processor in self.processors):
                return False
            self.machine.transplant(backend.apic_mode, event_channels=backend.event_channels)
        self.following = None
        self.backend = backend
        for processor in self.processors:
            self.effects.host.sync_eoi_word(processor)
        return True

    @property
    def under_way(self) -> list[Frame]:
        """Everything that has begun and goes on under the back end with which it began."""
        return [frame for processor in self.processors for frame in processor.frames]
