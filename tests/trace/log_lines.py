"""Writes the lines that QEMU would, for tests that need a log of a certain shape."""

from app.hw.profile import INTEL_SDM, Profile
from app.trace.check.replay import Replay
from app.trace.operations import Recording
from app.trace.readers.registry import read_recording

APIC = 0xFEE0_0000
IO_APIC = 0xFEC0_0000
ICR_LOW, ICR_HIGH, EOI, SVR, LDR, TPR, ESR = 0x300, 0x310, 0x0B0, 0x0F0, 0x0D0, 0x080, 0x280
LVT_TIMER, LVT_LINT0, TIMER_INITIAL_COUNT = 0x320, 0x350, 0x380


class LogLines:
    """A log in the making. Every line comes a microsecond after the one before it."""

    def __init__(self, *, stamped: bool = True) -> None:
        self.lines: list[str] = []
        self._stamped = stamped
        self._dumps = 0

    # What is in the log

    def event(self, text: str) -> "LogLines":
        stamp = f"4711@1795333700.{len(self.lines):06}:" if self._stamped else ""
        return self.line(stamp + text)

    def line(self, text: str) -> "LogLines":
        self.lines.append(text)
        return self

    def access(
        self, verb: str, cpu: int, address: int, value: int, *, size: int = 4, name: str = "apic-msi"
    ) -> "LogLines":
        where = f"cpu {cpu} mr 0x55d0 addr {address:#x} value {value:#x} size {size} name '{name}'"
        return self.event(f"memory_region_ops_{verb} {where}")

    def write(self, cpu: int, offset: int, value: int, *, size: int = 4) -> "LogLines":
        return self.access("write", cpu, APIC + offset, value, size=size)

    def read(self, cpu: int, offset: int, value: int, *, size: int = 4) -> "LogLines":
        return self.access("read", cpu, APIC + offset, value, size=size)

    def msi(self, destination: int, data: int, *, logical: bool = False, cpu: int = -1) -> "LogLines":
        return self.access("write", cpu, APIC + (destination << 12) + 4 * logical, data)

    def io_apic_write(self, index: int, value: int) -> "LogLines":
        self.access("write", 0, IO_APIC, index, name="ioapic")
        return self.access("write", 0, IO_APIC + 0x10, value, name="ioapic")

    def io_apic_read(self, index: int, value: int) -> "LogLines":
        self.access("write", 0, IO_APIC, index, name="ioapic")
        return self.access("read", 0, IO_APIC + 0x10, value, name="ioapic")

    def route(self, pin: int, entry: int) -> "LogLines":
        """Software writes a redirection entry, the high half first."""
        return self.io_apic_write(0x11 + 2 * pin, entry >> 32).io_apic_write(0x10 + 2 * pin, entry & 0xFFFF_FFFF)

    def pin(self, pin: int, level: int) -> "LogLines":
        return self.event(f"ioapic_set_irq vector: {pin} level: {level}")

    def source(self, entry: int, mode: int = 0) -> "LogLines":
        return self.event(f"apic_local_deliver vector {entry} delivery mode {mode}")

    def eoi_broadcast(self, vector: int) -> "LogLines":
        return self.event(f"ioapic_eoi_broadcast EOI broadcast for vector {vector}")

    def servicing(self, vector: int) -> "LogLines":
        return self.line(f"Servicing hardware INT=0x{vector:02x}")

    def dump(self, vector: int, base: int) -> "LogLines":
        self._dumps += 1
        where = f"IP=0010:{0xFFFF_FFFF_8100_0000:016x} pc={0xFFFF_FFFF_8100_0000:016x} SP=0018:{0:016x}"
        self.line(f"{self._dumps:6}: v={vector:02x} e=0000 i=0 cpl=0 {where} env->regs[R_EAX]={0:016x}")
        return self.line(f"TR =0040 {base:016x} 00004087 00008900 DPL=0 TSS64-avl")

    def taken(self, cpu: int, vector: int) -> "LogLines":
        """*cpu* takes *vector*: the line, and the dump that tells the CPU."""
        return self.servicing(vector).dump(vector, 0xFFFF_FE00_0000_3000 + cpu * 0x3B000)

    def handled(self, cpu: int, vector: int) -> "LogLines":
        """It takes it and ends it."""
        return self.taken(cpu, vector).write(cpu, EOI, 0)

    # Common beginnings

    def started(self, cpus: int) -> "LogLines":
        """All CPUs run with their APICs enabled and one logical ID each."""
        self.write(0, SVR, 0x1FF).write(0, LDR, 1 << 24)
        if cpus > 1:
            self.write(0, ICR_LOW, 0xC4500).write(0, ICR_LOW, 0xC4610)
        for cpu in range(1, cpus):
            self.write(cpu, SVR, 0x1FF).write(cpu, LDR, 1 << 24 + cpu)
        return self

    def ipi(self, cpu: int, target: int, vector: int) -> "LogLines":
        return self.write(cpu, ICR_HIGH, target << 24).write(cpu, ICR_LOW, vector)

    # What becomes of it

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def recording(self) -> Recording:
        return read_recording("test.log", self.text().encode())

    def replay(self, profile: Profile = INTEL_SDM) -> Replay:
        """Read, and replayed to the end."""
        return finished(self.recording(), checked=True, profile=profile)


def finished(recording: Recording, *, checked: bool = False, profile: Profile = INTEL_SDM) -> Replay:
    """*recording* replayed to its end; *checked*: after each operation the machine is in a state that can be."""
    replay = Replay(recording, profile)
    while not replay.finished:
        replay.step()
        replay.machine.events.clear()
        if checked:
            replay.machine.check()
    return replay
