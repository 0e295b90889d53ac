"""What the lines of QEMU's own log say: its interrupt controllers' trace events, and the vectors taken (``-d int``).

Any x86 guest makes one; ``recipe.RECORD_A_LOG`` is the command. QEMU 5.2 to 11 are read. What differs between them:

- the prefix of a line: ``PID@SECONDS.MICROS:`` before the trace events up to 10.0; since QEMU commit 012842c07552 of
  2025 (util/log.c) an ISO 8601 time and a blank before all that ``qemu_log()`` prints, within a line too where several
  calls make it up; nothing without ``-msg timestamp=on``;
- ``name '…'`` at the end of ``memory_region_ops_*``, which 5.2 has not: there address and size tell the APIC's page.

Such a log does not tell of writes to CR8 (a way to TPR), nor that the machine was reset.

Lines of other devices and CPU registers may stand between. A line of a known kind that cannot be understood is an error
that names it: it was cut, and what it said is lost. The last line of a file may be cut, because that is how recording
ends when QEMU is killed.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from app.trace.errors import UnusableRecording
from app.trace.facts import Limit
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
)
from app.trace.premises import recording_of
from app.trace.readers.qemu_cpus import TakenVectors, apic_ids
from app.trace.readers.qemu_modes import ApicBases
from app.x86.numerals import bare_hexadecimal, cpu_number, decimal, hexadecimal
from app.x86.registers import Register

_APIC_PAGE = 0xFEE0_0000
_APIC_RANGE = 0xFFF0_0000
_REGISTER_MASK = 0xFF0
_IO_APIC_PAGE = 0xFEC0_0000
_PAGE_OFFSET = 0xFFF
#: Address bit 4 of a message in remappable format (VT-d specification, "Interrupt Requests in Remappable Format").
_REMAPPABLE = 1 << 4

_MEMORY_REGION_FIELDS = 13
_NAMELESS_FIELDS = 11
_IO_APIC_FIELDS = 12
_PIN_FIELDS = 5
_LOCAL_FIELDS = 6
_MESSAGE_FIELDS = 11
_EOI_FIELDS = 6
_BASE_FIELDS, _BASE_LENGTH = 2, 18
_REGISTER_SIZE = 4
_DUMP_FIELDS = 9
_TASK_FIELDS = 7
_REAL_MODE_FIELDS = 5

_VECTOR_DIGITS = 2
_FLAGS_DIGITS = 8
_NOTHING = 0xFFFF_FFFF
#: Hexadecimal digits of an address in a CPU dump, in 32-bit and in 64-bit guests.
_BASE_DIGITS = (8, 16)
_STAMP = re.compile(r"[0-9]+@([0-9]+)\.([0-9]{6}):")
_ISO_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{6}))?Z")
#: A whole first line of a CPU dump, with the vector: each is another, for it says where the CPU was.
_WHOLE_DUMP = re.compile(r" *[0-9]+: v=([0-9a-f]{2})(?: [a-zA-Z]+=[0-9a-f:]+){6} env->regs\[R_EAX\]=[0-9a-f]{16}")
#: What a CPU dump's first line ends with. Another thread's line may follow without a break.
_DUMP_END = re.compile(r"[^=]*=([0-9a-f]*)")
_DAMAGED = "this looks like a line of the log, but it is cut or damaged"
_CUT_END = "the file ends within a line; what that line said is lost"
_CUT_STAMP = re.compile(r"[0-9]+(@[0-9.]*)?|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]*Z?")
#: So much of an event's name, with no timestamp before it, is no accident.
_TELLING_LENGTH = 5

#: What the APIC's page is called: by QEMU's own APIC, and where an IOMMU stands before it.
_APIC_REGION, _REMAPPING_REGIONS = "'apic-msi'", ("'vtd-ir'", "'amdvi-ir'")
_IO_APIC_REGION = "'ioapic'"

Fields = list[str]
#: Does what a line says, given its stamp, which may be none: a text means the same behind every stamp.
Meaning = Callable[[str], object]
#: Reads a line. None: what it says has been done, and hangs on more than its text.
Handler = Callable[[Fields], Meaning | None]
#: So many texts are remembered with their meaning.
_MEANINGS_KEPT = 8192

#: Makes a named tuple without its Python code.
_made = tuple.__new__


class _Cut(Exception):
    """The line is cut or damaged."""


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
            "cpu_set_apic_base": self._base_written,
            "Servicing": self._vector_taken,
            "TR": self._task_register,
            "": self._dump,
        }
        self._names = tuple(f"{name} " for name in self._handlers if name)
        #: What texts behind a stamp have been found to mean: pins and ends of interrupts come again and again.
        self._meanings: dict[str, Meaning] = {}
        self._line = 0
        self._time = 0
        self._start: int | None = None
        self._ignored = 0
        self._operations: list[Operation] = []
        #: The I/O APIC's accesses as its own trace events tell them; not needed when the memory region's do.
        self._io_apic_events: list[Operation] = []
        self._io_apic_region = False
        self._taken = TakenVectors()
        self._bases = ApicBases()
        self._names_regions = False
        #: The region that is the APICs' page, where regions are not named.
        self._page: str | None = None
        self._remapped: int | None = None
        #: A line that is cut, in case that it is the last one.
        self._damage: UnusableRecording | None = None
        #: The second that ISO stamps were in last, and its nanoseconds since 1970.
        self._second = ("", 0)

    def feed(self, lines: list[str]) -> None:
        """The next lines of the log, in order."""
        meanings = self._meanings
        number = self._line
        for line in lines:
            number += 1
            end = line.rfind(":", 0, line.find(" ")) + 1
            meaning = meanings.get(line[end:])
            stamp = line[:end]
            try:
                if meaning is not None and self._damage is None and stamp.isprintable():  # a blank would end the stamp
                    self._line = number
                    meaning(stamp)
                else:
                    self._read(line, end, number)
            except UnusableRecording:
                raise
            except (_Cut, ValueError, IndexError):
                self._damage = UnusableRecording(_DAMAGED, number)
        self._line = number

    def _read(self, line: str, end: int, number: int) -> None:
        """Does what *line* says for the first time, its event's name beginning at *end*; _Cut, ValueError or IndexError
        when it is damaged."""
        dump = _WHOLE_DUMP.fullmatch(line)
        if dump is not None and self._damage is None:
            self._taken.dump(int(dump[1], 16), len(self._operations))
            return
        fields = line.split()
        if not fields:
            return
        if self._damage is not None:
            raise self._damage
        self._line = number
        head = fields[0]
        handler = self._handlers.get(head[head.rfind(":") + 1 :])
        iso_stamped = handler is None and len(fields) > 1 and self._iso_stamped(head)
        if iso_stamped:
            del fields[0]
            head = fields[0]
            handler = self._handlers.get(head[head.rfind(":") + 1 :])
        if handler is None:
            self._skip(" ".join(fields), head)
            return
        meaning = handler(fields)
        if meaning is not None:
            meaning(head)
            if not iso_stamped and line[:end].isprintable() and len(self._meanings) < _MEANINGS_KEPT:
                self._meanings[line[end:]] = meaning

    @property
    def understood(self) -> int:
        """How many lines so far say that something was done."""
        return len(self._operations) + len(self._io_apic_events) + len(self._taken.entries)

    def recording(self, name: str, *, cut: bool = False) -> Recording:
        """What the lines say; *cut*: the file ended within the last. UnusableRecording when none is of a known kind."""
        if self._damage is not None and not cut:
            raise self._damage
        operations = self._operations
        if not self._io_apic_region and self._io_apic_events:
            operations = operations + self._io_apic_events
        if not operations and not self._taken.entries:
            if self._damage is not None:
                raise self._damage
            raise UnusableRecording(
                f"none of its {self._line} lines is a line of a QEMU log with APIC events "
                "(memory_region_ops_*, ioapic_*, apic_*, Servicing hardware INT)"
            )
        entered = self._bases.entered(operations)
        cpus = max((switch.cpu + 1 for switch in entered), default=0)
        identifiers = apic_ids(operations, cpus)
        operations = [*operations, *self._taken.assigned(operations), *entered]
        # Every part is in order already, which Python's sort makes use of.
        operations.sort(key=lambda operation: operation.line)
        limits = [] if self._damage is None else [Limit(self._line, _CUT_END)]
        return recording_of(
            Recording(name, "qemu", operations, identifiers, self._ignored, self._line),
            limits,
            remapped_from=self._remapped,
            cpus_seen=self._taken.cpu_count,
        )

    # Lines that are skipped, lines that cannot be

    def _skip(self, line: str, head: str) -> None:
        event = head[head.rfind(":") + 1 :]
        stamped = "@" in head
        if _CUT_STAMP.fullmatch(line) and (stamped or self._start is not None):
            raise _Cut
        if (stamped and line == head) or len(line) >= _TELLING_LENGTH:
            tail = line[len(head) - len(event) :]
            if any(name.startswith(tail) for name in self._names):
                raise _Cut
        self._ignored += 1

    def _now(self, head: str) -> int:
        """Nanoseconds from the log's first timestamp. A line without one happens when the line before it did."""
        stamp = _STAMP.match(head)
        if stamp is not None:
            seconds, micros = stamp.groups()
            return self._stamped(int(seconds + micros) * 1000)
        if "@" in head:
            raise _Cut
        return self._time

    def _iso_stamped(self, head: str) -> bool:
        """Whether *head* is an ISO 8601 time; if so, that is the time now."""
        stamp = _ISO_STAMP.fullmatch(head)
        if stamp is None:
            return False
        second, micros = stamp.groups()
        if second != self._second[0]:
            self._second = (second, int(datetime.fromisoformat(second).replace(tzinfo=UTC).timestamp()) * 1_000_000_000)
        self._stamped(self._second[1] + int(micros or 0) * 1000)
        return True

    def _stamped(self, nanoseconds: int) -> int:
        if self._start is None:
            self._start = nanoseconds
        time = nanoseconds - self._start
        if time > self._time:  # the clock of the machine that ran QEMU may have been set back
            self._time = time
        return self._time

    # What lines mean

    def _ignore(self, head: str) -> None:
        self._ignored += 1

    def _happened(self, kind: type[Any], values: tuple[int, ...], head: str) -> None:
        """An operation of a *kind*, with *values* behind line and time."""
        self._operations.append(_made(kind, (self._line, self._now(head), *values)))

    def _accessed(self, kind: type[Any], cpu: int, values: tuple[int, ...], head: str) -> None:
        """*cpu* used its local APIC."""
        self._operations.append(_made(kind, (self._line, self._now(head), cpu, *values)))
        self._taken.access(cpu)

    # Accesses of the APIC page and the I/O APIC's page

    def _memory_region_read(self, fields: Fields) -> Meaning | None:
        return self._memory_region(fields, RegisterRead, IoApicRead)

    def _memory_region_write(self, fields: Fields) -> Meaning | None:
        return self._memory_region(fields, RegisterWrite, IoApicWrite)

    def _memory_region(
        self,
        fields: Fields,
        register_access: type[RegisterRead | RegisterWrite],
        io_apic_access: type[IoApicRead | IoApicWrite],
    ) -> Meaning | None:
        """``memory_region_ops_write cpu 1 mr 0x… addr 0xfee00300 value 0x… size 4 name 'apic-msi'``"""
        region = self._region(fields)
        meaning = self._ignore if region is None else self._access(fields, region, register_access, io_apic_access)
        if self._names_regions:
            return meaning
        meaning(fields[0])
        return None

    def _access(
        self,
        fields: Fields,
        region: str,
        register_access: type[RegisterRead | RegisterWrite],
        io_apic_access: type[IoApicRead | IoApicWrite],
    ) -> Meaning:
        """What an access of a *region* that matters means."""
        address, value = hexadecimal(fields[6]), hexadecimal(fields[8])
        if region is _IO_APIC_REGION:
            if address & ~_PAGE_OFFSET != _IO_APIC_PAGE:
                return self._other_io_apic
            self._io_apic_region = True
            return partial(self._happened, io_apic_access, (address & _PAGE_OFFSET, value))
        offset = address & _REGISTER_MASK
        if region in _REMAPPING_REGIONS:
            cpu = -1
        elif len(fields) == _MEMORY_REGION_FIELDS:
            cpu = cpu_number(fields[2])
        else:
            cpu = self._cpu_at_page(fields, offset)
        if cpu < 0 or address & ~_PAGE_OFFSET != _APIC_PAGE or not offset:
            # Devices write their messages to the same addresses, where the CPU's own page has no register.
            return partial(self._message, address, value) if register_access is RegisterWrite else self._now
        return partial(self._accessed, register_access, cpu, (offset, value, decimal(fields[10])))

    def _other_io_apic(self, head: str) -> None:
        self._now(head)
        self._ignored += 1

    def _message(self, address: int, value: int, head: str) -> None:
        """A device's message."""
        now = self._now(head)
        if not self._is_remapped(address):
            self._operations.append(DeviceMessage(self._line, now, address, value))

    def _cpu_at_page(self, fields: Fields, offset: int) -> int:
        """The CPU that uses its APIC's page, where the region is not named; -1 for a device: its messages go to the
        same addresses, but through another region where an IOMMU stands before the APICs."""
        cpu = cpu_number(fields[2])
        if self._page is None and cpu >= 0 and offset == Register.SVR:
            self._page = fields[4]
        return cpu if self._page in (None, fields[4]) else -1

    def _region(self, fields: Fields) -> str | None:
        """Which of the regions that matter is meant; None for any other."""
        if len(fields) == _NAMELESS_FIELDS and fields[9] == "size" and not self._names_regions:
            return self._region_at(hexadecimal(fields[6]), decimal(fields[10]))
        region = fields[12]
        self._names_regions = True
        if fields[-1][-1] != "'" or fields[11] != "name":
            raise _Cut
        if region == _APIC_REGION:
            region = _APIC_REGION
        elif region == _IO_APIC_REGION:
            region = _IO_APIC_REGION
        elif region not in _REMAPPING_REGIONS:
            return None
        if len(fields) != _MEMORY_REGION_FIELDS:
            raise _Cut
        return region

    def _is_remapped(self, address: int) -> bool:
        """Whether a message to *address* names no CPU, but an entry of an IOMMU's table."""
        if not address & _REMAPPABLE:
            return False
        self._remapped = self._remapped or self._line
        return True

    def _region_at(self, address: int, size: int) -> str | None:
        """The region at *address*, where the line does not name it."""
        if size != _REGISTER_SIZE:
            return None
        if address & ~_PAGE_OFFSET == _IO_APIC_PAGE:
            return _IO_APIC_REGION
        return _APIC_REGION if address & _APIC_RANGE == _APIC_PAGE else None

    def _io_apic_read(self, fields: Fields) -> Meaning:
        return self._io_apic_event(fields, IoApicRead)

    def _io_apic_write(self, fields: Fields) -> Meaning:
        return self._io_apic_event(fields, IoApicWrite)

    def _io_apic_event(self, fields: Fields, access: type[IoApicRead | IoApicWrite]) -> Meaning:
        """``ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x1``"""
        if len(fields) != _IO_APIC_FIELDS or not fields[11].startswith("0x"):
            raise _Cut
        return partial(self._io_apic_accessed, access, hexadecimal(fields[5]), hexadecimal(fields[11]))

    def _io_apic_accessed(self, access: type[IoApicRead | IoApicWrite], address: int, value: int, head: str) -> None:
        if not self._io_apic_region:
            self._io_apic_events.append(access(self._line, self._now(head), address, value))

    # What devices and local sources do

    def _pin_driven(self, fields: Fields) -> Meaning:
        """``ioapic_set_irq vector: PIN level: L``"""
        if len(fields) != _PIN_FIELDS:
            raise _Cut
        pin, level = decimal(fields[2]), cpu_number(fields[4])
        # ISA interrupt 0, the 8254 timer, is wired to input 2.
        return partial(self._happened, PinDriven, (pin or 2, int(level != 0)))

    def _local_source_fired(self, fields: Fields) -> Meaning:
        """``apic_local_deliver vector N delivery mode M``"""
        if len(fields) != _LOCAL_FIELDS:
            raise _Cut
        return partial(self._happened, LocalSourceFired, (decimal(fields[2]), decimal(fields[5])))

    def _message_delivered(self, fields: Fields) -> Meaning:
        """``apic_deliver_irq dest D dest_mode M … trigger_mode T``: says again what the device's write said."""
        if len(fields) != _MESSAGE_FIELDS:
            raise _Cut
        decimal(fields[10])
        return _no_news

    def _eoi_broadcast(self, fields: Fields) -> Meaning:
        """``ioapic_eoi_broadcast EOI broadcast for vector V``"""
        if len(fields) != _EOI_FIELDS:
            raise _Cut
        return partial(self._happened, EoiBroadcastSeen, (decimal(fields[5]),))

    def _base_written(self, fields: Fields) -> None:
        """``cpu_set_apic_base 0x00000000fee00d00``: a CPU, not said which, writes IA32_APIC_BASE."""
        if len(fields) != _BASE_FIELDS or len(fields[1]) != _BASE_LENGTH:
            raise _Cut
        self._bases.written(self._line, self._now(fields[0]), hexadecimal(fields[1]))

    # Vectors taken: three lines say vector and CPU

    def _vector_taken(self, fields: Fields) -> Meaning:
        """``Servicing hardware INT=0xec``"""
        _, hardware, assignment = fields
        digits = assignment.removeprefix("INT=0x")
        if hardware != "hardware" or len(digits) < _VECTOR_DIGITS or digits == assignment:
            raise _Cut
        vector = bare_hexadecimal(digits)
        if vector == _NOTHING:
            return self._ignore  # what had interrupted the CPU was gone when QEMU looked
        return partial(self._serviced, vector)

    def _serviced(self, vector: int, head: str) -> None:
        self._taken.begin(self._line, self._time, vector, len(self._operations))

    def _dump(self, fields: Fields) -> None:
        """``  1684: v=ec e=0000 i=0 cpl=0 IP=0010:… pc=… SP=0018:… env->regs[R_EAX]=…``: an interrupt or exception."""
        number = fields[0][:-1]
        if "@" in number and len(fields) == 1:
            raise _Cut
        if not (number.isascii() and number.isdigit()) or not (len(fields) == 1 or fields[1].startswith("v")):
            self._ignored += 1
            return
        end = _DUMP_END.match(fields[_DUMP_FIELDS - 1])
        digits = len(end[1]) if end else 0
        if digits < max(_BASE_DIGITS) and digits not in _BASE_DIGITS:
            raise _Cut
        self._taken.dump(bare_hexadecimal(fields[1].removeprefix("v=")), len(self._operations))

    def _task_register(self, fields: Fields) -> Meaning:
        """``TR =0040 fffffe0000003000 00004087 00008900 DPL=0 TSS64-avl``: its base tells CPUs apart."""
        if not fields[1].startswith("="):
            return self._ignore
        digits = len(fields[2])
        # In real mode the descriptor has no type, and its line ends early.
        real_mode = len(fields) == _REAL_MODE_FIELDS and digits == min(_BASE_DIGITS)
        whole = real_mode or (len(fields) == _TASK_FIELDS and fields[6].endswith(("avl", "busy")))
        if not whole or digits not in _BASE_DIGITS or len(fields[4]) != _FLAGS_DIGITS:
            raise _Cut
        return partial(self._task_register_dumped, bare_hexadecimal(fields[2]))

    def _task_register_dumped(self, base: int, head: str) -> None:
        self._taken.task_register(base, len(self._operations))


def _no_news(head: str) -> None:
    """Another line has said it already."""
