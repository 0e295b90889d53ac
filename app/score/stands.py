"""What a simulated CPU is in the middle of, of which no event tells: its interrupt window, its task priority, what it
waits for, whether it is in the hypervisor. Each can be seen at any tick, whatever came before."""

from app.engine.processor import Frame, Processor
from app.engine.waits import Window, window_of
from app.guest.steps import Dereference, HypervisorCall, Load
from app.score.course import NAME, VALUE, Course, Row
from app.score.span_kinds import CLOSED, HOST, PRIORITY, SPIN
from app.x86.registers import Register

_ICR = int(Register.ICR_LOW)
_READS = (Load, Dereference, HypervisorCall)
#: What a CPU waits for that polls delivery status.
POLLING = "delivery status"


def polls(processor: Processor) -> bool:
    """Whether the CPU looks at delivery status in ICR, which says that an IPI is under way."""
    if not processor.frames:
        return False
    apic, frame = processor.cpu.apic, processor.frames[-1]
    if not (apic.sends_in_flight or apic.absence_noticed) or frame.backend.definition.has_virtual_page:
        return False
    step = frame.step
    return isinstance(step, _READS) and step.register == _ICR


class Stand:
    """One CPU when it was looked at last, as open spans of *course*."""

    __slots__ = (
        *("_apic", "_course", "_cpu", "_frames", "_lane", "_processor", "_shut"),
        *("closed", "host", "priority", "wait"),
    )

    def __init__(self, course: Course, processor: Processor) -> None:
        self._course = course
        self._lane = processor.cpu.number
        self.attend(processor)
        self.closed: Row | None = None
        self.host: Row | None = None
        self.priority: Row | None = None
        self.wait: Row | None = None

    def attend(self, processor: Processor) -> None:
        """The same CPU goes on in another object."""
        self._processor = processor
        self._cpu = processor.cpu
        self._apic = processor.cpu.apic
        self._frames = processor.frames
        #: What ran when interrupts were kept out, and whether they were held off: the reason stays as long as both.
        self._shut: tuple[Frame | None, bool] | None = None
        processor.stirred = True

    @property
    def plain(self) -> tuple[bool, int] | None:
        """What of it decides what is written next: whether it is in the hypervisor, and the task priority; None where
        that is more."""
        if self.closed is not None or self.wait is not None:
            return None
        return self.host is not None, self.priority[VALUE] if self.priority is not None else 0

    def look(self, time: int, tick: int) -> None:
        """Notes what has changed."""
        processor, cpu, apic, frames = self._processor, self._cpu, self._apic, self._frames
        processor.stirred = False
        if cpu.interrupt_flag and not cpu.held_off:
            if self.closed is not None:
                self._course.end(self.closed, time, tick)
                self.closed = None
        elif (shut := (frames[-1] if frames else None, cpu.held_off)) != self._shut or self.closed is None:
            self._shut = shut
            self._look_at_window(window_of(processor), time, tick)
        host = self.host
        if processor.in_host:
            if host is None:
                self.host = self._course.begin(HOST, self._lane, time, tick)
        elif host is not None:
            self._course.end(host, time, tick)
            self.host = None
        priority = apic.tpr if cpu.event_channels is None else 0  # without an APIC TPR bars nothing
        if priority or self.priority is not None:
            self._look_at_priority(priority, time, tick)
        if frames and frames[-1].spin is not None:
            self._waits_for(frames[-1].spin.word.name, time, tick)
        elif self.wait is not None or apic.sends_in_flight or apic.absence_noticed:
            self._look_at_polling(time, tick)

    def arrived(self, time: int, tick: int) -> None:
        """An IPI of this CPU is under way no more: it may have polled for that."""
        if self.wait is not None:
            self.look(time, tick)

    def left_guest(self, reason: str, time: int, tick: int) -> None:
        """The CPU went to the hypervisor for *reason*, be it that it was there already."""
        if self.host is not None:
            self._course.end(self.host, time, tick)
        self.host = self._course.begin(HOST, self._lane, time, tick, -1, reason)

    def _look_at_window(self, window: Window, time: int, tick: int) -> None:
        reason, closed = window.value, self.closed
        if closed is not None:
            if closed[NAME] == reason:
                return
            self._course.end(closed, time, tick)
        self.closed = self._course.begin(CLOSED, self._lane, time, tick, -1, reason)

    def _look_at_priority(self, priority: int, time: int, tick: int) -> None:
        before = self.priority
        if before is not None:
            if before[VALUE] == priority:
                return
            self._course.end(before, time, tick)
        self.priority = self._course.begin(PRIORITY, self._lane, time, tick, priority) if priority else None

    def _look_at_polling(self, time: int, tick: int) -> None:
        if polls(self._processor):
            self._waits_for(POLLING, time, tick)
            self._processor.stirred = True  # it stops without anything that would tell of it
        elif self.wait is not None:
            self._course.end(self.wait, time, tick)
            self.wait = None

    def _waits_for(self, name: str, time: int, tick: int) -> None:
        wait = self.wait
        if wait is not None:
            if wait[NAME] == name:
                return
            self._course.end(wait, time, tick)
        self.wait = self._course.begin(SPIN, self._lane, time, tick, -1, name)
