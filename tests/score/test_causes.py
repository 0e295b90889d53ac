"""What each span comes from: a request of the CPU's own APIC, a line that another raised, and marks."""

from app.commands.command import Stimulus
from app.commands.reading import read_command
from app.score.course import Span
from app.x86.registers import Register
from tests.score.scored import Scored

ERROR = 0xFE


def command(kind: str, **fields: object) -> Stimulus:
    read = read_command({"type": kind, **fields}, 4)
    assert isinstance(read, Stimulus)
    return read


def cause_of(scored: Scored, span: Span) -> Span:
    cause = scored.line.span(span.cause)
    assert cause is not None, span
    return cause


def mark(scored: Scored, name: str) -> Span:
    return scored.of("mark", name=name)[0]


def test_error_interrupt_comes_from_the_send_that_was_refused() -> None:
    scored = Scored(4).do(command("send_ipi", cpu=0, vector=5, destination=2)).run()

    error = cause_of(scored, scored.of("requested", value=ERROR)[0])
    refused = cause_of(scored, error)

    assert (error.kind, error.name, error.lane) == ("mark", "error", 0)
    assert (refused.kind, refused.name) == ("mark", "send_refused")
    assert cause_of(scored, refused).name == "apic_icr_write"


def test_error_interrupt_comes_from_the_illegal_vector_that_arrived() -> None:
    scored = Scored(4).do(command("send_msi", address=0xFEE0_2000, data=5)).run()

    error = cause_of(scored, scored.of("requested", value=ERROR)[0])

    assert (error.name, error.lane) == ("error", 2)
    assert cause_of(scored, error) == scored.of("flight", value=5)[0]


def test_mark_of_a_dropped_message_comes_from_its_flight() -> None:
    scored = Scored(4).do(command("write_register", cpu=2, register="SVR", value=0xFF))
    scored.do(command("send_ipi", cpu=0, vector=0x61, destination=2)).run()
    scored.do(command("send_ipi", cpu=0, vector=0x71, destination=9)).run()

    assert cause_of(scored, mark(scored, "refused")) == scored.of("flight", value=0x61)[0]
    assert cause_of(scored, mark(scored, "no_target")) == scored.of("flight", value=0x71)[0]


def test_mark_of_a_source_that_is_cut_off_comes_from_its_line() -> None:
    scored = Scored(4).do(command("write_register", cpu=2, register="LVT_LINT0", value=1 << 16 | 0x61))
    scored.do(command("raise_lint", cpu=2, pin=0)).run()

    assert cause_of(scored, mark(scored, "source_dropped")).name == "LINT0 of CPU 2"


def test_lint0_is_raised_by_the_line_of_the_8259() -> None:
    scored = Scored(4).do(command("write_register", cpu=0, register=Register.LVT_LINT0.name, value=7 << 8))
    scored.do(command("raise_legacy_line", line=4)).run()

    assert cause_of(scored, scored.of("line", name="LINT0 of CPU 0")[0]).name == "line 4 of the 8259"


def test_mark_of_a_line_that_is_still_up_comes_from_the_eoi() -> None:
    scored = Scored(4).do(command("configure_pin", pin=18, entry=2 << 56 | 1 << 15 | 0x61))
    scored.do(command("raise_pin", pin=18))
    scored.timeline.run(operations=60)

    eoi = cause_of(scored, mark(scored, "pin"))

    assert (eoi.kind, eoi.value, eoi.source) == ("flight", 0x61, 2)
    assert {cause_of(scored, flight).name for flight in scored.of("flight", source=-1)} == {"pin 18"}


def test_request_of_a_timer_does_not_come_from_a_line_that_fell_before() -> None:
    scored = Scored(4).do(command("write_register", cpu=2, register="LVT_LINT0", value=0x61))
    scored.do(command("raise_lint", cpu=2, pin=0)).run().do(command("lower_lint", cpu=2, pin=0))
    scored.do(command("write_register", cpu=2, register="LVT_TIMER", value=0x71))
    scored.do(command("write_register", cpu=2, register="TIMER_INITIAL_COUNT", value=100)).wait(10_000)

    assert cause_of(scored, scored.of("requested", value=0x61)[0]).name == "LINT0 of CPU 2"
    assert [span.cause for span in scored.of("requested", value=0x71)] == [-1]


def test_guest_without_an_apic_has_no_task_priority() -> None:
    scored = Scored(4, "xen-evtchn").run()
    native = Scored(4).do(command("write_cr8", cpu=1, value=2)).run()

    assert scored.of("priority") == []
    assert native.of("priority", value=0x20, end=None)
    assert native.do(command("set_backend", backend="xen-evtchn")).run().of("priority", end=None) == []
