import pytest

from app.trace.check import deviations
from tests.trace.log_lines import (
    EOI,
    ICR_LOW,
    LVT_LINT0,
    LVT_TIMER,
    SVR,
    TIMER_INITIAL_COUNT,
    TPR,
    LogLines,
)


def with_timer(cpus: int = 1) -> LogLines:
    log = LogLines().started(cpus)
    for cpu in range(cpus):
        log.write(cpu, LVT_TIMER, 0xEC).write(cpu, TIMER_INITIAL_COUNT, 1000)
    return log


def self_ipi(log: LogLines, vector: int) -> LogLines:
    return log.write(0, ICR_LOW, 0x40000 | vector)


def test_a_timers_vector_needs_no_request() -> None:
    findings = with_timer().source(0).handled(0, 0xEC).replay().findings

    assert (findings.unexplained, findings.timer) == (0, 1)


def test_a_timer_that_has_not_fired_gives_no_vector() -> None:
    findings = with_timer().source(0).handled(0, 0xEC).handled(0, 0xEC).replay().findings

    assert (findings.unexplained, findings.timer) == (1, 1)


def test_a_log_without_firings_is_believed() -> None:
    assert with_timer().handled(0, 0xEC).handled(0, 0xEC).replay().findings.timer == 2


def test_one_firing_is_one_cpus() -> None:
    log = with_timer(2).source(0).handled(1, 0xEC).handled(0, 0xEC)

    (difference,) = log.replay().findings.vectors.listed
    assert (difference.cpu, difference.model) == (0, None)


@pytest.mark.parametrize(("register", "value"), [(LVT_TIMER, 0x100EC), (TIMER_INITIAL_COUNT, 0)])
def test_a_timer_that_is_off_does_not_fire(register: int, value: int) -> None:
    assert with_timer().write(0, register, value).source(0).handled(0, 0xEC).replay().findings.unexplained > 0


def test_a_timer_masked_after_it_has_fired_still_gives_its_vector() -> None:
    findings = with_timer().source(0).write(0, LVT_TIMER, 0x100EC).handled(0, 0xEC).replay().findings

    assert (findings.unexplained, findings.timer) == (0, 1)


def test_a_timers_vector_must_win_like_any_other() -> None:
    log = self_ipi(with_timer().source(0), 0xFB).taken(0, 0xEC)

    (difference,) = log.replay().findings.vectors.listed
    assert (difference.vector, difference.model) == (0xEC, 0xFB)


def test_a_timers_vector_does_not_pass_tpr() -> None:
    assert with_timer().write(0, TPR, 0xE0).source(0).taken(0, 0xEC).replay().findings.unexplained == 1


def test_a_lower_vector_than_the_highest_is_a_difference() -> None:
    log = self_ipi(self_ipi(LogLines().started(1), 0x51), 0x61).taken(0, 0x51)

    (difference,) = log.replay().findings.vectors.listed
    assert (difference.vector, difference.model, difference.known_deviation) == (0x51, 0x61, None)


def test_a_vector_of_the_class_in_service_is_a_difference_with_its_reason() -> None:
    log = self_ipi(self_ipi(LogLines().started(1), 0x51).taken(0, 0x51), 0x5F).taken(0, 0x5F)

    (difference,) = log.replay().findings.vectors.listed
    assert difference.why == "class 5 is not above PPR 0x50, because 0x51 is in service"


def test_one_wrong_number_is_one_difference() -> None:
    log = self_ipi(LogLines().started(1), 0x51).handled(0, 0x52)
    self_ipi(self_ipi(log, 0x51).handled(0, 0x51), 0x41).handled(0, 0x41)

    assert log.replay().findings.unexplained == 1


def test_a_lost_sending_is_one_difference() -> None:
    log = self_ipi(LogLines().started(1).handled(0, 0x51), 0x41).handled(0, 0x41)

    assert log.replay().findings.unexplained == 1


def test_a_lost_eoi_is_one_difference() -> None:
    log = self_ipi(self_ipi(LogLines().started(1), 0x51).taken(0, 0x51), 0x52).handled(0, 0x52)
    for vector in (0x41, 0x51):
        self_ipi(log, vector).handled(0, vector)

    assert log.replay().findings.unexplained == 1


def test_a_lost_taking_shows_when_it_is_ended() -> None:
    log = self_ipi(self_ipi(LogLines().started(1), 0x41).handled(0, 0x41), 0x51).write(0, EOI, 0)

    (difference,) = log.replay().findings.others.listed
    assert "ends an interrupt, but none is in service" in difference.what


def test_the_spurious_vector_is_what_the_manual_gives_when_tpr_has_risen() -> None:
    findings = self_ipi(LogLines().started(1), 0x51).write(0, TPR, 0x60).taken(0, 0xFF).replay().findings

    assert (findings.unexplained, findings.spurious) == (0, 1)


def test_the_spurious_vector_with_nothing_requested_is_a_difference() -> None:
    assert LogLines().started(1).taken(0, 0xFF).replay().findings.unexplained == 1


# The 8259 behind LINT0


def test_a_vector_of_the_8259_comes_through_lint0() -> None:
    findings = LogLines().started(1).write(0, LVT_LINT0, 0x700).source(3, 7).taken(0, 0x08).replay().findings

    assert (findings.unexplained, findings.legacy_pic) == (0, 1)


def test_it_does_not_come_through_a_masked_lint0() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x10700).source(3, 7).taken(0, 0x08)

    assert log.replay().findings.unexplained == 1


def test_the_8259_gives_no_more_than_it_asked_for() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x700).source(3, 7).taken(0, 0x08).taken(0, 0x08)

    assert log.replay().findings.unexplained == 1


def test_lint0_masked_by_a_software_disable_alone_lets_qemus_8259_through() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x700).write(0, SVR, 0xFF).source(3, 7).taken(0, 0x30)

    (difference,) = log.replay().findings.vectors.listed
    assert difference.known_deviation == deviations.LVT_MASKS_NOT_FORCED


def test_qemus_lint0_lets_the_8259_through_in_fixed_mode() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x31).source(3, 0).taken(0, 0x08)

    (difference,) = log.replay().findings.vectors.listed
    assert difference.known_deviation == deviations.LINT0_ANY_MODE


def test_lint0_in_fixed_mode_requests_its_own_vector() -> None:
    findings = LogLines().started(1).write(0, LVT_LINT0, 0x31).source(3, 0).handled(0, 0x31).replay().findings

    assert (findings.unexplained, findings.vectors.mismatched, findings.timer) == (0, 0, 0)


def test_a_timer_unmasked_in_qemu_alone_is_a_known_deviation() -> None:
    log = with_timer().write(0, SVR, 0xFF).write(0, SVR, 0x1FF).source(0).handled(0, 0xEC)

    (difference,) = log.replay().findings.vectors.listed
    assert difference.known_deviation == deviations.LVT_MASKS_NOT_FORCED
