import pytest

from app.trace.errors import UnusableRecording
from app.trace.operations import RegisterRead, RegisterWrite, VectorTaken
from app.trace.readers.qemu_cpus import first_to_end
from tests.trace.log_lines import EOI, ICR_LOW, SVR, LogLines

BASE = 0xFFFF_FE00_0000_3000
ID = 0x020


def who_took(log: LogLines) -> list[int | None]:
    return [operation.cpu for operation in log.recording().operations if isinstance(operation, VectorTaken)]


def test_the_task_register_tells_who_took_a_vector() -> None:
    log = LogLines().handled(1, 0x41).handled(0, 0x42).handled(1, 0x43)

    assert who_took(log) == [1, 0, 1]


def test_a_base_is_the_cpus_that_answers_most_often() -> None:
    log = LogLines().handled(1, 0x41).handled(1, 0x42).handled(0, 0x43)
    log.taken(1, 0x44).write(0, ICR_LOW, 0x41)  # CPU 0 does something else before CPU 1 gets to its EOI

    assert who_took(log) == [1, 1, 0, 1]


def test_no_two_bases_are_the_same_cpus() -> None:
    log = LogLines().handled(0, 0x41).handled(0, 0x42)
    log.taken(1, 0x43).write(0, ICR_LOW, 0x41)  # the only thing known of CPU 1's base misleads

    assert who_took(log) == [0, 0, None]


def test_vectors_taken_one_behind_the_other_mislead_nobody() -> None:
    log = LogLines()
    for _ in range(3):
        log.taken(0, 0x41).taken(1, 0x42).write(1, EOI, 0).write(0, EOI, 0)
    log.handled(0, 0x43)

    assert who_took(log) == [0, 1] * 3 + [0]


def test_an_exceptions_dump_tells_nothing() -> None:
    log = LogLines().write(0, SVR, 0x1FF).servicing(0x08).dump(0x0E, BASE).write(0, EOI, 0)

    assert who_took(log) == [None]


def test_a_later_dump_of_the_same_number_tells_nothing() -> None:
    log = LogLines().servicing(0x08).write(0, EOI, 0).dump(0x08, BASE).write(0, EOI, 0)

    assert who_took(log) == [None]


def test_base_0_is_everybodys() -> None:
    log = LogLines().servicing(0x30).dump(0x30, 0).write(0, EOI, 0)

    assert who_took(log) == [None]


def test_cpus_are_counted_by_what_they_do() -> None:
    assert LogLines().write(0, SVR, 0x1FF).write(5, SVR, 0x1FF).recording().apic_ids == (0, 1, 2, 3, 4, 5)


def test_apic_ids_are_what_the_cpus_read() -> None:
    log = LogLines().read(0, ID, 0).read(1, ID, 1 << 24).read(2, ID, 4 << 24).write(2, SVR, 0x1FF)

    assert log.recording().apic_ids == (0, 1, 4)


@pytest.mark.parametrize("second", [7 << 24, 0])
def test_apic_ids_that_cannot_be_are_not_believed(second: int) -> None:
    log = LogLines().read(0, ID, 0).read(1, ID, 1 << 24).read(1, ID, second)

    assert log.recording().apic_ids == (0, 1)


def test_a_cpu_number_that_no_xapic_machine_has_is_named() -> None:
    with pytest.raises(UnusableRecording, match="line 2: CPU 255"):
        LogLines().write(0, SVR, 0x1FF).write(255, SVR, 0x1FF).recording()


def eoi(cpu: int) -> RegisterWrite:
    return RegisterWrite(1, 0, cpu, EOI, 0, 4)


def test_the_first_to_end_took_it() -> None:
    assert first_to_end([0, 1], [eoi(2), eoi(1), eoi(0)]) == 1


def test_who_does_something_else_first_did_not_take_it() -> None:
    assert first_to_end([0, 1], [RegisterRead(1, 0, 0, ICR_LOW, 0, 4), eoi(0), eoi(1)]) == 1


def test_who_takes_another_vector_before_ending_is_doubtful() -> None:
    assert first_to_end([0, 1], [VectorTaken(1, 0, 0x41, 0), eoi(0), eoi(1)]) == 1
    assert first_to_end([0, 1], [VectorTaken(1, 0, 0x41, 0), eoi(0)]) == 0


def test_without_evidence_it_is_the_first() -> None:
    assert first_to_end([3, 1], []) == 1
