"""QEMU's own rules, each shown by what a log then says, and by what it may not say."""

import pytest

from app.trace.check import deviations
from app.trace.check.findings import Findings
from tests.trace.log_lines import EOI, ESR, ICR_HIGH, ICR_LOW, LDR, LVT_LINT0, SVR, TIMER_INITIAL_COUNT, TPR, LogLines

ID, IRR2, TMR2, LVT_TIMER, LVT_ERROR = 0x020, 0x220, 0x1A0, 0x320, 0x370


def replayed(log: LogLines) -> Findings:
    return log.replay().findings


def known_reads(log: LogLines) -> list[str | None]:
    return [difference.known_deviation for difference in replayed(log).reads.listed]


def test_lvt_masks_are_not_forced_while_software_disabled() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x8700).write(0, SVR, 0xFF).read(0, LVT_LINT0, 0x8700)

    assert known_reads(log) == [deviations.LVT_MASKS_NOT_FORCED]


def test_an_unmasked_lvt_entry_that_was_written_masked_is_a_difference() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x18700).write(0, SVR, 0xFF).read(0, LVT_LINT0, 0x8700)

    assert known_reads(log) == [None]


def test_another_lvt_value_is_a_difference_though_the_mask_was_forced() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x8700).write(0, SVR, 0xFF).read(0, LVT_LINT0, 0x8400)

    assert known_reads(log) == [None]


def test_init_masks_lvt_entries_in_qemu_too() -> None:
    log = LogLines().started(2).write(1, LVT_LINT0, 0x700).ipi(0, 1, 0x4500).ipi(0, 1, 0x4610)

    assert known_reads(log.read(1, LVT_LINT0, 0x700)) == [None]


@pytest.mark.parametrize(
    ("register", "written", "read", "name"),
    [
        (LVT_TIMER, 0x0001_00EC | 1 << 20, 0x0001_00EC | 1 << 20, deviations.LVT_RESERVED_BITS),
        (ICR_HIGH, 0x0100_0007, 0x0100_0007, deviations.ICR_RESERVED_BITS),
        (ICR_LOW, 0xF004_00FB, 0xF004_00FB, deviations.ICR_RESERVED_BITS),
        (SVR, 0x3FF, 0x1FF, deviations.SVR_FOCUS_BIT),
        (ID, 0x0700_0000, 0x0700_0000, deviations.ID_WRITABLE),
    ],
)
def test_qemu_keeps_what_the_manual_does_not(register: int, written: int, read: int, name: str) -> None:
    whole = LogLines().started(1).write(0, register, written).read(0, register, read)
    other = LogLines().started(1).write(0, register, written).read(0, register, read ^ 0x80)

    assert known_reads(whole) == [name]
    assert known_reads(other) == [None]


def test_there_is_no_tsc_deadline_mode() -> None:
    log = LogLines().started(1).write(0, LVT_TIMER, 0x400EC).write(0, TIMER_INITIAL_COUNT, 5)

    assert known_reads(log.read(0, TIMER_INITIAL_COUNT, 5)) == [deviations.NO_TSC_DEADLINE]


def test_esr_shows_errors_at_once_and_keeps_them() -> None:
    log = LogLines().started(1).read(0, 0x0C0, 0).read(0, ESR, 0x80).write(0, ESR, 0).write(0, ESR, 0)

    assert known_reads(log.read(0, ESR, 0x80)) == [deviations.ESR_AT_ONCE] * 2


def test_esr_shows_no_errors_that_qemu_does_not_notice() -> None:
    log = LogLines().started(1).write(0, ICR_LOW, 0x40005).write(0, ESR, 0).read(0, ESR, 0)

    assert known_reads(log) == [deviations.ESR_AT_ONCE]
    assert known_reads(LogLines().started(1).read(0, ESR, 0x20)) == [None]


def test_no_apic_error_interrupts_a_recorded_cpu() -> None:
    log = LogLines().started(1).write(0, LVT_ERROR, 0xFE).read(0, 0x0C0, 0)
    log.write(0, ICR_LOW, 0x40041).handled(0, 0x41)

    assert replayed(log).unexplained == 0


def test_a_software_disabled_apic_collects_requests() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).ipi(0, 1, 0x41).read(1, IRR2, 2).write(1, SVR, 0x1FF)
    log.handled(1, 0x41)

    findings = replayed(log)

    assert [d.known_deviation for d in findings.reads.listed] == [deviations.DISABLED_APIC_COLLECTS]
    assert [d.known_deviation for d in findings.vectors.listed] == [deviations.DISABLED_APIC_COLLECTS]
    assert findings.unexplained == 0


def test_it_collects_no_more_than_was_sent() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).ipi(0, 1, 0x41).read(1, IRR2, 6).write(1, SVR, 0x1FF)
    log.handled(1, 0x42)

    assert replayed(log).unexplained == 2


def test_what_it_collects_does_not_pass_tpr() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).ipi(0, 1, 0x41).write(1, TPR, 0x40).write(1, SVR, 0x1FF)

    assert replayed(log.taken(1, 0x41)).unexplained == 1


def test_init_clears_what_it_has_collected() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).ipi(0, 1, 0x41).ipi(0, 1, 0x4500).ipi(0, 1, 0x4610)

    assert known_reads(log.read(1, IRR2, 2)) == [None]


def test_a_message_that_a_disabled_apic_collects_sets_its_trigger_mode() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).msi(1, 0x8041).read(1, TMR2, 2)

    assert known_reads(log) == [deviations.DISABLED_APIC_COLLECTS]


def test_vectors_below_16_are_accepted() -> None:
    log = LogLines().started(1).msi(0, 0x05).read(0, 0x200, 0x20).taken(0, 0x05).write(0, EOI, 0)

    findings = replayed(log)

    assert [d.known_deviation for d in findings.reads.listed] == [deviations.LOW_VECTORS_ACCEPTED]
    assert [d.known_deviation for d in findings.vectors.listed] == [deviations.LOW_VECTORS_ACCEPTED]
    assert findings.unexplained == 0


def test_vectors_below_16_are_not_taken_above_any_priority() -> None:
    assert replayed(LogLines().started(1).write(0, TPR, 0x10).msi(0, 0x05).taken(0, 0x05)).unexplained == 1


def test_an_ipi_keeps_its_trigger_mode() -> None:
    log = LogLines().started(2).ipi(0, 1, 0xC041).read(1, TMR2, 2).taken(1, 0x41).write(1, EOI, 0).eoi_broadcast(0x41)
    log.ipi(0, 1, 0x4041).read(1, TMR2, 0)

    findings = replayed(log)

    assert [d.known_deviation for d in findings.reads.listed] == [deviations.IPI_TRIGGER_MODE_KEPT]
    assert [d.known_deviation for d in findings.messages.listed] == [deviations.IPI_TRIGGER_MODE_KEPT]


def test_a_trigger_mode_that_nothing_set_is_a_difference() -> None:
    assert known_reads(LogLines().started(2).ipi(0, 1, 0x4041).read(1, TMR2, 2)) == [None]


def test_a_trigger_mode_that_qemu_does_not_clear_is_a_difference() -> None:
    log = LogLines().started(2).msi(1, 0x8041).read(1, TMR2, 0)

    assert known_reads(log) == [None]


def test_any_delivery_mode_goes_with_any_shorthand() -> None:
    log = LogLines().started(2).write(0, ICR_LOW, 0x4_0141).handled(0, 0x41)

    (difference,) = replayed(log).vectors.listed
    assert difference.known_deviation == deviations.ANY_SHORTHAND


def test_an_init_to_all_including_the_sender_resets_all() -> None:
    log = LogLines().started(2).write(0, ICR_LOW, 0x8_4500).read(0, SVR, 0xFF)

    assert replayed(log).unexplained == 0


def test_a_logical_destination_stops_at_the_first_missing_apic_id() -> None:
    log = LogLines().started(3)
    for cpu, apic_id in enumerate((0, 1, 3)):
        log.read(cpu, ID, apic_id << 24)
    log.ipi(0, 0x06, 0x841).handled(1, 0x41).msi(0x04, 0x51, logical=True).write(2, ICR_LOW, 0x4_0031).handled(2, 0x31)

    findings = replayed(log)

    assert {d.known_deviation for d in findings.others.listed} == {deviations.LOGICAL_STOPS_AT_HOLE}
    assert findings.unexplained == 0


def test_logical_destination_ff_does_not_reach_an_apic_without_logical_id() -> None:
    log = LogLines().started(2).write(1, LDR, 0).ipi(0, 0xFF, 0x841).handled(0, 0x41)
    log.ipi(0, 1, 0x31).handled(1, 0x31)

    findings = replayed(log)

    assert [d.known_deviation for d in findings.others.listed] == [deviations.LOGICAL_ALL_ONES]
    assert findings.unexplained == 0
