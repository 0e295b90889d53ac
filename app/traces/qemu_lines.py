"""What the lines of QEMU's own log say: its interrupt controllers' trace events, and the vectors taken (``-d int``).

Any x86 guest makes one:

    printf '%s\\n' memory_region_ops_read memory_region_ops_write apic_local_deliver apic_deliver_irq \\
                  ioapic_set_irq ioapic_eoi_broadcast ioapic_mem_read ioapic_mem_write > events
    qemu-system-x86_64 -accel tcg,thread=single -cpu qemu64,-x2apic -smp 4 … \\
                       -msg timestamp=on -trace events=events -d int -D apic.log

Such a log does not tell of writes to CR8 (a way to TPR) and to IA32_APIC_BASE, nor that the machine was reset.

Lines of other devices and CPU registers may stand between. A line of a known kind that cannot be understood is an error
that names it: it was cut, and what it said is lost.
"""

import re
from collections.abc import Callable
from typing import NoReturn

from app.traces.errors import UnusableRecording
from app.traces.operations import (
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
)
from app.traces.qemu_cpus import TakenVectors, apic_ids

_APIC_PAGE = 0xFEE0_0000
_REGISTER_MASK = 0xFF0
_IO_APIC_PAGE = 0xFEC0_0000
_PAGE_OFFSET = 0xFFF

_MEMORY_REGION_FIELDS = 13
_IO_APIC_FIELDS = 12
_PIN_FIELDS = 5
_LOCAL_FIELDS = 6
_MESSAGE_FIELDS = 11
_EOI_FIELDS = 6
_DUMP_FIELDS = 9
_TASK_FIELDS = 7
_REAL_MODE_FIELDS = 5

_VECTOR_DIGITS = 2
_FLAGS_DIGITS = 8
_NOTHING = 0xFFFF_FFFF
#: Hexadecimal digits of an address in a CPU dump, in 32-bit and in 64-bit guests.
_BASE_DIGITS = (8, 16)
_STAMP = re.compile(r"\d+@\d+\.\d{6}:")
#: What a CPU dump's first line ends with. Another thread's line may follow without a break.
_DUMP_END = re.compile(r"[^=]*=([0-9a-f]*)")
_CUT_STAMP = re.compile(r"\d+(@[\d.]*)?")
#: So much of an event's name, with no timestamp before it, is no accident.
_TELLING_LENGTH = 5

Fields = list[str]
Handler = Callable[[Fields], None]


class QemuLines:
    """Feed it the lines, then ask for the ``recording``."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {
            "memory_region_ops_read": self._memory_region_read,
            "memory_region_ops_write": self._memory_region_write,
            "ioapic_set_irq": self._pin_driven,
            "apic_local_deliver": self._local_source_fired,
            "apic_deliver_irq": self._message_delivered,
            "ioapic_mem_read": self._io_apic_read,
            "ioapic_mem_write": self._io_apic_write,
            "ioapic_eoi_broadcast": self._eoi_broadcast,
            "Servicing": self._vector_taken,
            "TR": self._task_register,
            "": self._dump,
        }
        self._names = tuple(f"{name} " for name in self._handlers if name)
        self._line = 0
        self._time = 0
        self._start: int | None = None
        self._ignored = 0
        self._operations: list[Operation] = []
        #: The I/O APIC's accesses as its own trace events tell them; not needed when the memory region's do.
        self._io_apic_events: list[Operation] = []
        self._io_apic_region = False
        self._taken = TakenVectors()

    def feed(self, lines: list[str]) -> None:
        """The next lines of the log, in order."""
        handlers = self._handlers
        number = self._line
        for line in lines:
            number += 1
            fields = line.split()
            if not fields:
                continue
            head = fields[0]
            self._line = number
            handler = handlers.get(head[head.rfind(":") + 1 :])
            if handler is None:
                self._skip(line.strip(), head)
                continue
            try:
                handler(fields)
            except UnusableRecording:
                raise
            except (ValueError, IndexError):
                self._cut()
        self._line = number

    @property
    def understood(self) -> int:
        """How many lines so far say that something was done."""
        return len(self._operations) + len(self._io_apic_events) + len(self._taken.entries)

    def recording(self, name: str) -> Recording:
        """What the lines say. UnusableRecording when none of them is of a known kind."""
        operations = self._operations
        if self._taken.entries and not operations:
            raise UnusableRecording(
                "it says which vectors were taken, but the trace events of the APICs are missing "
                "(QEMU's options -trace and -msg timestamp=on)"
            )
        if not self._io_apic_region and self._io_apic_events:
            operations = operations + self._io_apic_events
        if not operations:
            raise UnusableRecording(
                f"none of its {self._line} lines is a line of a QEMU log with APIC events "
                "(memory_region_ops_*, ioapic_*, apic_*, Servicing hardware INT)"
            )
        identifiers = apic_ids(operations)
        operations = [*operations, *self._taken.assigned(operations)]
        # Every part is in order already, which Python's sort makes use of.
        operations.sort(key=lambda operation: operation.line)
        return Recording(name, "qemu", operations, identifiers, self._ignored, self._line)

    # Lines that are skipped, lines that cannot be

    def _skip(self, line: str, head: str) -> None:
        event = head[head.rfind(":") + 1 :]
        stamped = "@" in head
        if _CUT_STAMP.fullmatch(line) and (stamped or self._start is not None):
            self._cut()
        if (stamped and line == head) or len(line) >= _TELLING_LENGTH:
            tail = line[len(head) - len(event) :]
            if any(name.startswith(tail) for name in self._names):
                self._cut()
        self._ignored += 1

    def _cut(self) -> NoReturn:
        raise UnusableRecording("this looks like a line of the log, but it is cut or damaged", self._line)

    def _now(self, head: str) -> int:
        """Nanoseconds from the log's first timestamp. A line without one happens when the line before it did."""
        at = head.find("@")
        if at < 0:
            return self._time
        if not _STAMP.match(head):
            self._cut()
        stamp = int(head[at + 1 : head.index(":")].replace(".", "")) * 1000
        if self._start is None:
            self._start = stamp
        # The clock of the machine that ran QEMU may have been set back.
        self._time = max(self._time, stamp - self._start)
        return self._time

    # Accesses of the APIC page and the I/O APIC's page

    def _memory_region_read(self, fields: Fields) -> None:
        self._memory_region(fields, RegisterRead, IoApicRead)

    def _memory_region_write(self, fields: Fields) -> None:
        self._memory_region(fields, RegisterWrite, IoApicWrite)

    def _memory_region(
        self,
        fields: Fields,
        register_access: type[RegisterRead | RegisterWrite],
        io_apic_access: type[IoApicRead | IoApicWrite],
    ) -> None:
        """``memory_region_ops_write cpu 1 mr 0x… addr 0xfee00300 value 0x… size 4 name 'apic-msi'``"""
        region = fields[12]
        if fields[-1][-1] != "'" or fields[11] != "name":
            self._cut()
        if region not in ("'apic-msi'", "'ioapic'"):
            self._ignored += 1
            return
        if len(fields) != _MEMORY_REGION_FIELDS:
            self._cut()
        now = self._now(fields[0])
        address, value = int(fields[6], 16), int(fields[8], 16)
        if region == "'ioapic'":
            if address & ~_PAGE_OFFSET != _IO_APIC_PAGE:
                self._ignored += 1  # a second I/O APIC
                return
            self._io_apic_region = True
            self._operations.append(io_apic_access(self._line, now, address & _PAGE_OFFSET, value))
            return
        offset = address & _REGISTER_MASK
        cpu = int(fields[2])
        if cpu < 0 or address & ~_PAGE_OFFSET != _APIC_PAGE or not offset:
            # Devices write their messages to the same addresses, where the CPU's own page has no register.
            if register_access is RegisterWrite:
                self._operations.append(DeviceMessage(self._line, now, address, value))
            return
        self._operations.append(register_access(self._line, now, cpu, offset, value, int(fields[10])))
        self._taken.access(cpu)

    def _io_apic_read(self, fields: Fields) -> None:
        self._io_apic_event(fields, IoApicRead)

    def _io_apic_write(self, fields: Fields) -> None:
        self._io_apic_event(fields, IoApicWrite)

    def _io_apic_event(self, fields: Fields, access: type[IoApicRead | IoApicWrite]) -> None:
        """``ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x1``"""
        if len(fields) != _IO_APIC_FIELDS or not fields[11].startswith("0x"):
            self._cut()
        address, value = int(fields[5], 16), int(fields[11], 16)
        if not self._io_apic_region:
            self._io_apic_events.append(access(self._line, self._now(fields[0]), address, value))

    # What devices and local sources do

    def _pin_driven(self, fields: Fields) -> None:
        """``ioapic_set_irq vector: PIN level: L``"""
        if len(fields) != _PIN_FIELDS:
            self._cut()
        pin, level = int(fields[2]), int(fields[4])
        # ISA interrupt 0, the 8254 timer, is wired to input 2.
        self._operations.append(PinDriven(self._line, self._now(fields[0]), pin or 2, int(level != 0)))

    def _local_source_fired(self, fields: Fields) -> None:
        """``apic_local_deliver vector N delivery mode M``"""
        if len(fields) != _LOCAL_FIELDS:
            self._cut()
        entry, mode = int(fields[2]), int(fields[5])
        self._operations.append(LocalSourceFired(self._line, self._now(fields[0]), entry, mode))

    def _message_delivered(self, fields: Fields) -> None:
        """``apic_deliver_irq dest D dest_mode M … trigger_mode T``: says again what the device's write said."""
        if len(fields) != _MESSAGE_FIELDS:
            self._cut()
        int(fields[10])

    def _eoi_broadcast(self, fields: Fields) -> None:
        """``ioapic_eoi_broadcast EOI broadcast for vector V``"""
        if len(fields) != _EOI_FIELDS:
            self._cut()
        self._operations.append(EoiBroadcastSeen(self._line, self._now(fields[0]), int(fields[5])))

    # Vectors taken: three lines say vector and CPU

    def _vector_taken(self, fields: Fields) -> None:
        """``Servicing hardware INT=0xec``"""
        _, hardware, assignment = fields
        digits = assignment.removeprefix("INT=0x")
        if hardware != "hardware" or len(digits) < _VECTOR_DIGITS or digits == assignment:
            self._cut()
        vector = int(digits, 16)
        if vector == _NOTHING:
            self._ignored += 1  # what had interrupted the CPU was gone when QEMU looked
            return
        self._taken.begin(self._line, self._time, vector, len(self._operations))

    def _dump(self, fields: Fields) -> None:
        """``  1684: v=ec e=0000 i=0 cpl=0 IP=0010:… pc=… SP=0018:… env->regs[R_EAX]=…``: an interrupt or exception."""
        number = fields[0][:-1]
        if "@" in number and len(fields) == 1:
            self._cut()
        if not number.isdigit() or not (len(fields) == 1 or fields[1].startswith("v")):
            self._ignored += 1
            return
        end = _DUMP_END.match(fields[_DUMP_FIELDS - 1])
        digits = len(end[1]) if end else 0
        if digits < max(_BASE_DIGITS) and digits not in _BASE_DIGITS:
            self._cut()
        self._taken.dump(int(fields[1].removeprefix("v="), 16), len(self._operations))

    def _task_register(self, fields: Fields) -> None:
        """``TR =0040 fffffe0000003000 00004087 00008900 DPL=0 TSS64-avl``: its base tells CPUs apart."""
        if not fields[1].startswith("="):
            self._ignored += 1
            return
        digits = len(fields[2])
        # In real mode the descriptor has no type, and its line ends early.
        real_mode = len(fields) == _REAL_MODE_FIELDS and digits == min(_BASE_DIGITS)
        whole = real_mode or (len(fields) == _TASK_FIELDS and fields[6].endswith(("avl", "busy")))
        if not whole or digits not in _BASE_DIGITS or len(fields[4]) != _FLAGS_DIGITS:
            self._cut()
        self._taken.task_register(int(fields[2], 16), len(self._operations))
