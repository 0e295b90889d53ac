"""Interrupt messages: what is sent, whom it matches, who wins a lowest-priority one."""

from dataclasses import dataclass

from .bits import bit, field
from .local_apic import (
    EXTINT,
    FIXED,
    INIT,
    LOWEST,
    NMI,
    RECEIVE_ILLEGAL,
    REDIRECTABLE_IPI,
    REMOTE_READ,
    SEND_ILLEGAL,
    SIPI,
    SMI,
    LocalApic,
)

NO_SHORTHAND, SELF, ALL, OTHERS = range(4)

# Table 10-3 of the manual: the delivery modes that go with each shorthand.
VALID_PAIRS = {
    NO_SHORTHAND: {FIXED, LOWEST, SMI, NMI, INIT, SIPI},
    SELF: {FIXED},
    ALL: {FIXED},
    OTHERS: {FIXED, LOWEST, SMI, NMI, INIT, SIPI},
}


@dataclass(frozen=True)
class Message:
    """One message on its way to the APICs that match it."""

    delivery_mode: int
    vector: int
    logical: bool
    destination: int
    level: bool  # trigger mode
    wide: bool = False  # sent in x2APIC mode, with a 32-bit destination


def matches(apic: LocalApic, message: Message) -> bool:
    """Whether an APIC is addressed; each target compares in its own mode."""
    if apic.mode == "disabled":
        return False
    if message.wide and message.destination == 0xFFFFFFFF:
        return True
    if apic.mode == "x2apic":
        return matches_x2apic(apic, message)
    if not message.wide and message.destination == 0xFF:
        return True
    return matches_xapic(apic, message)


def matches_x2apic(apic: LocalApic, message: Message) -> bool:
    """An 8-bit destination is taken as a 32-bit one, so FFh is no broadcast."""
    destination = message.destination
    if not message.logical:
        return destination == apic.id
    same_cluster = field(destination, 31, 16) == field(apic.ldr(), 31, 16)
    return same_cluster and field(destination, 15, 0) & field(apic.ldr(), 15, 0) != 0


def matches_xapic(apic: LocalApic, message: Message) -> bool:
    """Physical, flat or cluster; the broadcasts are already dealt with."""
    destination = message.destination
    if destination > 0xFF:
        return False
    if not message.logical:
        return destination == apic.id
    mine = field(apic.ldr(), 31, 24)
    if field(apic.dfr, 31, 28) == 0xF:
        return destination & mine != 0
    same_cluster = field(destination, 7, 4) == field(mine, 7, 4)
    return same_cluster and field(destination, 3, 0) & field(mine, 3, 0) != 0


class Bus:
    """Brings messages to APICs at once, and remembers who won lowest-priority messages."""

    def __init__(self, apics: list[LocalApic]) -> None:
        self.apics = apics
        self.winners: list[int] = []  # every CPU that ever won, the latest winner last

    def send_from_device(self, message: Message) -> bool:
        """From the I/O APIC or an MSI; whether a target accepted or merged it."""
        if message.delivery_mode in (SIPI, REMOTE_READ):
            return False
        if message.delivery_mode == LOWEST and not message.logical and message.destination == 0xFF:
            return False
        return self.deliver(message, [apic for apic in self.apics if matches(apic, message)])

    def send_ipi(self, sender: LocalApic, icr_low: int, destination: int) -> None:
        """What a write of the ICR or of SELF IPI sends: always edge, level taken as 1."""
        delivery_mode, vector, shorthand = field(icr_low, 10, 8), field(icr_low, 7, 0), field(icr_low, 19, 18)
        logical, level, trigger = bit(icr_low, 11) == 1, bit(icr_low, 14), bit(icr_low, 15)
        if delivery_mode in (REMOTE_READ, EXTINT):
            return
        if sender.mode == "x2apic" and delivery_mode == LOWEST:
            sender.raise_error(REDIRECTABLE_IPI)
            return
        if vector < 16 and delivery_mode in (FIXED, LOWEST):
            sender.raise_error(SEND_ILLEGAL)
            if shorthand == SELF:
                sender.raise_error(RECEIVE_ILLEGAL)
            return
        if delivery_mode not in VALID_PAIRS[shorthand]:
            return
        if delivery_mode == INIT and level == 0 and trigger == 1:
            return  # INIT level de-assert
        if delivery_mode == LOWEST and not logical and shorthand == NO_SHORTHAND and destination == 0xFF:
            return
        message = Message(delivery_mode, vector, logical, destination, level=False, wide=sender.mode == "x2apic")
        self.deliver(message, self.targets(sender, shorthand, message))

    def targets(self, sender: LocalApic, shorthand: int, message: Message) -> list[LocalApic]:
        """By shorthand, or else by destination."""
        if shorthand == SELF:
            return [sender]
        enabled = [apic for apic in self.apics if apic.mode != "disabled"]
        if shorthand == ALL:
            return enabled
        if shorthand == OTHERS:
            return [apic for apic in enabled if apic is not sender]
        return [apic for apic in enabled if matches(apic, message)]

    def deliver(self, message: Message, targets: list[LocalApic]) -> bool:
        """To every target in the order of the CPUs; whether at least one accepted or merged it."""
        if message.delivery_mode == LOWEST and targets:
            targets = [self.lowest_priority(targets)]
        accepted = [apic.receive(message.delivery_mode, message.vector, message.level) for apic in targets]
        return any(accepted)

    def lowest_priority(self, matched: list[LocalApic]) -> LocalApic:
        """The lowest class of TPR; among equals whoever has not won for longest; then the lowest number."""
        candidates = [apic for apic in matched if apic.software_enabled()]
        if not candidates:
            candidates = matched
        lowest = min(field(apic.tpr, 7, 4) for apic in candidates)
        equals = [apic.id for apic in candidates if field(apic.tpr, 7, 4) == lowest]
        never_won = [number for number in equals if number not in self.winners]
        chosen = min(never_won) if never_won else next(number for number in self.winners if number in equals)
        if chosen in self.winners:
            self.winners.remove(chosen)
        self.winners.append(chosen)
        return self.apics[chosen]
