"""Carries interrupt messages to the CPUs that they are for."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from app.hw.arbitration import Arbiter
from app.hw.cpu import Cpu
from app.hw.destination import addressed, disabled_targets, is_physical_broadcast
from app.hw.events import NoTarget, Outcome, Reason
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import LowestPriorityBroadcast, Profile
from app.hw.services import Services
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand

# Python 3.11 takes its time to find a member of an enum.
_LOWEST_PRIORITY, _IPI = DeliveryMode.LOWEST_PRIORITY, Origin.IPI
_REFUSED, _RETRIED = Outcome.REFUSED, Outcome.RETRIED
#: More than a guest uses; in x2APIC mode there are more destinations than anyone could keep.
_ADDRESSES_KEPT = 4096
#: What decides which APICs a message names.
_Address = tuple[Shorthand, int | None, DestinationMode, int, bool, bool]


class Delivery(NamedTuple):
    """What came of a message: the CPUs that it was for, whether any took it, and which have to be tried again."""

    reached: Sequence[Cpu]
    accepted: bool
    retried: tuple[int, ...]


class Bus:
    """The wires between *cpus*."""

    STATE = ()
    WIRES = ("_addressed", "_cpus", "_profile", "_services", "arbiter", "readdressed")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, cpus: Sequence[Cpu], profile: Profile, services: Services) -> None:
        self._cpus = cpus
        self._profile = profile
        self._services = services
        self.arbiter = Arbiter(profile, cpus)
        # Matching every APIC for every message is slow, and addresses seldom change.
        self._addressed: dict[_Address, list[Cpu]] = {}
        #: How often an APIC may have come to match other destinations.
        self.readdressed = 0

    def forget_addresses(self) -> None:
        """An APIC may match other destinations than before."""
        self._addressed.clear()
        self.readdressed += 1

    def reached(self, message: InterruptMessage) -> Sequence[Cpu]:
        """The CPUs that *message* would reach now."""
        if message.remaining is not None:
            return [self._cpus[number] for number in message.remaining]
        named = self._named(message)
        if message.delivery_mode is not _LOWEST_PRIORITY:
            return named
        if is_physical_broadcast(message):
            match self._profile.lowest_priority_broadcast:
                case LowestPriorityBroadcast.REFUSED:
                    return []
                case LowestPriorityBroadcast.FIXED:
                    return named
                case LowestPriorityBroadcast.ARBITRATED:
                    pass
                case unknown:
                    assert_never(unknown)
        chosen = self.arbiter.choose(message, named)
        return [] if chosen is None else [chosen]

    def _named(self, message: InterruptMessage) -> list[Cpu]:
        shorthand = message.shorthand
        address = (
            shorthand,
            message.source if shorthand else None,
            message.destination_mode,
            message.destination,
            message.x2apic,
            message.origin is _IPI,
        )
        named = self._addressed.get(address)
        if named is None:
            if len(self._addressed) >= _ADDRESSES_KEPT:
                self.forget_addresses()
            named = self._addressed[address] = addressed(message, self._cpus)
        return named

    def deliver(self, message: InterruptMessage) -> Delivery:
        """*message* arrives at all of its targets."""
        reached = self.reached(message)
        if message.delivery_mode is _LOWEST_PRIORITY:
            for cpu in reached:
                self.arbiter.chosen(cpu)
        self._services.ledger.delivering()
        accepted = False
        retried = []
        for cpu in reached:
            outcome = cpu.receive(message)
            if outcome is _RETRIED:
                retried.append(cpu.number)
            elif outcome is not _REFUSED:
                accepted = True
        if not reached:
            reason = self._why_nobody(message)
            disabled = disabled_targets(message, self._cpus) if reason is Reason.NO_SUCH_DESTINATION else ()
            self._services.record(NoTarget(message.number, message.vector, reason, disabled))
        self._services.ledger.delivered(message, [cpu.number for cpu in reached])
        return Delivery(reached, accepted, tuple(retried))

    def _why_nobody(self, message: InterruptMessage) -> Reason:
        if message.delivery_mode is _LOWEST_PRIORITY and is_physical_broadcast(message):
            return Reason.LOWEST_PRIORITY_BROADCAST
        if self._named(message):
            return Reason.NOBODY_CHOSEN
        return Reason.NO_SUCH_DESTINATION
