"""The I/O APIC: 24 pins, their redirection entries, level flow."""

from collections.abc import Callable

from .bits import bit, field, keep, ones, with_bit
from .local_apic import FIXED, LOWEST
from .messages import Message

PINS = 24
VERSION = 0x00170011
REMOTE_IRR, TRIGGER, MASK = 14, 15, 16  # bits of an entry's low half
LOW_WRITABLE = ones(11, 0) | {13, 15, 16}
HIGH_WRITABLE = ones(31, 24)


class IoApic:
    """Entries as two 32-bit halves each, and the level of every pin (True: asserted)."""

    def __init__(self, send: Callable[[Message], bool]) -> None:
        self.send = send
        self.id = 0  # as the register shows it, in bits 27:24
        self.low = dict.fromkeys(range(PINS), 0x10000)
        self.high = dict.fromkeys(range(PINS), 0)
        self.lines = dict.fromkeys(range(PINS), False)

    def read(self, index: int) -> int:
        """IOWIN with IOREGSEL = index; the arbitration register follows the ID."""
        if index in (0, 2):
            return self.id
        if index == 1:
            return VERSION
        for pin in range(PINS):
            if index == 0x10 + 2 * pin:
                return self.low[pin]
            if index == 0x11 + 2 * pin:
                return self.high[pin]
        return 0

    def write(self, index: int, value: int) -> None:
        """Version, arbitration and unlisted indexes take no writes."""
        if index == 0:
            self.id = keep(value, ones(27, 24))
        for pin in range(PINS):
            if index == 0x10 + 2 * pin:
                self.write_low(pin, value)
            if index == 0x11 + 2 * pin:
                self.high[pin] = keep(value, HIGH_WRITABLE)
                self.look_at(pin)

    def write_low(self, pin: int, value: int) -> None:
        """Remote IRR stays, unless the entry becomes an edge one."""
        remote_irr = bit(self.low[pin], REMOTE_IRR)
        self.low[pin] = keep(value, LOW_WRITABLE)
        if bit(value, TRIGGER):
            self.low[pin] = with_bit(self.low[pin], REMOTE_IRR, remote_irr)
        self.look_at(pin)

    def is_level(self, pin: int) -> bool:
        """Level trigger counts for fixed and lowest priority only."""
        return bit(self.low[pin], TRIGGER) == 1 and field(self.low[pin], 10, 8) in (FIXED, LOWEST)

    def masked(self, pin: int) -> bool:
        """Whether the entry is masked."""
        return bit(self.low[pin], MASK) == 1

    def drive_pin(self, pin: int, level: bool) -> None:
        """An edge pin sends on 0 -> 1 while unmasked; a masked edge is lost."""
        before = self.lines[pin]
        self.lines[pin] = level
        if self.is_level(pin):
            self.look_at(pin)
        elif level and not before and not self.masked(pin):
            self.send_entry(pin)

    def look_at(self, pin: int) -> None:
        """A level pin sends while asserted, unmasked and not waiting for its EOI."""
        if not self.is_level(pin) or not self.lines[pin] or self.masked(pin) or bit(self.low[pin], REMOTE_IRR):
            return
        if self.send_entry(pin):
            self.low[pin] = with_bit(self.low[pin], REMOTE_IRR, 1)

    def look_at_all(self) -> None:
        """After changes at the local APICs: a pin that was refused may be accepted now."""
        for pin in range(PINS):
            self.look_at(pin)

    def send_entry(self, pin: int) -> bool:
        """The message of an entry; whether a target accepted or merged it."""
        low = self.low[pin]
        return self.send(
            Message(
                delivery_mode=field(low, 10, 8),
                vector=field(low, 7, 0),
                logical=bit(low, 11) == 1,
                destination=field(self.high[pin], 31, 24),
                level=self.is_level(pin),
            )
        )

    def end_of_interrupt(self, vector: int) -> None:
        """An EOI broadcast ends every level entry with that vector; pins in order."""
        for pin in range(PINS):
            low = self.low[pin]
            if bit(low, TRIGGER) and bit(low, REMOTE_IRR) and field(low, 7, 0) == vector:
                self.low[pin] = with_bit(low, REMOTE_IRR, 0)
                self.look_at(pin)
