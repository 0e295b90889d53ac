import pytest

from app.trace.errors import UnusableRecording
from app.trace.operations import (
    DeviceMessage,
    EoiBroadcastSeen,
    IoApicRead,
    IoApicWrite,
    LocalSourceFired,
    Operation,
    PinDriven,
    Recording,
    RegisterRead,
    RegisterWrite,
    VectorTaken,
)
from app.trace.readers.registry import read_recording
from tests.trace.log_lines import APIC, EOI, IO_APIC, SVR, LogLines

STAMP = "4711@1795333700.000100:"


def read(text: str) -> Recording:
    return read_recording("test.log", text.encode())


def only(log: LogLines) -> Operation:
    (operation,) = log.recording().operations
    return operation


def test_an_access_of_the_apic_page_is_the_cpus_own() -> None:
    assert only(LogLines().write(1, SVR, 0x1FF)) == RegisterWrite(1, 0, 1, SVR, 0x1FF, 4)
    assert only(LogLines().read(2, SVR, 0xFF)) == RegisterRead(1, 0, 2, SVR, 0xFF, 4)


def test_a_write_outside_the_page_is_a_devices_message() -> None:
    log = LogLines().msi(0x02, 0x22, cpu=1)

    assert only(log) == DeviceMessage(1, 0, APIC + 0x2000, 0x22)


def test_a_write_from_no_cpu_is_a_devices_message() -> None:
    assert only(LogLines().access("write", -1, APIC + 0x300, 0x41)) == DeviceMessage(1, 0, APIC + 0x300, 0x41)


@pytest.mark.parametrize("low", [0, 4])
def test_a_write_where_the_page_has_no_register_is_a_devices_message(low: int) -> None:
    assert only(LogLines().access("write", 1, APIC + low, 0x41)) == DeviceMessage(1, 0, APIC + low, 0x41)


def test_io_apic_accesses_are_read() -> None:
    log = LogLines().io_apic_write(0x10, 0x10000).io_apic_read(1, 0x170020)

    assert log.recording().operations == [
        IoApicWrite(1, 0, 0, 0x10),
        IoApicWrite(2, 1000, 0x10, 0x10000),
        IoApicWrite(3, 2000, 0, 1),
        IoApicRead(4, 3000, 0x10, 0x170020),
    ]


def test_the_io_apics_own_events_are_used_when_there_are_no_others() -> None:
    log = LogLines().event("ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x1")
    log.event("ioapic_mem_read ioapic mem read addr 0x10 regsel: 0x1 size 0x4 retval 0x170020")

    assert log.recording().operations == [IoApicWrite(1, 0, 0, 1), IoApicRead(2, 1000, 0x10, 0x170020)]


def test_an_access_that_the_log_tells_twice_happens_once() -> None:
    log = LogLines().event("ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x1")
    log.access("write", 0, IO_APIC, 1, name="ioapic")

    assert log.recording().operations == [IoApicWrite(2, 1000, 0, 1)]


def test_a_second_io_apic_is_another_device() -> None:
    log = LogLines().access("write", 0, IO_APIC + 0x10000, 1, name="ioapic").write(0, SVR, 0x1FF)

    assert len(log.recording().operations) == 1
    assert log.recording().ignored_lines == 1


def test_pin_0_is_wired_to_input_2() -> None:
    assert only(LogLines().pin(0, 1)) == PinDriven(1, 0, 2, 1)
    assert only(LogLines().pin(1, 0)) == PinDriven(1, 0, 1, 0)


def test_local_sources_and_eoi_broadcasts_are_read() -> None:
    log = LogLines().source(3, 7).eoi_broadcast(0x23)

    assert log.recording().operations == [LocalSourceFired(1, 0, 3, 7), EoiBroadcastSeen(2, 1000, 0x23)]


def test_a_vector_is_taken_when_the_line_before_it_happened() -> None:
    log = LogLines().write(0, SVR, 0x1FF).write(0, SVR, 0x1FF).servicing(0xEC)

    assert log.recording().operations[2] == VectorTaken(3, 1000, 0xEC, None)


def test_a_log_without_timestamps_is_read() -> None:
    log = LogLines(stamped=False).write(0, SVR, 0x1FF).taken(0, 0xEC).write(0, EOI, 0)

    assert [operation.time for operation in log.recording().operations] == [0, 0, 0]


def test_time_does_not_go_back() -> None:
    log = LogLines().line("1@1795333700.000500:ioapic_set_irq vector: 1 level: 1")
    log.line("1@1795333700.000400:ioapic_set_irq vector: 1 level: 0")
    log.line("1@1795333701.000500:ioapic_set_irq vector: 1 level: 1")

    assert [operation.time for operation in log.recording().operations] == [0, 0, 1_000_000_000]


def test_other_lines_are_counted_and_skipped() -> None:
    log = LogLines().write(0, SVR, 0x1FF)
    log.event("serial_write write addr 0x01 val 0x02").line("RAX=0000000000000001 RBX=0000000000000000")
    log.line("SMM: enter").line("").access("write", 0, 0x402, 0x53, size=1, name="io")
    log.access("read", 0, 0x402, 0x53, size=1, name="a name with blanks").line(
        "check_exception old: 0xffffffff new 0xe"
    )

    assert log.recording().ignored_lines == 6
    assert len(log.recording().operations) == 1
    assert log.recording().lines == 8


def test_what_repeats_or_accompanies_other_lines_is_not_ignored() -> None:
    log = LogLines().msi(1, 0x30).event("apic_deliver_irq dest 1 dest_mode 0 delivery_mode 0 vector 48 trigger_mode 0")
    log.taken(0, 0x30).dump(0x0E, 0xFFFF_FE00_0000_3000)

    assert log.recording().ignored_lines == 0


def test_windows_line_ends_do_no_harm() -> None:
    assert len(read(LogLines().write(0, SVR, 0x1FF).taken(0, 0xEC).text().replace("\n", "\r\n")).operations) == 2


WHOLE_LINES = [
    f"{STAMP}memory_region_ops_write cpu 1 mr 0x55d0 addr 0xfee00300 value 0x8fb size 4 name 'apic-msi'",
    f"{STAMP}memory_region_ops_read cpu 1 mr 0x55d0 addr 0xfec00010 value 0x0 size 4 name 'ioapic'",
    f"{STAMP}ioapic_set_irq vector: 4 level: 1",
    f"{STAMP}apic_local_deliver vector 0 delivery mode 0",
    f"{STAMP}apic_deliver_irq dest 1 dest_mode 1 delivery_mode 0 vector 48 trigger_mode 0",
    f"{STAMP}ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x1",
    f"{STAMP}ioapic_eoi_broadcast EOI broadcast for vector 35",
    "Servicing hardware INT=0xec",
    "TR =0040 fffffe0000003000 00004087 00008900 DPL=0 TSS64-avl",
]


@pytest.mark.parametrize("line", WHOLE_LINES)
def test_a_line_cut_anywhere_is_named(line: str) -> None:
    """From the second half of a timestamp on; where only digits are left to lose, a number may be shorter."""
    before = LogLines().write(0, SVR, 0x1FF).text()
    assert read(f"{before}{line}\n").lines == 2
    whole_numbers = {len(line) - lost for lost in range(len(line.split()[-1].split("=")[-1].split("x")[-1]))}

    for length in range(8, len(line)):
        if length in whole_numbers or not line[:length].strip():
            continue
        with pytest.raises(UnusableRecording) as caught:
            read(f"{before}{line[:length]}\n{before}")
        assert caught.value.line == 2, line[:length]


def test_a_cut_first_line_of_a_dump_is_named() -> None:
    line = LogLines().dump(0xEC, 0x1000).lines[0]
    before = LogLines().write(0, SVR, 0x1FF).text()

    for length in range(len(line) - 40, len(line)):
        if len(line) - length == 8:
            continue  # a register of a 32-bit guest has that many digits
        with pytest.raises(UnusableRecording) as caught:
            read(f"{before}{line[:length]}\n{before}")
        assert caught.value.line == 2


def test_another_threads_words_behind_a_dump_do_no_harm() -> None:
    log = LogLines().write(0, SVR, 0x1FF).taken(0, 0xEC)
    log.lines[-2] += "check_exception old: 0xffffffff new 0xe"

    assert len(log.recording().operations) == 2


def test_a_file_may_end_within_a_line() -> None:
    text = LogLines().write(0, SVR, 0x1FF).write(0, SVR, 0x1FF).text()

    recording = read(text[:-20])

    assert len(recording.operations) == 1
    assert [(limit.line, limit.says) for limit in recording.limits] == [
        (2, "the file ends within a line; what that line said is lost")
    ]


def test_a_cut_line_is_an_error_where_the_file_goes_on() -> None:
    text = LogLines().write(0, SVR, 0x1FF).write(0, SVR, 0x1FF).text()

    with pytest.raises(UnusableRecording, match="line 2"):
        read(f"{text[:-20]}\n")


@pytest.mark.parametrize(
    "line",
    [
        f"{STAMP}ioapic_set_irq vector: four level: 1",
        f"{STAMP}memory_region_ops_write cpu 1 mr 0x55d0 addr zero value 0x8fb size 4 name 'apic-msi'",
        "4711@17953.1:ioapic_set_irq vector: 4 level: 1",
        "Servicing software INT=0xec",
        "Servicing hardware INT=236",
    ],
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(UnusableRecording, match="line 2"):
        read(f"{LogLines().write(0, SVR, 0x1FF).text()}{line}\n")


def test_a_number_that_is_no_vector_is_named() -> None:
    with pytest.raises(UnusableRecording, match="line 2: 0x100 is not an interrupt vector"):
        read(f"{LogLines().write(0, SVR, 0x1FF).text()}Servicing hardware INT=0x100\n")


def test_an_interrupt_that_is_gone_when_qemu_looks_is_no_vector() -> None:
    log = LogLines().write(0, SVR, 0x1FF).line("Servicing hardware INT=0xffffffff")

    assert len(log.recording().operations) == 1
