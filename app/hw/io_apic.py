"""The I/O APIC: 24 pins, each with a redirection entry that says what message a pin sends.

Source: 82093AA data sheet, "I/O APIC Registers"; ICH9 data sheet, "Advanced Interrupt Controller"; SDM vol. 3,
"Handling Interrupts". A pin's *line* is 1 when the device asks for service; polarity only says what voltage that is.
Whatever makes a pin send returns the messages; the machine says later how each ended.
"""

from app.hw.events import LineStillUp, PinChanged
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import Profile, WideDestinations
from app.hw.services import Services
from app.x86 import redirection
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.redirection import FIRST_VERSION_WITH_EOI, LEVEL, MASKED, PIN_COUNT, REMOTE_IRR, IoApicRegister
from app.x86.units import Vector
from app.x86.vectors import VECTORS

_ID_MASK = 0x0F00_0000
_LOW = 0xFFFF_FFFF
#: Bits 55:49 of an entry are bits 14:8 of the destination, where the profile has them.
_EXTENDED_DESTINATION = 0x7F << 49
_EXTENDING = (WideDestinations.EXTENDED_ID, WideDestinations.BOTH)

#: Why a line that is up has sent nothing, and will not for that.
EDGE_LOST, UP_ALREADY = "the pin is masked, so the edge is lost", "the line was up already"


def is_level(entry: int) -> bool:
    """Level trigger means something for fixed and lowest-priority delivery only; all else is edge."""
    return bool(entry & LEVEL) and entry >> 8 & 7 in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)


def message_of_entry(pin: int, entry: int, number: int) -> InterruptMessage:
    """The message number *number* that *entry* makes of *pin*."""
    return InterruptMessage(
        number,
        Origin.IO_APIC,
        pin,
        VECTORS[entry & 0xFF],
        DeliveryMode(entry >> 8 & 7),
        DestinationMode(entry >> 11 & 1),
        Shorthand.NONE,
        entry >> 56 | (entry & _EXTENDED_DESTINATION) >> 41,
        TriggerMode.LEVEL if is_level(entry) else TriggerMode.EDGE,
    )


class IoApic:
    """One I/O APIC. ``entries`` are the 64-bit redirection entries, ``lines`` the inputs."""

    STATE = ("_under_way", "entries", "identifier", "lines", "select")
    WIRES = ("_services", "_writable", "version")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, profile: Profile, services: Services) -> None:
        self._services = services
        #: Bits 23:16 the highest entry, bits 7:0 the version.
        self.version = (PIN_COUNT - 1) << 16 | profile.io_apic_version
        self._writable = redirection.ENTRY.writable_mask
        if profile.wide_destinations in _EXTENDING:
            self._writable |= _EXTENDED_DESTINATION
        self.identifier = 0
        self.select = 0
        self.entries = [redirection.RESET] * PIN_COUNT
        self.lines = [0] * PIN_COUNT
        #: How many messages of each pin have not arrived yet; delivery status shows whether any.
        self._under_way = [0] * PIN_COUNT

    # Registers

    def read_window(self) -> int:
        """IOWIN: the register that IOREGSEL names; 0 where there is none."""
        match self.select:
            case IoApicRegister.ID | IoApicRegister.ARBITRATION:
                return self.identifier
            case IoApicRegister.VERSION:
                return self.version
            case index if 0 <= index - IoApicRegister.REDIRECTION < 2 * PIN_COUNT:
                pin, high = divmod(index - IoApicRegister.REDIRECTION, 2)
                return self.entries[pin] >> 32 if high else self.entries[pin] & _LOW
            case _:
                return 0

    def write_window(self, value: int) -> list[InterruptMessage]:
        """IOWIN: writes the register that IOREGSEL names. A level pin whose line is up sends when it is unmasked,
        or when it was refused and names another destination."""
        index = self.select - IoApicRegister.REDIRECTION
        if self.select == IoApicRegister.ID:
            self.identifier = value & _ID_MASK
        elif 0 <= index < 2 * PIN_COUNT:
            pin, high = divmod(index, 2)
            if high:
                self._write_entry(pin, (value & _LOW) << 32, self._writable & ~_LOW)
            else:
                self._write_entry(pin, value, self._writable & _LOW)
            return self._service_level(pin)
        return []

    def _write_entry(self, pin: int, value: int, writable: int) -> None:
        entry = self.entries[pin] & ~writable | value & writable
        if not entry & LEVEL:
            # Linux acknowledges a stuck level interrupt by switching its entry to edge and back.
            entry &= ~REMOTE_IRR
        self.entries[pin] = entry

    @property
    def has_eoi_register(self) -> bool:
        return self.version & 0xFF >= FIRST_VERSION_WITH_EOI

    # Pins

    def drive(self, pin: int, level: int) -> list[InterruptMessage]:
        """A device sets the line of *pin*. An edge pin sends on 0 to 1; what comes while it is masked is lost."""
        rising = level and not self.lines[pin]
        self.lines[pin] = level
        entry = self.entries[pin]
        messages: list[InterruptMessage] = []
        if is_level(entry):
            messages = self._service_level(pin)
        elif rising and not entry & MASKED:
            messages = [self._message(pin)]
        self._services.record(PinChanged(pin, level, None if messages else self._why_silent(pin, bool(rising))))
        return messages

    def _why_silent(self, pin: int, rising: bool) -> str | None:
        entry = self.entries[pin]
        if not self.lines[pin]:
            return None
        if entry & MASKED:
            return "the pin is masked" if is_level(entry) else EDGE_LOST
        if is_level(entry) and entry & REMOTE_IRR:
            return "remote IRR is 1: it waits for the EOI"
        if is_level(entry) and entry & DELIVERY_STATUS:
            return "its message is still on the way"
        return None if rising else UP_ALREADY

    def service_levels(self) -> list[InterruptMessage]:
        """Every level pin that asks and was refused tries again: an APIC may now accept what it did not before."""
        return [message for pin in range(PIN_COUNT) if self.lines[pin] for message in self._service_level(pin)]

    def _service_level(self, pin: int) -> list[InterruptMessage]:
        entry = self.entries[pin]
        silent = not is_level(entry) or entry & (MASKED | REMOTE_IRR | DELIVERY_STATUS) or not self.lines[pin]
        return [] if silent else [self._message(pin)]

    def _message(self, pin: int) -> InterruptMessage:
        self._under_way[pin] += 1
        self.entries[pin] |= DELIVERY_STATUS
        return self.message_of(pin, self._services.numbers.take())

    def message_of(self, pin: int, number: int) -> InterruptMessage:
        """The message number *number* that the entry of *pin* makes. Nothing is sent."""
        return message_of_entry(pin, self.entries[pin], number)

    # How a message ended, and EOI

    def message_arrived(
        self, pin: int, trigger: TriggerMode, *, accepted: bool, retried: bool
    ) -> list[InterruptMessage]:
        """A message of *pin* has reached the bus. Remote IRR is set when a level interrupt was accepted; one that the
        bus tries again is still on its way.

        An entry that became level while its edge was on the way sends now. A refused level interrupt is not sent again
        by itself: the next change of its line, of its entry or of an APIC does that (``service_levels``).
        """
        if accepted and trigger is TriggerMode.LEVEL and self.entries[pin] & LEVEL:
            self.entries[pin] |= REMOTE_IRR
        if retried:
            return []
        self._under_way[pin] -= 1
        if not self._under_way[pin]:
            self.entries[pin] &= ~DELIVERY_STATUS
        return self._service_level(pin) if trigger is TriggerMode.EDGE else []

    def end_of_interrupt(self, vector: Vector) -> list[InterruptMessage]:
        """EOI of *vector*, broadcast or written to the EOI register: clears remote IRR of every level pin with it, even
        if its destination has changed; a pin whose line is still up sends again."""
        messages = []
        for pin, entry in enumerate(self.entries):
            if entry & LEVEL and entry & REMOTE_IRR and entry & 0xFF == vector:
                self.entries[pin] = entry & ~REMOTE_IRR
                again = self._service_level(pin)
                if again:
                    self._services.record(LineStillUp(pin))
                messages += again
        return messages
