"""The word that spares a guest its EOI: when it is offered, what a cleared word means, and when it is withdrawn."""

import pytest

from app.commands.lines import ConfigurePin, LowerPin, RaiseLegacyLine, RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister
from app.engine.events import Event, GuestExited
from app.engine.simulation import Simulation
from app.guest.steps import OfferEoiWord, Steps
from app.hw.events import Acknowledged, InterruptEnded
from app.x86.icr import DeliveryMode
from app.x86.redirection import LEVEL
from app.x86.registers import Register
from app.x86.units import Vector
from tests.engine.runs import LIMIT, Log, finish, handled, happened, run_to, signal
from tests.hw.machines import LEVEL_MSI, TO_CPU_1, send_msi

#: The exit that a real EOI takes.
REAL_EOI = {"kvm-pv": "WRMSR 0x80b", "hyperv": "WRMSR of EOI"}
with_a_word = pytest.mark.parametrize("backend", REAL_EOI)
DEVICE = signal(1, DeliveryMode.FIXED, 0x41)


def nothing() -> Steps[None]:
    yield from ()


def offered(simulation: Simulation) -> bool:
    return simulation.processors[1].eoi_offered is not None


def word(simulation: Simulation) -> int:
    return simulation.execution.kernel.eoi_words[1].value


def run_to_offer(simulation: Simulation) -> None:
    for _ in range(LIMIT):
        if offered(simulation):
            return
        simulation.run(operations=1)
    raise AssertionError("no offer")


def followed(simulation: Simulation) -> tuple[list[tuple[int, Event]], int]:
    """What happens until nothing is left to do, and how many offers there were."""
    log: list[tuple[int, Event]] = []
    offers, before = 0, offered(simulation)
    while not simulation.idle:
        simulation.run(operations=1)
        now = offered(simulation)
        offers += now and not before
        before = now
        log += simulation.take_log()
    simulation.check()
    return log, offers


def real_eois(log: Log, backend: str) -> int:
    return [event.reason for event in happened(log, GuestExited)].count(REAL_EOI[backend])


def ended(log: Log) -> list[int]:
    return [event.vector for event in happened(log, InterruptEnded)]


# When it is offered


@with_a_word
def test_single_edge_interrupt_is_offered_and_needs_no_real_eoi(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(DEVICE)

    log, offers = followed(simulation)

    assert (offers, real_eois(log, backend), ended(log)) == (1, 0, [0x41])


@pytest.mark.parametrize("backend", ["native-x2apic", "trap-emulate", "apicv"])
def test_back_end_without_the_feature_never_offers(backend: str) -> None:
    simulation = Simulation(2, backend, generation="linux-6")
    simulation.apply(DEVICE)

    log, offers = followed(simulation)

    assert (offers, ended(log)) == (0, [0x41])


@with_a_word
def test_level_triggered_interrupt_is_not_offered(backend: str) -> None:
    simulation = Simulation(2, backend)
    for command in (ConfigurePin(5, 1 << 56 | LEVEL | 0x41), RaisePin(5), LowerPin(5)):
        simulation.apply(command)

    log, offers = followed(simulation)

    assert (offers, real_eois(log, backend), ended(log)) == (0, 1, [0x41])


@with_a_word
def test_second_pending_vector_means_no_offer(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False), DEVICE, signal(1, DeliveryMode.FIXED, 0x31))
    simulation.apply(SetInterruptFlag(1, True))

    log, offers = followed(simulation)

    assert ended(log) == [0x41, 0x31]
    assert (offers, real_eois(log, backend)) == (1, 1), "the first is ended in earnest, the second alone is offered"


@with_a_word
def test_second_interrupt_in_service_means_no_offer(backend: str) -> None:
    """A level-triggered one stays in service while its device is served; a higher class comes in meanwhile."""
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False), ConfigurePin(5, 1 << 56 | LEVEL | 0x41))
    for command in (RaisePin(5), LowerPin(5), SetInterruptFlag(1, True)):
        simulation.apply(command)
    run_to(simulation, Acknowledged, 1)
    simulation.apply(signal(1, DeliveryMode.FIXED, 0x61))

    log, offers = followed(simulation)

    assert (offers, real_eois(log, backend), sorted(ended(log))) == (0, 2, [0x41, 0x61])


@pytest.mark.parametrize(
    ("in_service", "waiting", "offers"),
    [
        pytest.param([0x41], [], True, id="one edge"),
        pytest.param([0x41, 0x61], [], False, id="two edges"),
        pytest.param([], [], False, id="none"),
        pytest.param([0x41 | LEVEL_MSI], [], False, id="one level"),
        pytest.param([0x41], [0x31], False, id="one edge, a lower class waits"),
        pytest.param([0x41], [0x61], False, id="one edge, a higher class waits"),
    ],
)
def test_each_condition_alone_decides(in_service: list[int], waiting: list[int], offers: bool) -> None:
    """The guests here have one edge in service at most, so that the hypervisor's step is done by itself."""
    simulation = Simulation(2, "kvm-pv")
    processor, execution = simulation.processors[1], simulation.execution
    for vector in in_service:
        send_msi(simulation.machine, TO_CPU_1, vector)
        processor.cpu.apic.acknowledge()
    for vector in waiting:
        send_msi(simulation.machine, TO_CPU_1, vector)

    step = OfferEoiWord(execution.kernel.eoi_words[1])
    execution.effects.perform(processor, execution.begin(processor, "", lambda _: nothing()), step)

    assert (offered(simulation), word(simulation)) == (offers, int(offers))


@with_a_word
def test_interrupt_of_the_8259_is_not_offered(backend: str) -> None:
    """It is not in service in the APIC, so there is no EOI to spare."""
    simulation = Simulation(2, backend)
    finish(simulation, WriteRegister(0, Register.LVT_LINT0, DeliveryMode.EXTINT << 8), SetInterruptFlag(0, False))
    for command in (RaiseLegacyLine(1), SetInterruptFlag(0, True)):
        simulation.apply(command)

    offers = 0
    while not simulation.idle:
        simulation.run(operations=1)
        offers += simulation.processors[0].eoi_offered is not None

    assert (handled(simulation.take_log()), offers) == ([(0, 0x21)], 0)


# What a cleared word means


@with_a_word
def test_cleared_word_ends_the_interrupt_at_the_next_exit(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(DEVICE)
    run_to_offer(simulation)
    assert word(simulation) == 1
    simulation.take_log()
    for _ in range(LIMIT):
        if not word(simulation):
            break
        simulation.run(operations=1)
    assert list(simulation.machine.cpus[1].apic.isr) == [0x41], "the hypervisor has not looked yet"
    assert happened(simulation.take_log(), InterruptEnded) == []

    log = finish(simulation)

    ends_and_exits = [event for _, event in log if isinstance(event, InterruptEnded | GuestExited)]
    assert ends_and_exits[:2] == [InterruptEnded(1, Vector(0x41)), GuestExited(1, "HLT")]
    assert list(simulation.machine.cpus[1].apic.isr) == []


# When it is withdrawn


@with_a_word
@pytest.mark.parametrize("vector", [0x31, 0x61], ids=["lower class", "higher class"])
def test_offer_is_withdrawn_when_another_interrupt_comes_first(backend: str, vector: int) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(DEVICE)
    run_to_offer(simulation)
    simulation.take_log()
    simulation.machine.send_for(0, 1, vector, DeliveryMode.FIXED)
    simulation.machine.settle()
    simulation.run(operations=1)

    assert (offered(simulation), word(simulation)) == (False, 0)
    log, offers = followed(simulation)

    assert sorted(ended(log)) == sorted([0x41, vector])
    assert real_eois(log, backend) >= 1
    assert offers <= 1
