from app.trace.check import deviations
from app.trace.check.findings import Difference, Findings
from tests.trace.log_lines import EOI, IO_APIC, SVR, LogLines

EDGE_TO_1 = 0x0100_0000_0000_0041
LEVEL_TO_1 = 0x0100_0000_0000_8041
MASKED = 1 << 16


def replayed(log: LogLines) -> Findings:
    return log.replay().findings


def only(findings: Findings) -> Difference:
    (difference,) = findings.messages.listed
    return difference


def ready(entry: int) -> LogLines:
    return LogLines().started(2).route(4, entry)


def test_a_pins_message_is_found_in_the_recording() -> None:
    findings = replayed(ready(EDGE_TO_1).pin(4, 1).msi(1, 0x41).handled(1, 0x41))

    assert (findings.unexplained, findings.messages.checked, findings.device_messages) == (0, 1, 0)


def test_a_devices_own_message_is_delivered() -> None:
    findings = replayed(ready(EDGE_TO_1).msi(1, 0x51).handled(1, 0x51))

    assert (findings.unexplained, findings.messages.checked, findings.device_messages) == (0, 0, 1)


def test_a_message_that_the_recording_lacks_is_a_difference_of_the_pins_line() -> None:
    log = ready(EDGE_TO_1).pin(4, 1).write(0, SVR, 0x1FF).msi(1, 0x51).taken(1, 0x51)

    difference = only(replayed(log))
    assert (difference.line, difference.known_deviation) == (11, None)
    assert difference.what == "the model's I/O APIC sends 0x41 for pin 4; the recording has no such message"


def test_another_message_does_not_stand_for_it() -> None:
    findings = replayed(ready(EDGE_TO_1).pin(4, 1).msi(1, 0x42))

    assert (findings.messages.unexplained, findings.device_messages) == (1, 1)


def test_bits_that_no_io_apic_sends_make_it_another_message() -> None:
    assert replayed(ready(EDGE_TO_1).pin(4, 1).msi(1, 0x4041)).messages.unexplained > 0


def test_a_log_without_any_message_is_not_asked_for_them() -> None:
    findings = replayed(ready(EDGE_TO_1).pin(4, 1).handled(1, 0x41))

    assert (findings.unexplained, findings.messages.checked) == (0, 0)


def test_a_message_that_nobody_caused_is_a_difference() -> None:
    difference = only(replayed(ready(EDGE_TO_1).pin(5, 1).msi(1, 0x41).handled(1, 0x41)))

    assert difference.what == "the I/O APIC sends 0x41 for pin 4; the model does not"
    assert difference.known_deviation is None


def test_qemu_sends_again_for_an_edge_pin_that_is_raised_twice() -> None:
    log = ready(EDGE_TO_1).pin(4, 1).msi(1, 0x41).handled(1, 0x41).pin(4, 1).msi(1, 0x41).handled(1, 0x41)

    findings = replayed(log)

    assert only(findings).known_deviation == deviations.EDGE_PIN_SENDS_AGAIN
    assert findings.unexplained == 0


def test_a_level_pin_sends_again_after_its_eoi() -> None:
    log = ready(LEVEL_TO_1).pin(4, 1).msi(1, 0x8041).io_apic_read(0x18, 0xC041).taken(1, 0x41)
    log.write(1, EOI, 0).eoi_broadcast(0x41).msi(1, 0x8041).taken(1, 0x41).pin(4, 0)
    log.write(1, EOI, 0).eoi_broadcast(0x41).io_apic_read(0x18, 0x8041)

    findings = replayed(log)

    assert findings.unexplained == 0
    assert findings.messages.checked == 4


def test_an_eoi_broadcast_that_the_recording_lacks_is_a_difference() -> None:
    log = ready(LEVEL_TO_1).pin(4, 1).msi(1, 0x8041).taken(1, 0x41).pin(4, 0).write(1, EOI, 0)
    log.pin(4, 1).msi(1, 0x8041).taken(1, 0x41).pin(4, 0).write(1, EOI, 0).eoi_broadcast(0x41)

    assert "the model broadcasts the EOI of 0x41" in only(replayed(log)).what


def test_an_eoi_broadcast_that_the_model_lacks_is_a_difference() -> None:
    log = ready(EDGE_TO_1).pin(4, 1).msi(1, 0x41).handled(1, 0x41).eoi_broadcast(0x41)

    assert "EOI of 0x41 is broadcast; the model does not" in only(replayed(log)).what


def test_the_eoi_register_ends_a_level_interrupt_directly() -> None:
    log = ready(LEVEL_TO_1).pin(4, 1).msi(1, 0x8041).taken(1, 0x41)
    log.access("write", 0, IO_APIC + 0x40, 0x41, name="ioapic").msi(1, 0x8041)

    assert replayed(log).unexplained == 0


def test_remote_irr_without_acceptance_is_a_known_deviation() -> None:
    log = LogLines().started(2).write(1, SVR, 0xFF).route(4, LEVEL_TO_1).pin(4, 1).msi(1, 0x8041)
    log.io_apic_read(0x18, 0xC041).pin(4, 0).pin(4, 1).io_apic_write(0x18, 0x41).io_apic_read(0x18, 0x41)

    findings = replayed(log)

    assert findings.unexplained == 0
    assert [d.known_deviation for d in findings.io_apic_reads.listed] == [deviations.REMOTE_IRR_UNACCEPTED]
    assert only(findings).known_deviation == deviations.REMOTE_IRR_UNACCEPTED


def test_pins_beyond_the_last_lead_nowhere() -> None:
    assert replayed(ready(EDGE_TO_1).pin(24, 1)).unexplained == 0


def test_what_software_reads_is_compared() -> None:
    log = ready(EDGE_TO_1).io_apic_read(0x19, 0x0100_0000).io_apic_read(0x18, 0x42)
    log.access("read", 0, IO_APIC, 0x18, name="ioapic").access("read", 0, IO_APIC + 0x20, 7, name="ioapic")

    findings = replayed(log)

    (difference,) = findings.io_apic_reads.listed
    assert findings.io_apic_reads.checked == 3
    assert (difference.cpu, difference.register, difference.recorded, difference.model) == (None, 0x18, 0x42, 0x41)


def test_qemus_io_apic_has_another_version() -> None:
    findings = replayed(LogLines().io_apic_read(1, 0x17_0020).io_apic_read(1, 0x17_0021))

    known = [difference.known_deviation for difference in findings.io_apic_reads.listed]
    assert known == [deviations.IO_APIC_VERSION, None]


def test_qemu_keeps_reserved_bits_of_redirection_entries() -> None:
    log = LogLines().io_apic_write(0x18, 0xFFF1_0041).io_apic_read(0x18, 0xFFF1_0041)
    log.io_apic_write(0x19, 0x0102_0304).io_apic_read(0x19, 0x0102_0304)

    findings = replayed(log)

    assert findings.unexplained == 0
    assert {d.known_deviation for d in findings.io_apic_reads.listed} == {deviations.IO_APIC_RESERVED_BITS}


def test_an_extint_message_has_the_8259s_vector() -> None:
    log = LogLines().started(2).route(0, 0x0100_0000_0000_0700).route(2, 0x0100_0000_0000_0700)
    log.pin(0, 1).msi(1, 0x0730).handled(1, 0x30)

    findings = replayed(log)

    (difference,) = findings.vectors.listed
    assert difference.known_deviation == deviations.EXTINT_LIKE_FIXED
    assert findings.messages.unexplained == 0


def test_the_trigger_mode_of_an_nmi_is_no_difference() -> None:
    log = LogLines().started(2).route(4, 0x0100_0000_0000_8400).pin(4, 1).msi(1, 0x8400)

    assert replayed(log).unexplained == 0
