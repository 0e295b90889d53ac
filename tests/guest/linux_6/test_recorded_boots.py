"""The start of a CPU, against recordings of Linux 6.1: its text, what real boots did, and what 6.12 changed.

The recordings hold register accesses and no more: no interrupts switched off, no waiting.
"""

from pathlib import Path

import pytest

from app.trace.operations import Operation, Recording, RegisterRead, RegisterWrite
from app.trace.readers.registry import read_recording
from app.x86.registers import Register
from tests.cli.commands import ROOT
from tests.guest.kernel_text import START_6, WAKEUP_6
from tests.guest.test_kernel_text import NAMES

pytestmark = pytest.mark.slow

BOOT = ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
HOTPLUG = ROOT / "tests/trace/recordings/linux-6.1-hotplug-3cpu.qemu.log.gz"
STORM = ROOT / "tests/trace/recordings/linux-6.1-ipi-storm-4cpu.qemu.log.gz"

#: Linux 6.1, arch/x86/kernel/smpboot.c: do_boot_cpu (legacy.warm_reset), wakeup_secondary_cpu_via_init, twice its loop.
SENDER = (
    "write ESR 0 · read ESR · read LVR · write ESR 0 · read ESR"
    " · write ICR2 {id}000000 · write ICR c500 · read ICR · write ICR2 {id}000000 · write ICR 8500 · read ICR"
    + (" · write ESR 0 · read ESR · write ICR2 {id}000000 · write ICR 699 · read ICR · write ESR 0 · read ESR")
    * 2
)
#: Linux 6.1, arch/x86/kernel/apic/apic.c: setup_local_APIC with apic_flat's apic_id_registered and flat_init_apic_ldr,
#: end_local_APIC_setup; arch/x86/kernel/cpu/amd.c: init_amd, which asks for the ID once more (the recorded processor is
#: AMD's).
STARTED = (
    "read SPIV · write SPIV ff · read ID · write DFR ffffffff · read LDR · write LDR {bit:x}000000"
    " · read TASKPRI · write TASKPRI 10"
    " · read IRR0 · read IRR1 · read IRR2 · read IRR3 · read IRR4 · read IRR5 · read IRR6 · read IRR7"
    " · read ISR0 · read ISR1 · read ISR2 · read ISR3 · read ISR4 · read ISR5 · read ISR6 · read ISR7"
    " · read SPIV · write SPIV 1ff · read LVT0 · write LVT0 10700 · write LVT1 10400"
    " · read LVR · write ESR 0 · read ESR · write LVTERR fe · write ESR 0 · read ESR · read ID"
)
#: What 6.12 does otherwise: from, to, and the change behind it.
SINCE: tuple[tuple[str, str, str], ...] = (
    ("read LVR · ", "read LVR · read LVR · ", "6.5: send_init_sequence is a function of its own and asks again"),
    ("read ID · write DFR", "write DFR", "6.9: apic_id_registered is gone"),
    ("write DFR ffffffff · read LDR · write LDR 2000000 · ", "", "6.12: no logical destinations on x86-64"),
    (" · read ID", "", "6.9: the topology comes from CPUID alone"),
)


def accesses(recording: Recording, cpu: int) -> list[Operation]:
    """What *cpu* did to its APIC, without the EOIs of timer interrupts that came meanwhile."""
    return [
        operation
        for operation in recording.operations
        if isinstance(operation, RegisterRead | RegisterWrite)
        and operation.cpu == cpu
        and operation.offset != Register.EOI
    ]


def words(operations: list[Operation]) -> str:
    return " · ".join(
        f"write {NAMES[one.offset]} {one.value:x}" if isinstance(one, RegisterWrite) else f"read {NAMES[one.offset]}"
        for one in operations
        if isinstance(one, RegisterRead | RegisterWrite)
    )


def is_init(operation: Operation) -> bool:
    return isinstance(operation, RegisterWrite) and (operation.offset, operation.value) == (Register.ICR_LOW, 0xC500)


@pytest.mark.parametrize(("log", "started"), [(BOOT, [1, 2, 3]), (STORM, [1, 2, 3]), (HOTPLUG, [1, 2, 1, 2, 1])])
def test_a_recorded_kernel_starts_a_cpu_as_its_text_says(log: Path, started: list[int]) -> None:
    recording = read_recording(log.name, log.read_bytes())
    sender = accesses(recording, 0)
    before = SENDER.split(" · ").index("write ICR c500")
    starts = [place - before for place, operation in enumerate(sender) if is_init(operation)]

    found = [words(sender[start : start + 25]) for start in starts]

    assert found == [SENDER.format(id=cpu) for cpu in started]


@pytest.mark.parametrize(("log", "cpus"), [(BOOT, 4), (STORM, 4), (HOTPLUG, 3)])
def test_a_recorded_cpu_sets_its_apic_up_as_the_text_says(log: Path, cpus: int) -> None:
    recording = read_recording(log.name, log.read_bytes())

    for cpu in range(1, cpus):
        assert words(accesses(recording, cpu)[:36]) == STARTED.format(bit=1 << cpu)


def test_one_more_cpu_is_25_accesses_by_its_starter_and_36_by_itself() -> None:
    assert (len(SENDER.split(" · ")), len(STARTED.split(" · "))) == (25, 36)


def test_what_6_12_changed_is_all_there_is_between_the_recorded_text_and_the_model_s() -> None:
    sender, started = SENDER.format(id=1).replace("699", "609"), STARTED.format(bit=2)  # another trampoline
    twice, *others = SINCE
    sender = sender.replace(twice[0], twice[1], 1)
    for old, new, _ in others:
        assert old in started
        started = started.replace(old, new, 1)

    assert sender.split(" · ") == [part for part in WAKEUP_6.split(" · ") if part.split()[0] in ("read", "write")]
    assert started.split(" · ") == [part for part in START_6.split(" · ") if part != "sti"]
