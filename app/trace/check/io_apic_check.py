"""Holds the model's I/O APIC against the recorded one: what software reads, and which messages it sends.

QEMU's I/O APIC sends by writing to the message region, where PCI devices write too. So the messages that the model's
I/O APIC has just sent are looked for in the recording; what is left over is a device's own.
"""

from functools import lru_cache

from app.hw.machine import Machine
from app.hw.messages import InterruptMessage
from app.trace.check import deviations
from app.trace.check.findings import Difference, Findings, ReadDifference
from app.trace.check.unseen import Unseen
from app.trace.facts import Fact
from app.trace.operations import DeviceMessage, EoiBroadcastSeen, IoApicRead, IoApicWrite, PinDriven
from app.x86 import redirection
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, TriggerMode
from app.x86.msi import Msi, decode_msi
from app.x86.redirection import LEVEL, MASKED, PIN_COUNT, REMOTE_IRR, IoApicRegister

_SELECT = 0x00
_WINDOW = 0x10
_EOI = 0x40
_VERSION_MASK = 0xFF
_QEMU_VERSION = 0x20
_READ_ONLY = 1 << 12 | REMOTE_IRR

#: Bits of address and data that no message of QEMU's I/O APIC has set.
_ADDRESS_ELSE = 0x0FFB
_DATA_ELSE = ~0x87FF

#: What makes a message the same message: destination, destination mode, vector, delivery mode, trigger mode.
Content = tuple[int, DestinationMode, int, DeliveryMode, TriggerMode]


def _content(message: InterruptMessage | Msi) -> Content:
    return _comparable(
        message.destination,
        message.destination_mode,
        message.vector,
        message.delivery_mode,
        message.trigger_mode,
    )


@lru_cache(1024)
def _understood(address: int, data: int) -> tuple[Msi, Content, bool]:
    """A recorded message, what it is compared by, and whether the I/O APIC may have sent it: devices send few."""
    msi = decode_msi(address, data)
    return msi, _content(msi), not (address & _ADDRESS_ELSE or data & _DATA_ELSE)


def _comparable(
    destination: int, mode: DestinationMode, vector: int, delivery_mode: DeliveryMode, trigger: TriggerMode
) -> Content:
    if delivery_mode is DeliveryMode.EXTINT:
        vector = 0  # the 8259 says the vector, not the redirection entry
    if delivery_mode not in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
        trigger = TriggerMode.EDGE  # level means nothing to the others
    return (destination, mode, vector, delivery_mode, trigger)


class IoApicCheck:
    """The I/O APIC's side of a replay."""

    def __init__(self, machine: Machine, findings: Findings, unseen: Unseen, facts: frozenset[Fact]) -> None:
        self._machine = machine
        self._findings = findings
        self._unseen = unseen
        self._messages_recorded = {Fact.MESSAGES, Fact.PINS, Fact.DESTINATIONS} <= facts
        self._remapped = Fact.DESTINATIONS not in facts
        self._eois_recorded = Fact.EOI_BROADCASTS in facts
        whole = Fact.BEGINNING in facts
        #: Pins whose entry has not been seen, with the halves that have; pins whose line has not been seen.
        self._entries: dict[int, dict[int, int]] = {} if whole else {pin: {} for pin in range(PIN_COUNT)}
        self._lines: set[int] = set() if whole else set(range(PIN_COUNT))
        #: Whether it has been seen what IOREGSEL and the ID register hold.
        self._select_seen = self._identifier_seen = whole
        #: Sent by the model, not yet found in the recording: the message, and the line that made it send.
        self._expected: list[tuple[InterruptMessage, int]] = []
        self._expected_eoi: tuple[int, int] | None = None
        #: Level pins whose message no APIC of the model accepted. QEMU sets their remote IRR all the same.
        self._unaccepted: set[int] = set()
        #: What software wrote last to each index.
        self._written: dict[int, int] = {}
        #: The pin that was raised last, when its line was up already.
        self._raised_again: int | None = None

    # What the recorded machine did

    def drive(self, operation: PinDriven) -> None:
        """A device sets a pin. Lines beyond the last pin lead nowhere."""
        pin = operation.pin
        if pin < PIN_COUNT:
            self._lines.discard(pin)
            lines = self._machine.io_apic.lines
            self._raised_again = pin if operation.level and lines[pin] else None
            self._machine.drive_pin(pin, operation.level)

    def write(self, operation: IoApicWrite) -> None:
        """Software writes."""
        io_apic = self._machine.io_apic
        if operation.offset == _SELECT:
            io_apic.select = operation.value & 0xFF
            self._select_seen = True
        elif operation.offset == _WINDOW and self._select_seen:
            self._written[io_apic.select] = operation.value
            self._identifier_seen = self._identifier_seen or io_apic.select == IoApicRegister.ID
            if not self._see_half(operation.value):
                self._machine.write_io_apic_window(operation.value)
        elif operation.offset == _EOI:
            self._end_directly(operation.value & 0xFF)

    def _see_half(self, value: int) -> bool:
        """The selected register holds *value*. True when it is half of an entry that was not seen before; with its
        other half the entry is known, and the model takes it."""
        pin, high = divmod(self._machine.io_apic.select - IoApicRegister.REDIRECTION, 2)
        halves = self._entries.get(pin)
        if halves is None:
            return False
        halves[high] = value
        if len(halves) == 2:
            del self._entries[pin]
            entry = halves[1] << 32 | halves[0]
            self._machine.io_apic.entries[pin] = entry & (redirection.ENTRY.writable_mask | REMOTE_IRR)
        return True

    def reset(self) -> None:
        """The machine was reset: all is known."""
        io_apic = self._machine.io_apic
        io_apic.entries[:] = [redirection.RESET] * PIN_COUNT
        io_apic.identifier = io_apic.select = 0
        self._entries.clear()
        self._lines.clear()
        self._select_seen = self._identifier_seen = True
        self._expected.clear()
        self._expected_eoi = None
        self._unaccepted.clear()
        self._written.clear()

    def _end_directly(self, vector: int) -> None:
        """The EOI register, which I/O APICs have from version 0x20 on."""
        self._machine.end_at_io_apic(vector)

    def read(self, operation: IoApicRead) -> None:
        """Software reads: the model must say the same."""
        io_apic = self._machine.io_apic
        if not self._select_seen:
            return
        if operation.offset == _SELECT:
            model = io_apic.select
        elif operation.offset == _WINDOW:
            if self._see_half(operation.value):
                return
            if not self._identifier_seen and io_apic.select in (IoApicRegister.ID, IoApicRegister.ARBITRATION):
                io_apic.identifier = operation.value
                self._identifier_seen = True
                return
            model = io_apic.read_window()
        else:
            return
        tally = self._findings.io_apic_reads
        tally.checked += 1
        if (model ^ operation.value) & ~self._not_compared(io_apic.select):
            known = self._explain_read(io_apic.select, operation.value, model)
            tally.differ(ReadDifference(operation.line, None, io_apic.select, operation.value, model, known))

    def _not_compared(self, index: int) -> int:
        """Bits that hang on whether a message was accepted, where an IOMMU knows who got it."""
        entry_half = index >= IoApicRegister.REDIRECTION and not index & 1
        return REMOTE_IRR | DELIVERY_STATUS if self._remapped and entry_half else 0

    def _explain_read(self, index: int, recorded: int, model: int) -> str | None:
        if index == IoApicRegister.VERSION:
            same = recorded & ~_VERSION_MASK == model & ~_VERSION_MASK
            return deviations.IO_APIC_VERSION if same and recorded & _VERSION_MASK == _QEMU_VERSION else None
        pin, high = divmod(index - IoApicRegister.REDIRECTION, 2)
        if recorded ^ model == REMOTE_IRR and not high and pin in self._unaccepted:
            return deviations.REMOTE_IRR_UNACCEPTED
        written = self._written.get(index)
        if written is None or index < IoApicRegister.REDIRECTION:
            return None
        kept = _READ_ONLY if not high else 0
        same = recorded & ~kept == written & ~kept and recorded & kept == model & kept
        return deviations.IO_APIC_RESERVED_BITS if same else None

    # Messages

    def sent(self, message: InterruptMessage, line: int) -> None:
        """The model's I/O APIC has sent *message*, and it has arrived."""
        if self._messages_recorded:
            self._findings.messages.checked += 1
            self._expected.append((message, line))
        if message.trigger_mode is TriggerMode.LEVEL and message.source is not None:
            if self._unseen.starts:
                self._machine.io_apic.entries[message.source] |= REMOTE_IRR  # somebody unseen may have accepted it
            if self._machine.io_apic.entries[message.source] & REMOTE_IRR:
                self._unaccepted.discard(message.source)
            elif message.source in self._unaccepted:
                # QEMU still waits for an EOI, so its pin stays silent.
                if self._messages_recorded:
                    self._missing(*self._expected.pop(), deviations.REMOTE_IRR_UNACCEPTED)
            else:
                self._unaccepted.add(message.source)

    def recorded(self, operation: DeviceMessage) -> Msi | None:
        """A message stands in the recording. Returns it when it is none of those that the model has sent already."""
        msi, content, plain = _understood(operation.address, operation.data)
        for place, (message, _) in enumerate(self._expected):
            if plain and _content(message) == content:
                del self._expected[place]
                return msi if msi.delivery_mode is DeliveryMode.EXTINT else None
        self._findings.device_messages += 1
        self._look_for_a_pin(operation.line, msi, content)
        return msi

    def _look_for_a_pin(self, line: int, msi: Msi, content: Content) -> None:
        """A device's message does not look like that of a redirection entry. One that does is an I/O APIC's."""
        if not self._messages_recorded:
            return
        for pin, entry in enumerate(self._machine.io_apic.entries):
            if (
                pin in self._lines
                or entry & MASKED
                or entry & 0xFF != msi.vector
                or content != self._entry_content(entry)
            ):
                continue
            self._findings.device_messages -= 1
            self._findings.messages.checked += 1
            again = pin == self._raised_again and not entry & LEVEL
            what = f"the I/O APIC sends {msi.vector:#04x} for pin {pin}; the model does not"
            known = deviations.EDGE_PIN_SENDS_AGAIN if again else None
            self._findings.messages.differ(Difference(line, what, known))
            return

    def _entry_content(self, entry: int) -> Content:
        mode, trigger = DeliveryMode(entry >> 8 & 7), TriggerMode(entry >> 15 & 1)
        return _comparable(entry >> 56, DestinationMode(entry >> 11 & 1), entry & 0xFF, mode, trigger)

    def ended(self, vector: int, line: int) -> None:
        """The model's local APIC broadcasts an EOI."""
        self._unaccepted = {pin for pin in self._unaccepted if self._machine.io_apic.entries[pin] & 0xFF != vector}
        if self._eois_recorded:
            self._findings.messages.checked += 1
            self._expected_eoi = (vector, line)

    def eoi_recorded(self, operation: EoiBroadcastSeen, known_deviation: str | None) -> None:
        """An EOI broadcast stands in the recording."""
        expected = self._expected_eoi
        self._expected_eoi = None
        if expected is None and self._unseen.broadcasts:
            self._machine.end_at_io_apic(operation.vector)
        elif expected is None or expected[0] != operation.vector:
            what = f"EOI of {operation.vector:#04x} is broadcast; the model does not"
            self._findings.messages.differ(Difference(operation.line, what, known_deviation))

    def settle(self) -> None:
        """The recording goes on with something else: what has not come by now does not come."""
        if self._expected:
            for message, line in self._expected:
                self._missing(message, line, None)
            self._expected.clear()
        if self._expected_eoi is not None:
            vector, line = self._expected_eoi
            what = f"the model broadcasts the EOI of {vector:#04x}; the recording has none"
            self._findings.messages.differ(Difference(line, what, None))
            self._expected_eoi = None
        self._raised_again = None

    def end(self, line: int) -> None:
        """The recording ends with *line*, perhaps between a cause and its consequence: what that line alone would lead
        to is not checked."""
        cut = [message for message, cause in self._expected if cause == line]
        self._expected = [(message, cause) for message, cause in self._expected if cause != line]
        self._findings.messages.checked -= len(cut)
        if self._expected_eoi is not None and self._expected_eoi[1] == line:
            self._findings.messages.checked -= 1
            self._expected_eoi = None
        self.settle()

    def _missing(self, message: InterruptMessage, line: int, known_deviation: str | None) -> None:
        sends = f"the model's I/O APIC sends {message.vector:#04x} for pin {message.source}"
        what = f"{sends}; the recording has no such message"
        self._findings.messages.differ(Difference(line, what, known_deviation))
