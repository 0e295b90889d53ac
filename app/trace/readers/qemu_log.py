"""The reader of QEMU logs. What a line says is in ``qemu_lines``."""

import re
from collections.abc import Sequence

from app.trace.readers.qemu_lines import QemuLines

#: How a line begins that no other format has: an event, or a vector taken, with any prefix or none.
_LINE = re.compile(
    r"([0-9]+@[0-9]+\.[0-9]{6}:|[0-9-]{10}T[0-9:.]{8,15}Z )?"
    r"(memory_region_ops_(read|write) cpu |ioapic_mem_(read|write) ioapic |ioapic_set_irq vector: "
    r"|ioapic_eoi_broadcast EOI |apic_local_deliver vector |apic_deliver_irq dest |cpu_set_apic_base 0x"
    r"|Servicing hardware INT=0x)"
)


class QemuLog:
    """QEMU's own log."""

    name = "qemu"

    def matches(self, head: Sequence[str]) -> bool:
        """Whether the *head* of a file holds a line of such a log. It may begin with a console's output."""
        return any(_LINE.match(line) for line in head)

    def parser(self) -> QemuLines:
        """Reads one log."""
        return QemuLines()
