from app.hw.cpu import RunState
from app.hw.events import Accepted
from app.trace.check.replay import Replay
from tests.trace.log_lines import (
    EOI,
    ICR_LOW,
    LVT_TIMER,
    SVR,
    TIMER_INITIAL_COUNT,
    TPR,
    LogLines,
    finished,
)

CURRENT_COUNT = 0x390


def test_an_ipi_is_explained_from_its_sending_to_its_end() -> None:
    log = LogLines().started(2).ipi(0, 1, 0x41).read(1, 0x220, 2).taken(1, 0x41).read(1, 0x120, 2)
    log.write(1, EOI, 0).read(1, 0x120, 0)

    replay = log.replay()

    assert replay.findings.unexplained == 0
    assert (replay.reads_checked, replay.vectors_checked, replay.ipis_sent) == (3, 1, 3)
    assert replay.findings.taken == {0x41: [0, 1]}


def test_a_wrong_value_is_a_difference_of_that_line() -> None:
    replay = LogLines().started(2).read(1, SVR, 0x1FE).replay()

    (difference,) = replay.findings.reads.listed
    assert (difference.line, difference.cpu, difference.register) == (7 + 0, 1, SVR)
    assert (difference.recorded, difference.model, difference.known_deviation) == (0x1FE, 0x1FF, None)
    assert replay.reads_mismatched == 1


def test_the_timers_count_is_not_compared() -> None:
    replay = LogLines().started(1).read(0, CURRENT_COUNT, 0x1234).read(0, SVR, 0, size=1).replay()

    assert replay.reads_checked == 0
    assert replay.findings.reads_skipped == 2


def test_a_narrow_write_does_nothing() -> None:
    assert LogLines().started(1).write(0, TPR, 0x40, size=1).read(0, TPR, 0).replay().findings.unexplained == 0


def test_an_address_within_a_register_is_the_register() -> None:
    assert LogLines().started(1).write(0, TPR + 4, 0x40).read(0, TPR, 0x40).replay().findings.unexplained == 0


def test_application_processors_wait_until_they_are_started() -> None:
    replay = Replay(LogLines().started(2).recording())
    assert [cpu.run_state for cpu in replay.machine.cpus] == [RunState.RUNNING, RunState.WAIT_FOR_SIPI]

    while not replay.finished:
        replay.step()

    assert replay.machine.cpus[1].run_state is RunState.RUNNING
    assert replay.findings.unexplained == 0


def test_a_cpu_that_runs_unstarted_is_a_difference_once() -> None:
    replay = LogLines().read(0, SVR, 0xFF).write(1, SVR, 0x1FF).write(1, TPR, 0).replay()

    (difference,) = replay.findings.others.listed
    assert "CPU 1 runs" in difference.what
    assert difference.line == 2


def test_a_cpu_can_be_stopped_and_started_again() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).ipi(0, 1, 0x4500).ipi(0, 1, 0x4610)
    log.read(1, SVR, 0xFF).write(1, SVR, 0x1FF).ipi(0, 1, 0x41).handled(1, 0x41)

    assert log.replay().findings.unexplained == 0


def test_apic_ids_need_not_be_the_cpus_numbers() -> None:
    log = LogLines().read(0, 0x020, 0).started(2).read(1, 0x020, 4 << 24)
    log.ipi(0, 4, 0x41).handled(1, 0x41)

    assert log.replay().findings.unexplained == 0


def test_a_lowest_priority_message_goes_to_the_lowest_apic_id() -> None:
    log = LogLines().started(3).msi(0x06, 0x0141, logical=True).msi(0x06, 0x0142, logical=True)
    log.handled(1, 0x42).handled(1, 0x41)

    assert log.replay().findings.unexplained == 0


def test_the_redirection_hint_does_not_choose_one() -> None:
    log = LogLines().started(3).access("write", -1, 0xFEE0_600C, 0x41).handled(1, 0x41).handled(2, 0x41)

    assert log.replay().findings.unexplained == 0


def test_nmis_run_at_once() -> None:
    replay = LogLines().started(2).ipi(0, 1, 0x400).ipi(0, 1, 0x400).replay()

    assert replay.machine.cpus[1].nmi_count == 2
    assert not replay.machine.cpus[1].nmi_running


def test_a_vector_without_dump_is_the_only_running_cpus() -> None:
    log = LogLines().write(0, SVR, 0x1FF).write(0, ICR_LOW, 0x40041).servicing(0x41).write(0, EOI, 0)
    log.write(1, SVR, 0x1FF)

    assert log.replay().findings.taken == {0x41: [1, 0]}


def test_a_vector_without_dump_is_that_of_a_cpu_that_has_it() -> None:
    log = LogLines().started(3).ipi(0, 2, 0x41).servicing(0x41).write(1, TPR, 0).write(2, EOI, 0)

    replay = log.replay()

    assert replay.findings.taken == {0x41: [0, 0, 1]}
    assert replay.findings.unexplained == 0


def test_a_vector_without_dump_is_that_of_the_first_to_end() -> None:
    log = LogLines().started(3).write(0, ICR_LOW, 0xC0041)
    log.servicing(0x41).write(2, EOI, 0).servicing(0x41).write(1, EOI, 0)

    replay = log.replay()

    assert replay.findings.taken == {0x41: [0, 1, 1]}
    assert replay.findings.unexplained == 0


def test_it_tells_where_it_is() -> None:
    recording = LogLines().started(1).read(0, SVR, 0x1FF).recording()
    replay = Replay(recording)
    assert (replay.position, replay.length, replay.line, replay.time, replay.next_time) == (0, 3, 0, 0, 0)
    assert replay.describe() == "nothing has happened yet"

    replay.step()
    replay.step()
    assert (replay.position, replay.line, replay.time, replay.next_time) == (2, 2, 1000, 2000)
    assert replay.describe() == "line 2: CPU 0 writes LDR (0x0d0) = 0x01000000"

    replay.step()
    assert (replay.finished, replay.next_time) == (True, None)


def test_what_happens_is_told_in_events() -> None:
    replay = Replay(LogLines().started(2).ipi(0, 1, 0x41).recording())
    for _ in range(replay.length - 1):
        replay.step()
    replay.machine.take_events()

    replay.step()

    accepted = [event for event in replay.machine.take_events() if isinstance(event, Accepted)]
    assert [(event.cpu, event.vector) for event in accepted] == [(1, 0x41)]


def test_a_difference_is_told_in_words() -> None:
    replay = Replay(LogLines().started(1).read(0, SVR, 0x1FE).recording())
    for _ in range(3):
        replay.step()

    assert replay.describe() == "line 3: CPU 0 reads SVR (0x0f0) = 0x000001fe (the model has 0x000001ff)"


def test_accesses_are_counted_by_register() -> None:
    replay = LogLines().started(1).read(0, SVR, 0x1FF).read(0, SVR, 0x1FF).replay()

    assert replay.accesses == {(SVR, True): 1, (0x0D0, True): 1, (SVR, False): 2}


def test_a_timer_that_has_fired_may_show_in_irr_before_it_is_taken() -> None:
    log = LogLines().started(1).write(0, LVT_TIMER, 0xEC).write(0, TIMER_INITIAL_COUNT, 100)
    log.source(0).read(0, 0x270, 1 << 12).handled(0, 0xEC)

    replay = log.replay()

    assert replay.findings.unexplained == 0
    assert replay.findings.timer == 1


def test_an_irr_bit_that_no_source_explains_is_a_difference() -> None:
    log = LogLines().started(1).source(0).write(0, LVT_TIMER, 0xEC).write(0, TIMER_INITIAL_COUNT, 100)

    assert log.read(0, 0x270, 1 << 12).replay().findings.unexplained == 1  # it has not fired since it was set


def test_another_apic_version_is_a_known_deviation_when_it_is_always_read() -> None:
    always = LogLines().started(1).read(0, 0x030, 0x5_0011).read(0, 0x030, 0x5_0011)
    once = LogLines().started(1).read(0, 0x030, 0x5_0011).read(0, 0x030, 0x5_0014)
    impossible = LogLines().started(1).read(0, 0x030, 0x5_0024)

    assert always.replay().findings.unexplained == 0
    assert always.replay().reads_mismatched == 2
    assert once.replay().findings.unexplained == 1
    assert impossible.replay().findings.unexplained == 1


def test_replaying_twice_gives_the_same() -> None:
    recording = LogLines().started(3).ipi(0, 1, 0x41).handled(1, 0x41).recording()

    assert vars(finished(recording).findings)["taken"] == vars(finished(recording).findings)["taken"]
