"""When a condition comes true, and what is said of it: one tick after the other, made by hand."""

from app.breakpoints.lookout import Lookout, RequestTimes, hit_of
from app.breakpoints.reading import read_condition
from app.breakpoints.seen import Seen, Written, requested_on
from app.hw.events import Accepted, Acknowledged, ApicModeChanged, ErrorNoticed, Event, InitPerformed
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.registers import Register
from app.x86.vectors import VECTORS


class Course:
    """A machine of four CPUs, and a lookout for *text* that looks at one tick after the other."""

    def __init__(self, text: str, known: dict[tuple[int, int], int] | None = None) -> None:
        self.machine = Machine(4)
        self.condition = read_condition(text)
        self.lookout = Lookout(self.condition, Seen(self.machine), known or {})
        self.tick = 0

    def on(self, *events: Event, time: int = 0, writes: tuple[Written, ...] = ()) -> str:
        """Why the condition comes true with *events*; "" when it does not."""
        self.tick += 1
        seen = Seen(self.machine, None, self.tick, time, events, writes)
        return hit_of(self.condition, seen, {0x41: "disk"}).why if self.lookout.comes_true(seen) else ""


def accepted(cpu: int, vector: int) -> Accepted:
    return Accepted(cpu, VECTORS[vector], DeliveryMode.FIXED, TriggerMode.EDGE, 1)


def taken(cpu: int, vector: int) -> Acknowledged:
    return Acknowledged(cpu, VECTORS[vector])


def test_every_event_that_is_meant_counts() -> None:
    course = Course("taken(0x41) on 2")

    assert course.on(taken(2, 0x41)) == "CPU 2 takes 0x41 (disk): IRR to ISR"
    assert course.on(taken(1, 0x41), taken(2, 0x42)) == ""
    assert course.on(taken(2, 0x41)) != ""


def test_a_state_counts_once_when_it_begins() -> None:
    course = Course("cpu(1).tpr >= 0x80")
    course.machine.cpus[1].apic.tpr = 0x80
    assert course.on() == "TPR of CPU 1 is 0x80, at least 0x80"
    assert course.on() == ""

    course.machine.cpus[1].apic.tpr = 0
    assert course.on() == ""
    course.machine.cpus[1].apic.tpr = 0x90
    assert course.on() == "TPR of CPU 1 is 0x90, at least 0x80"


def test_an_event_counts_each_time_while_a_state_lasts() -> None:
    course = Course("taken and cpu(1).tpr == 0")

    assert course.on(taken(0, 0x31)) == "CPU 0 takes 0x31: IRR to ISR; TPR of CPU 1 is 0x00, equal to 0"
    assert course.on() == ""
    assert course.on(taken(0, 0x31)) != ""
    course.machine.cpus[1].apic.tpr = 1
    assert course.on(taken(0, 0x31)) == ""


def test_latency_is_counted_from_the_request_and_says_both_numbers() -> None:
    course = Course("latency(0x41) > 5000")
    course.on(accepted(2, 0x41), time=1_000)
    course.on(accepted(2, 0x42), time=1_000)
    assert course.on(taken(2, 0x42), time=9_000) == ""

    words = course.on(taken(2, 0x41), time=6_210)

    assert words == "CPU 2 takes 0x41 (disk): it had waited 5,210 cycles, more than 5,000"
    assert course.on(accepted(2, 0x41), taken(2, 0x41), time=99_999) == ""


def test_latency_of_what_was_requested_before_is_known_where_it_is_told() -> None:
    assert Course("latency > 5000", {(2, 0x41): 10}).on(taken(2, 0x41), time=6_000) != ""
    assert Course("latency > 5000").on(taken(2, 0x41), time=6_000) == ""


def test_a_reset_ends_every_wait_on_its_cpu() -> None:
    times = RequestTimes({(1, 0x41): 10, (2, 0x41): 10, (3, 0x41): 10})

    times.follow([InitPerformed(1, True), ApicModeChanged(2, "disabled"), ApicModeChanged(3, "x2apic")], 20)

    assert times.of([(1, 0x41), (2, 0x41), (3, 0x41)]) == {(3, 0x41): 10}


def test_writes_are_found_by_register_cpu_and_value() -> None:
    course = Course("written(tpr, 0x80) on 2")

    assert course.on(writes=(Written(2, Register.TPR, 0x70), Written(1, Register.TPR, 0x80))) == ""
    assert course.on(writes=(Written(2, Register.TPR, 0x80),)) == "CPU 2 writes 0x80 to TPR (0x080)"


def test_errors_are_found_by_their_bit() -> None:
    course = Course("error(send_accept)")

    assert course.on(ErrorNoticed(0, 1 << 5)) == ""
    assert course.on(ErrorNoticed(0, 1 << 2)) == "CPU 0 notices an error: send accept"


def test_bits_of_irr_are_those_of_any_cpu_unless_one_is_named() -> None:
    somewhere, on_1 = Course("irr(0x41)"), Course("irr(0x41) on 1")
    for course in (somewhere, on_1):
        course.machine.cpus[2].apic.irr.set(0x41)

    assert somewhere.on() == "0x41 (disk) is set in IRR of CPU 2"
    assert on_1.on() == ""
    assert requested_on(on_1.machine) == {(2, 0x41)}


def test_either_says_what_holds_and_not_what_does_not() -> None:
    course = Course("taken(0x41) or cpu(0).tpr > 3")
    course.machine.cpus[0].apic.tpr = 4

    assert course.on() == "TPR of CPU 0 is 0x04, more than 3"
