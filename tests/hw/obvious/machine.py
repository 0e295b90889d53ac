"""The whole machine: CPUs with their local APICs, the I/O APIC, MSIs and time."""

from typing import Any

from . import registers
from .bits import Fault, bit, field, number_of
from .io_apic import PINS, IoApic
from .legacy_pic import LegacyPic
from .local_apic import FIXED, INIT, LOWEST, LocalApic
from .messages import Bus, Message


class ObviousMachine:
    """Every method is performed completely before it returns: all messages arrive at once."""

    def __init__(self, cpus: int, x2apic: bool = False) -> None:
        self.tsc = 0
        apics: list[LocalApic] = []
        self.bus = Bus(apics)
        self.io_apic = IoApic(self.bus.send_from_device)
        for number in range(cpus):
            apics.append(LocalApic(number, x2apic, self.bus.send_ipi, self.io_apic.end_of_interrupt))
        self.apics = apics
        self.legacy_pic = LegacyPic()

    def _finish(self) -> None:
        """Last step of each operation that may have brought an INIT: the I/O APIC looks at all pins."""
        if any(apic.init_performed for apic in self.apics):
            for apic in self.apics:
                apic.init_performed = False
            self.io_apic.look_at_all()

    # ------------------------------------------------------------ registers of one CPU

    def read(self, cpu: int, offset: int) -> int | Fault:
        return registers.read(self.apics[cpu], offset)

    def write(self, cpu: int, offset: int, value: int) -> Fault | None:
        result = registers.write(self.apics[cpu], offset, value)
        heard = result is None and self.apics[cpu].mode != "disabled"
        if heard and offset in (registers.SVR, registers.LDR, registers.DFR):
            self.io_apic.look_at_all()
        self._finish()
        return result

    def read_apic_base(self, cpu: int) -> int:
        return registers.read_apic_base(self.apics[cpu])

    def write_apic_base(self, cpu: int, value: int) -> Fault | None:
        before = self.apics[cpu].mode
        result = registers.write_apic_base(self.apics[cpu], value)
        if self.apics[cpu].mode != before:
            self.io_apic.look_at_all()
        return result

    def read_tsc_deadline(self, cpu: int) -> int:
        return self.apics[cpu].timer.read_deadline()

    def write_tsc_deadline(self, cpu: int, value: int) -> None:
        self.apics[cpu].timer.write_deadline(value)

    def read_cr8(self, cpu: int) -> int:
        return registers.read_cr8(self.apics[cpu])

    def write_cr8(self, cpu: int, value: int) -> Fault | None:
        return registers.write_cr8(self.apics[cpu], value)

    # ------------------------------------------------------------ what a CPU takes

    def deliverable(self, cpu: int) -> int | None:
        return self.apics[cpu].deliverable()

    def acknowledge(self, cpu: int) -> int:
        return self.apics[cpu].acknowledge()

    def external_requested(self, cpu: int) -> bool:
        return self.apics[cpu].external_requested()

    def take_external(self, cpu: int) -> int:
        """The CPU asks the 8259 for a vector. Any CPU can, though the output goes to CPU 0 only."""
        self.apics[cpu].external_pending = False
        vector = self.legacy_pic.acknowledge()
        self.apics[0].drive_lint(0, self.legacy_pic.output())
        return vector

    def arrival(self, cpu: int) -> str | None:
        return self.apics[cpu].arrival()

    def sti(self, cpu: int) -> None:
        self.apics[cpu].sti()

    def cli(self, cpu: int) -> None:
        self.apics[cpu].cli()
        self._finish()

    def end_instruction(self, cpu: int) -> None:
        self.apics[cpu].end_instruction()
        self._finish()

    def take_nmi(self, cpu: int) -> None:
        self.apics[cpu].take_nmi()

    def return_from_nmi(self, cpu: int) -> None:
        self.apics[cpu].nmi_running = False

    def take_smi(self, cpu: int) -> None:
        self.apics[cpu].take_smi()

    def resume_from_smm(self, cpu: int) -> None:
        self.apics[cpu].resume_from_smm()
        self._finish()

    # ------------------------------------------------------------ pins, local sources, devices

    def drive_lint(self, cpu: int, which: int, level: bool) -> None:
        if cpu == 0 and which == 0:
            self.legacy_pic.held_by_hand = level
            level = self.legacy_pic.output()
        self.apics[cpu].drive_lint(which, level)
        self._finish()

    def drive_legacy_line(self, line: int, level: bool) -> None:
        self.legacy_pic.drive_line(line, level)
        self.apics[0].drive_lint(0, self.legacy_pic.output())
        self._finish()

    def local_event(self, cpu: int, source: str) -> None:
        self.apics[cpu].local_event(source)

    def drive_pin(self, pin: int, level: bool) -> None:
        self.io_apic.drive_pin(pin, bool(level))
        self._finish()

    def read_io_apic(self, index: int) -> int:
        return self.io_apic.read(index)

    def write_io_apic(self, index: int, value: int) -> None:
        self.io_apic.write(index, value)

    def send_msi(self, address: int, data: int) -> None:
        if address // 0x100000 != 0xFEE:
            return
        redirection_hint, logical = bit(address, 3), bit(address, 2)
        delivery_mode, asserted, trigger = field(data, 10, 8), bit(data, 14), bit(data, 15)
        # Level trigger counts for fixed and lowest priority only; an INIT is as an IPI's, de-assert ignored.
        if trigger and not asserted and delivery_mode in (FIXED, LOWEST, INIT):
            return
        level = trigger == 1 and delivery_mode in (FIXED, LOWEST)
        if redirection_hint and logical and delivery_mode == FIXED:
            delivery_mode = LOWEST
        self.bus.send_from_device(
            Message(delivery_mode, field(data, 7, 0), logical == 1, field(address, 19, 12), level)
        )
        self._finish()

    # ------------------------------------------------------------ time

    def advance(self, cycles: int) -> None:
        """First the deadlines that are already due, then cycle by cycle; within each in the order of the CPUs."""
        self._fire_due_deadlines()
        for _ in range(cycles):
            self.tsc += 1
            for apic in self.apics:
                if apic.timer.cycle_expires():
                    apic.fire_timer()
                if apic.timer.deadline_expires(self.tsc):
                    apic.fire_timer()

    def _fire_due_deadlines(self) -> None:
        for apic in self.apics:
            if apic.timer.deadline_expires(self.tsc):
                apic.fire_timer()

    # ------------------------------------------------------------ everything a test may compare

    def state(self) -> dict[str, Any]:
        return {
            "cpus": [_cpu_state(apic) for apic in self.apics],
            "io_apic": {
                "id": self.io_apic.id,
                "entries": [self.io_apic.high[pin] * 2**32 + self.io_apic.low[pin] for pin in range(PINS)],
                "lines": [self.io_apic.lines[pin] for pin in range(PINS)],
            },
        }


def _cpu_state(apic: LocalApic) -> dict[str, Any]:
    return {
        "mode": apic.mode,
        "base": registers.read_apic_base(apic),
        "irr": number_of(apic.irr),
        "isr": number_of(apic.isr),
        "tmr": number_of(apic.tmr),
        "tpr": apic.tpr,
        "ppr": apic.ppr(),
        "svr": apic.svr,
        "ldr": apic.ldr(),
        "dfr": apic.dfr,
        "esr": number_of(apic.esr_visible),
        "esr_pending": number_of(apic.esr_pending),
        "icr": registers.icr(apic),
        "lvt": apic.lvt,
        "initial_count": apic.timer.initial_count,
        "current_count": apic.timer.current_count,
        "divide": apic.timer.divide,
        "tsc_deadline": apic.timer.read_deadline(),
        "lint": [apic.lint[0], apic.lint[1]],
        "deliverable": apic.deliverable(),
        "external_requested": apic.external_requested(),
        "arrival": apic.arrival(),
        "run_state": apic.run_state,
        "interrupt_flag": apic.interrupt_flag,
        "shadow": apic.shadow,
        "nmi_pending": apic.nmi_pending,
        "nmi_running": apic.nmi_running,
        "nmi_count": apic.nmi_count,
        "smi_pending": apic.smi_pending,
        "in_smm": apic.in_smm,
        "init_pending": apic.init_pending,
        "sipi_pending": apic.sipi_pending,
    }
