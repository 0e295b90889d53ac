"""The books of a machine's messages: which were sent, and how each ended at each of its targets."""

from collections import Counter

from app.hw.destination import addressed, is_physical_broadcast
from app.hw.events import Accepted, Event, Merged, MessageSent, NoTarget, Refused, Retried
from app.hw.machine import Machine
from app.hw.messages import BusMessage, InterruptMessage, Origin
from app.hw.profile import LowestPriorityBroadcast, LowestPriorityChoice
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Shorthand
from tests.hw.machines import of_type


class MessageBook:
    """Kept from the events of *machine* alone. ``unresolved`` are the messages that have been sent and not arrived."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.unresolved: dict[int, BusMessage] = {}
        machine.take_events()

    def enter(self) -> list[Event]:
        """Enters what was sent since the last time. Returns all that happened."""
        events = self._machine.take_events()
        for event in of_type(events, MessageSent):
            assert event.message.number not in self.unresolved
            self.unresolved[event.message.number] = event.message
        return events

    def deliver(self, message: BusMessage) -> None:
        """*message*, which is no longer in the outbox, arrives, and ends as it must."""
        self.enter()
        foreseen = self._machine.targets(message)
        # Asked of the addresses themselves, not of the bus, which remembers.
        named = addressed(message, self._machine.cpus) if isinstance(message, InterruptMessage) else []

        self._machine.deliver(message)

        del self.unresolved[message.number]
        reached = self._audit(message)
        assert sorted(reached) == sorted(foreseen)
        if isinstance(message, InterruptMessage):
            self._audit_targets(message, {cpu.number for cpu in named}, set(reached))

    def _audit(self, message: BusMessage) -> list[int]:
        """Exactly one outcome for each target, or NoTarget once. Returns the targets."""
        events = self.enter()
        outcomes = [
            event
            for event in events
            if isinstance(event, Accepted | Merged | Refused | Retried) and event.message == message.number
        ]
        reached = [outcome.cpu for outcome in outcomes]
        assert len(set(reached)) == len(reached)
        unheard = isinstance(message, InterruptMessage) and not reached
        assert [event.message for event in of_type(events, NoTarget)] == [message.number] * unheard
        waiting = [further.remaining for further in self._machine.retrying if further.number == message.number]
        retried = tuple(outcome.cpu for outcome in of_type(outcomes, Retried))
        assert waiting == [retried] * bool(retried)
        return reached

    def _audit_targets(self, message: InterruptMessage, named: set[int], reached: set[int]) -> None:
        """Everyone who is named; of a lowest-priority message one; of a further attempt those who have not had it."""
        one_of_them = reached <= named and len(reached) == min(len(named), 1)
        one_of_them |= not reached and self._may_be_dropped(message)
        if message.remaining is not None:
            assert reached == set(message.remaining)
        elif message.delivery_mode is not DeliveryMode.LOWEST_PRIORITY:
            assert reached == named
        elif not is_physical_broadcast(message):
            assert one_of_them
        else:
            match self._machine.profile.lowest_priority_broadcast:
                case LowestPriorityBroadcast.REFUSED:
                    assert not reached
                case LowestPriorityBroadcast.FIXED:
                    assert reached == named
                case LowestPriorityBroadcast.ARBITRATED:
                    assert one_of_them

    def _may_be_dropped(self, message: InterruptMessage) -> bool:
        """A hash of the vector may take a bit of the destination that no enabled APIC has."""
        hashed = self._machine.profile.lowest_priority is LowestPriorityChoice.VECTOR_HASH
        logical = message.shorthand is Shorthand.NONE and message.destination_mode is DestinationMode.LOGICAL
        return hashed and logical

    def audit_delivery_status(self) -> None:
        """Bit 12 of ICR and of redirection entries tells whether a message of theirs is on its way or waits."""
        on_their_way = (*self._machine.outbox, *self._machine.retrying)
        sources = Counter(
            (message.origin, message.source) for message in on_their_way if isinstance(message, InterruptMessage)
        )
        for cpu in self._machine.cpus:
            assert cpu.apic.sends_in_flight == sources[Origin.IPI, cpu.number]
        for pin, entry in enumerate(self._machine.io_apic.entries):
            assert bool(entry & DELIVERY_STATUS) == bool(sources[Origin.IO_APIC, pin])
