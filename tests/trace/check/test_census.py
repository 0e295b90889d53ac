"""What a recording did, counted kind by kind."""

from pathlib import Path

import pytest

from app.trace.check.census import Accessed, Census, CensusTaker, Ended, Sent, Taken
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording
from app.x86.registers import Register
from tests.cli.commands import ROOT
from tests.trace.log_lines import EOI, ICR_HIGH, ICR_LOW, SVR, LogLines, finished

RECORDINGS = [
    ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz",
    ROOT / "tests/trace/recordings/linux-6.1-ipi-storm-4cpu.qemu.log.gz",
    ROOT / "tests/trace/recordings/linux-6.1-hotplug-3cpu.qemu.log.gz",
]
ALL_EXCLUDING_SELF = 0xC_0000
LOGICAL = 0x800
SMI = 0x200


def census(log: LogLines) -> Census:
    taker = CensusTaker(Replay(log.recording()))
    taker.run(taker.replay.length)
    found = taker.census()
    assert found.unexplained == 0, "the log is of no machine: its interrupts are taken by other CPUs, say"
    return found


def started(cpus: int) -> LogLines:
    return LogLines().started(cpus)


def recognised() -> LogLines:
    """Two CPUs, the second of which took an interrupt, and then reached for its APIC: by that the reader knows it."""
    return started(2).ipi(0, 1, 0x41).taken(1, 0x41).read(1, SVR, 0x1FF).write(1, EOI, 0)


def sends(found: Census) -> list[Sent]:
    return [kind for kind in found.kinds if isinstance(kind, Sent)]


@pytest.mark.slow
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_a_recording_s_sends_and_eois_are_those_that_its_replay_finds(path: Path) -> None:
    recording = read_recording(str(path), path.read_bytes())
    taker = CensusTaker(Replay(recording))
    while not taker.replay.finished:
        taker.run(1000)
    found, findings = taker.census(), finished(recording).findings

    # Writes to ICR that send nothing, as INIT level de-assert, reach nobody.
    assert found.sends == findings.ipis_sent == found.single + found.masks + found.shorthands
    assert found.eois == findings.accesses[Register.EOI, True]
    assert found.eois == sum(count for kind, count in found.kinds.items() if isinstance(kind, Ended))
    assert found.kinds[Taken()] == findings.vectors.checked
    accessed = sum(count for kind, count in found.kinds.items() if not isinstance(kind, Taken))
    assert accessed == sum(findings.accesses.values())


def test_a_send_knows_whom_it_reached() -> None:
    log = started(3).ipi(0, 2, 0x41)
    log.write(1, ICR_HIGH, 0b101 << 24).write(1, ICR_LOW, LOGICAL | 0x41)
    log.write(2, ICR_LOW, ALL_EXCLUDING_SELF | 0x42)

    found = census(log)

    assert [(sent.cpu, sent.targets) for sent in sends(found)[-3:]] == [(0, 0b100), (1, 0b101), (2, 0b011)]
    assert (found.single, found.masks) == (1, 1)
    assert found.shorthands == 3  # those that start the other CPUs are two


def test_reads_of_icr_and_other_registers_are_accesses() -> None:
    found = census(started(1).read(0, ICR_LOW, 0).read(0, SVR, 0x1FF).write(0, ICR_HIGH, 0))

    assert found.kinds[Accessed(ICR_LOW, write=False)] == 1
    assert found.kinds[Accessed(SVR, write=False)] == 1
    assert found.kinds[Accessed(ICR_HIGH, write=True)] == 1


# The four conditions of a shared EOI word


def test_eoi_of_a_lone_edge_interrupt_is_spared() -> None:
    found = census(started(2).ipi(0, 1, 0x41).handled(1, 0x41))

    assert found.kinds[Ended(spared=True, level=False)] == found.spared == found.eois == 1


def test_eoi_is_not_spared_when_another_interrupt_waits() -> None:
    found = census(started(2).ipi(0, 1, 0x41).ipi(0, 1, 0x51).taken(1, 0x51).write(1, EOI, 0))

    assert found.spared == 0


def test_eoi_is_not_spared_when_another_interrupt_arrives_meanwhile() -> None:
    log = recognised().ipi(0, 1, 0x41).taken(1, 0x41).ipi(0, 1, 0x31).write(1, EOI, 0)

    assert census(log).spared == 0


def test_eoi_is_not_spared_when_a_signal_comes_once_more_and_merges() -> None:
    """An SMI that waits already makes its CPU leave the guest all the same."""
    once = census(recognised().ipi(0, 1, SMI).ipi(0, 1, 0x41).taken(1, 0x41).write(1, EOI, 0))
    twice = census(recognised().ipi(0, 1, SMI).ipi(0, 1, 0x41).taken(1, 0x41).ipi(0, 1, SMI).write(1, EOI, 0))

    assert (once.spared, twice.spared) == (1, 0)


def test_eoi_is_not_spared_inside_another_handler_nor_that_of_the_outer_one() -> None:
    log = started(2).ipi(0, 1, 0x41).taken(1, 0x41).ipi(0, 1, 0x51).taken(1, 0x51)
    found = census(log.write(1, EOI, 0).write(1, EOI, 0))

    assert (found.spared, found.eois) == (0, 2)


def test_eoi_is_not_spared_after_another_access_which_exits() -> None:
    found = census(started(2).ipi(0, 1, 0x41).taken(1, 0x41).read(1, SVR, 0x1FF).write(1, EOI, 0))

    assert found.spared == 0


def test_eoi_of_a_level_interrupt_is_not_spared_and_known_as_such() -> None:
    log = started(1).route(16, 0x8041).pin(16, 1).taken(0, 0x41).pin(16, 0)
    found = census(log.write(0, EOI, 0))

    assert found.kinds[Ended(spared=False, level=True)] == 1
