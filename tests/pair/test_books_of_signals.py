"""The books of a watched simulation where more than a vector is pending: signals, resets, messages without room."""

from app.commands.guest import CallGuest, SendIpi
from app.commands.machine import SetInterruptFlag
from app.engine.work import Work
from app.hw.profile import INTEL_P6
from app.pair.accounts import Interrupt
from app.pair.watched import WatchedSimulation
from app.x86.icr import DeliveryMode, Icr
from tests.engine.runs import reschedule, signal
from tests.pair.test_books import given

NMI_TO_1 = signal(1, DeliveryMode.NMI)


def test_smi_has_its_handler() -> None:
    simulation = WatchedSimulation(2)
    prices = simulation.sheet.cycles

    given(simulation, SendIpi(0, Icr(0, DeliveryMode.SMI, destination=1)))

    stretch = simulation.books.stretches[-1]
    (smi,) = stretch.interrupts
    served = prices["smm_entry"] + prices["handler_smi"] + prices["smm_return"]
    assert (smi.receiving, stretch.rest) == (Work(cycles=served), Work())
    assert [(handled.cpu, handled.vector) for handled in smi.handled] == [(1, None)]
    behind_it = prices["enable_interrupts"]  # goes on while the message flies
    assert smi.latency == smi.sending.cycles - behind_it + prices["message_flight"] + prices["smm_entry"]


def test_interrupt_that_a_reset_has_thrown_away_has_no_part_in_the_next_one() -> None:
    simulation = WatchedSimulation(2)
    given(simulation, SetInterruptFlag(1, False))
    given(simulation, SendIpi(0, Icr(0x51, destination=1)))
    (lost,) = simulation.books.stretches[-1].interrupts
    given(simulation, CallGuest(0, "do_boot_cpu", target=1))
    given(simulation, SetInterruptFlag(1, True))

    given(simulation, SendIpi(0, Icr(0x51, destination=1)))

    (served,) = simulation.books.stretches[-1].interrupts
    assert (lost.handled, lost.receiving) == ([], Work())
    assert [handled.cpu for handled in served.handled] == [1]
    assert served.receiving.cycles > 0


def test_each_of_two_latched_nmis_has_its_own_handler() -> None:
    simulation = WatchedSimulation(2)
    cycles = simulation.sheet.cycles

    given(simulation, NMI_TO_1, NMI_TO_1)

    stretch = simulation.books.stretches[-1]
    served = cycles["interrupt_entry"] + cycles["handler_nmi"] + cycles["interrupt_return"]
    assert [nmi.receiving.cycles for nmi in stretch.interrupts] == [served, served]
    assert [len(nmi.handled) for nmi in stretch.interrupts] == [1, 1]
    assert stretch.rest == Work()


def test_nmi_that_init_has_thrown_away_has_no_part_in_the_next_one() -> None:
    simulation = WatchedSimulation(2)
    given(simulation, SendIpi(0, Icr(0, DeliveryMode.INIT, destination=1)))
    given(simulation, NMI_TO_1)
    (lost,) = simulation.books.stretches[-1].interrupts
    given(simulation, CallGuest(0, "do_boot_cpu", target=1))

    given(simulation, NMI_TO_1)

    (served,) = simulation.books.stretches[-1].interrupts
    assert lost.handled == []
    assert [handled.cpu for handled in served.handled] == [1]


def each_with_its_handler(simulation: WatchedSimulation) -> list[tuple[Interrupt, list[int]]]:
    return [
        (interrupt, [handled.cpu for handled in interrupt.handled])
        for stretch in simulation.books.stretches
        for interrupt in stretch.interrupts
    ]


def test_message_that_is_tried_again_is_the_interrupt_that_it_was() -> None:
    simulation = WatchedSimulation(3, profile=INTEL_P6)
    given(simulation, SetInterruptFlag(1, False))
    given(simulation, reschedule(0, 1))

    given(simulation, reschedule(2, 1), SetInterruptFlag(1, False))
    held = each_with_its_handler(simulation)
    given(simulation, SetInterruptFlag(1, True))

    (first, _), (second, _) = held
    assert [handled for _, handled in held] == [[], []]
    assert each_with_its_handler(simulation) == [(first, [1]), (second, [1])]
    assert (second.source, second.messages, second.targets, second.merged) == (2, 1, [1], [])
    assert first.receiving == second.receiving != Work()
    assert simulation.books.stretches[-1].rest == Work()


def test_devices_messages_that_are_tried_again_are_told_apart_by_their_cpus() -> None:
    simulation = WatchedSimulation(3, profile=INTEL_P6)
    to_1, to_2 = (signal(cpu, DeliveryMode.FIXED, 0x51) for cpu in (1, 2))
    for cpu in (1, 2):
        given(simulation, SetInterruptFlag(cpu, False))
    given(simulation, to_1, to_1, to_2, to_2)

    given(simulation, SetInterruptFlag(1, True))
    half = [handled for _, handled in each_with_its_handler(simulation)]
    given(simulation, SetInterruptFlag(2, True))

    assert half == [[1], [1], [], []]
    assert [handled for _, handled in each_with_its_handler(simulation)] == [[1], [1], [2], [2]]


def test_messages_that_are_tried_again_are_served_in_their_order() -> None:
    simulation = WatchedSimulation(2, profile=INTEL_P6)
    given(simulation, SetInterruptFlag(1, False))
    for _ in range(3):
        given(simulation, signal(1, DeliveryMode.FIXED, 0x51))

    given(simulation, SetInterruptFlag(1, True))

    interrupts = [interrupt for interrupt, _ in each_with_its_handler(simulation)]
    begun = [handled.time for interrupt in interrupts for handled in interrupt.handled]
    assert len(begun) == 3
    assert begun == sorted(begun)


def test_ext_int_has_the_handler_of_the_vector_that_the_8259_gives() -> None:
    simulation = WatchedSimulation(2)

    given(simulation, signal(1, DeliveryMode.EXTINT))

    stretch = simulation.books.stretches[-1]
    (external,) = stretch.interrupts
    assert [(handled.cpu, handled.vector) for handled in external.handled] == [(1, 0x27)]
    assert external.arrived
    assert external.receiving.cycles == simulation.counters.cycles
    assert stretch.rest == Work()


def test_ext_int_is_not_taken_for_the_vector_of_the_same_number() -> None:
    simulation = WatchedSimulation(2)
    given(simulation, SetInterruptFlag(1, False))
    given(simulation, signal(1, DeliveryMode.EXTINT), signal(1, DeliveryMode.FIXED, 0x27))

    given(simulation, SetInterruptFlag(1, True))

    external, fixed = (interrupt for interrupt, _ in each_with_its_handler(simulation))
    assert [one.delivery_mode for one in (external, fixed)] == [DeliveryMode.EXTINT, DeliveryMode.FIXED]
    assert [len(one.handled) for one in (external, fixed)] == [1, 1]
    assert external.handled[0].time < fixed.handled[0].time
