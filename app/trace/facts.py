"""What a recording can show, and what it cannot: found while it is read, and said before anything is checked.

A reader declares facts; a replay branches on them, and never on the name of the format.
"""

from enum import Enum, auto
from typing import NamedTuple


class Fact(Enum):
    """Something that a recording tells whenever it happens."""

    #: It begins with the machine's own beginning, so that what it has not yet written has its reset value.
    BEGINNING = auto()
    REGISTER_READS = auto()
    REGISTER_WRITES = auto()
    #: That CPUs take vectors, and which. Without it they are taken by their EOIs.
    VECTORS_TAKEN = auto()
    #: Timers and other sources of local vector tables that fire.
    LOCAL_SOURCES = auto()
    #: Messages of devices and of the I/O APIC on their way to local APICs.
    MESSAGES = auto()
    #: Redirection entries and messages name their targets themselves. Not so where an IOMMU remaps interrupts.
    DESTINATIONS = auto()
    #: Devices driving I/O APIC pins.
    PINS = auto()
    #: EOIs that local APICs tell to I/O APICs.
    EOI_BROADCASTS = auto()


EVERY_FACT = frozenset(Fact)


class Limit(NamedTuple):
    """Something that the recording does not show, from *line* on, in a sentence. What hangs on it is not checked."""

    line: int
    says: str
