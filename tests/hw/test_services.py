"""Nothing vanishes, and whoever loses a message is found out."""

from app.hw.events import Accepted, Event, Merged, Reason, Refused, Retried
from app.hw.profile import INTEL_P6
from app.hw.services import Ledger
from app.x86.icr import DeliveryMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, post, send, switch_mode

FIXED = DeliveryMode.FIXED


def accepted(cpu: int, message: int | None) -> Accepted:
    return Accepted(cpu, Vector(0x40), FIXED, TriggerMode.EDGE, message)


def test_every_outcome_goes_on() -> None:
    seen: list[Event] = []
    ledger = Ledger(seen.append)
    outcomes = [accepted(0, 1), accepted(0, None)]

    for outcome in outcomes:
        ledger.book(outcome)

    assert seen == outcomes
    assert ledger.mistakes == []


def test_each_of_the_outcomes_counts_once_for_its_target() -> None:
    ledger = Ledger(lambda event: None)
    outcomes = (
        Merged(3, Vector(0x40), FIXED, 7),
        accepted(0, 7),
        Refused(2, Vector(0x40), FIXED, Reason.SOFTWARE_DISABLED, 7),
        Retried(1, Vector(0x40), FIXED, 7),
    )

    ledger.delivering()
    for outcome in outcomes:
        ledger.book(outcome)
    ledger.delivered(fixed(0x40, number=7), [0, 1, 2, 3])

    assert ledger.mistakes == []


def test_target_without_an_outcome_is_a_mistake() -> None:
    ledger = Ledger(lambda event: None)

    ledger.delivering()
    ledger.book(accepted(0, 7))
    ledger.delivered(fixed(0x40, number=7), [0, 1])

    assert ledger.mistakes == ["message 7 was for CPUs [0, 1] and ended at [0]"]


def test_outcome_without_a_target_is_a_mistake() -> None:
    ledger = Ledger(lambda event: None)

    ledger.delivering()
    ledger.book(accepted(2, 7))
    ledger.delivered(fixed(0x40, number=7), [])

    assert ledger.mistakes == ["message 7 was for CPUs [] and ended at [2]"]


def test_two_outcomes_at_one_target_are_a_mistake() -> None:
    ledger = Ledger(lambda event: None)

    ledger.delivering()
    ledger.book(accepted(0, 7))
    ledger.book(Merged(0, Vector(0x40), FIXED, 7))
    ledger.delivered(fixed(0x40, number=7), [0])

    assert ledger.mistakes == ["message 7 was for CPUs [0] and ended at [0, 0]"]


def test_local_sources_and_earlier_messages_are_no_business_of_this_one() -> None:
    ledger = Ledger(lambda event: None)
    ledger.book(accepted(1, 7))

    ledger.delivering()
    ledger.book(accepted(0, None))
    ledger.book(accepted(0, 7))
    ledger.delivered(fixed(0x40, number=7), [0])

    assert ledger.mistakes == []


def test_messages_on_their_way_are_counted_until_they_are_delivered() -> None:
    machine = machine_of(3)
    for vector in (0x40, 0x41):
        post(machine, 0, Icr(vector, shorthand=Shorthand.ALL_INCLUDING_SELF))
    seen = [machine.undelivered]

    for message in machine.outbox:
        machine.deliver(message)
        seen.append(machine.undelivered)

    assert seen == [2, 1, 0]


def test_eoi_broadcast_is_counted_too() -> None:
    machine = machine_of(1)
    machine.cpus[0].apic.accept(fixed(0x40, TriggerMode.LEVEL))
    machine.cpus[0].take_interrupt()

    machine.write_register(0, Register.EOI, 0)
    assert machine.undelivered == 1
    machine.settle()

    assert machine.undelivered == 0


def test_a_machine_makes_no_mistakes_whatever_becomes_of_its_messages() -> None:
    machine = machine_of(4, profile=INTEL_P6)
    switch_mode(machine, 3, ApicMode.DISABLED)
    machine.write_register(2, Register.SVR, 0xFF)
    machine.cpus[1].apic.accept(fixed(0x40))

    for mode in (FIXED, DeliveryMode.NMI, DeliveryMode.INIT, DeliveryMode.STARTUP):
        send(machine, 0, Icr(0x40, mode, shorthand=Shorthand.ALL_EXCLUDING_SELF))
        send(machine, 0, Icr(0x40, mode, destination=0x0E))

    machine.check()
