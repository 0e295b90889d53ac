"""What comes for a CPU that runs the guest and does not let it in: a hypervisor's notification takes it out all the
same, and it leaves again when its window opens."""

import pytest

from app.backends.catalogue import BACKENDS, DEFAULT_SHEETS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister
from app.costs.reference import cost_sheet_of
from app.engine.events import GuestExited, HandlerEntered
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.pair.watched import WatchedSimulation
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.engine.runs import PAIRS, Log, finish, finished_calls, happened, run_to, signal

FIRST, SECOND = 0x51, 0x61
KICK, WINDOW = "external interrupt", "interrupt window"
EVENT_CHECK, IRET = "event check", "iret"


def exits_of(log: Log, cpu: int) -> list[str]:
    return [event.reason for event in happened(log, GuestExited) if event.cpu == cpu]


def machine(generation: str, backend: str, kind: type[Simulation] = Simulation) -> Simulation:
    """Two CPUs. What is sent arrives with the step that is under way."""
    sheet = cost_sheet_of(f"{DEFAULT_SHEETS[generation]}?message_flight=1")
    return kind(2, backend, sheet, generation=generation)


def enter_a_handler(simulation: Simulation) -> Simulation:
    """CPU 1 begins to run the handler of a device, in the guest; interrupts are off."""
    simulation.apply(signal(1, DeliveryMode.FIXED, FIRST))
    run_to(simulation, HandlerEntered, 1)
    while simulation.processors[1].in_host:
        simulation.run(operations=1)
    assert not simulation.machine.cpus[1].interrupt_flag
    return simulation


def till_it_has_come(simulation: Simulation, *stimuli: Stimulus) -> list[str]:
    """The reasons for which CPU 1 leaves the guest while what comes is not let in."""
    exits: list[str] = []
    for stimulus in stimuli:
        simulation.apply(stimulus)
    while simulation.in_flight or simulation.processors[1].kicked or simulation.processors[1].in_host:
        simulation.run(operations=1)
        exits += exits_of(simulation.take_log(), 1)
    return exits


def at_the_kick(backend: str) -> list[str]:
    if BACKENDS[backend].hypervisor is None or backend == "apicv":
        return []
    return [EVENT_CHECK] if BACKENDS[backend].event_channels else [KICK]


@pytest.mark.parametrize(("generation", "backend"), PAIRS, ids=lambda word: word)
def test_arrival_takes_a_guest_out_that_does_not_let_it_in_unless_hardware_posts_it(
    generation: str, backend: str
) -> None:
    simulation = enter_a_handler(machine(generation, backend))

    assert till_it_has_come(simulation, signal(1, DeliveryMode.FIXED, SECOND)) == at_the_kick(backend)
    simulation.check()


EMULATING = [pair for pair in PAIRS if BACKENDS[pair[1]].hypervisor and pair[1] not in ("apicv", "xen-evtchn")]
emulating = pytest.mark.parametrize(("generation", "backend"), EMULATING, ids=lambda word: word)


@emulating
def test_it_is_taken_when_the_window_opens_and_that_is_another_exit(generation: str, backend: str) -> None:
    simulation = enter_a_handler(machine(generation, backend))
    till_it_has_come(simulation, signal(1, DeliveryMode.FIXED, SECOND))

    log = finish(simulation)

    assert [event.vector for event in happened(log, HandlerEntered) if event.cpu == 1] == [SECOND]
    assert exits_of(log, 1).count(WINDOW) == 1
    assert KICK not in exits_of(log, 1)


def spinning(generation: str, backend: str) -> Simulation:
    """CPU 1 waits, with interrupts on, for CPU 0, which never answers."""
    simulation = machine(generation, backend)
    simulation.apply(SetInterruptFlag(0, False))
    finish(simulation, CallGuest(1, "smp_call_function", wait=True))
    assert simulation.processors[1].spinning
    assert simulation.machine.cpus[1].interrupt_flag
    return simulation


@emulating
def test_guest_that_lets_it_in_is_kicked_once_and_opens_no_window(generation: str, backend: str) -> None:
    simulation = spinning(generation, backend)

    exits = exits_of(finish(simulation, signal(1, DeliveryMode.FIXED, SECOND)), 1)

    assert (exits[0], exits.count(KICK), exits.count(WINDOW)) == (KICK, 1, 0)


@emulating
def test_spinning_cpu_is_taken_out_and_spins_on(generation: str, backend: str) -> None:
    simulation = spinning(generation, backend)
    word = simulation.processors[1].spinning
    simulation.apply(SetInterruptFlag(1, False))

    kicked = finish(simulation, signal(1, DeliveryMode.FIXED, SECOND))

    assert exits_of(kicked, 1) == [KICK]
    assert simulation.processors[1].spinning is word
    assert not simulation.processors[1].in_host
    released = finish(simulation, SetInterruptFlag(1, True), SetInterruptFlag(0, True))
    assert exits_of(released, 1)[0] == WINDOW
    assert finished_calls(released) == [(1, "smp_call_function")]


@emulating
def test_merged_request_kicks_too_and_two_kicks_need_one_window(generation: str, backend: str) -> None:
    simulation = enter_a_handler(machine(generation, backend))
    once = till_it_has_come(simulation, signal(1, DeliveryMode.FIXED, SECOND))

    again = till_it_has_come(simulation, signal(1, DeliveryMode.FIXED, SECOND))

    assert once == again == [KICK]
    assert exits_of(finish(simulation), 1).count(WINDOW) == 1


@emulating
def test_refused_message_disturbs_nobody(generation: str, backend: str) -> None:
    simulation = enter_a_handler(machine(generation, backend))

    assert till_it_has_come(simulation, SendMsi(0xFEE0_1000, 0x05)) == []


@emulating
def test_second_nmi_takes_the_first_ones_handler_out_and_comes_at_its_iret(generation: str, backend: str) -> None:
    simulation = Simulation(2, backend, generation=generation)
    nmi = signal(1, DeliveryMode.NMI)
    simulation.apply(nmi)
    while not simulation.machine.cpus[1].nmi_running or simulation.processors[1].in_host:
        simulation.run(operations=1)
    simulation.take_log()

    assert till_it_has_come(simulation, nmi) == [KICK]

    assert exits_of(finish(simulation), 1).count("NMI window") == 1
    assert simulation.machine.cpus[1].nmi_count == 2


def test_interrupt_of_the_8259_kicks_as_any_other() -> None:
    simulation = enter_a_handler(machine("linux-2.6.22", "trap-emulate"))

    assert till_it_has_come(simulation, signal(1, DeliveryMode.EXTINT)) == [KICK]


def test_local_timer_that_the_hypervisor_has_kicks_too() -> None:
    simulation = enter_a_handler(machine("linux-2.6.22", "trap-emulate"))
    simulation.apply(WriteRegister(1, Register.LVT_TIMER, 0xEF))

    exits = exits_of(finish(simulation, WriteRegister(1, Register.TIMER_INITIAL_COUNT, 1)), 1)

    assert (exits[0], exits.count(KICK), exits.count(WINDOW)) == (KICK, 1, 1)


def test_own_ipi_needs_no_kick_for_its_sender_has_left_the_guest_to_send_it() -> None:
    simulation = Simulation(2, "trap-emulate", generation="linux-6")

    log = finish(simulation, CallGuest(0, "smp_send_reschedule", target=0))

    assert KICK not in exits_of(log, 0)
    assert exits_of(log, 0).count(WINDOW) == 1


@pytest.mark.parametrize("generation", GENERATIONS)
def test_xen_notifies_of_the_first_of_several_and_the_guest_finds_all_of_them(generation: str) -> None:
    simulation = enter_a_handler(machine(generation, "xen-evtchn"))
    stimuli = [signal(1, DeliveryMode.FIXED, vector) for vector in (0x61, 0x71)]

    first = till_it_has_come(simulation, stimuli[0])
    second = till_it_has_come(simulation, stimuli[1])
    log = finish(simulation)

    assert (first, second) == ([EVENT_CHECK], [])
    assert [event.vector for event in happened(log, HandlerEntered) if event.cpu == 1] == [0x61, 0x71]
    assert EVENT_CHECK not in exits_of(log, 1)


@pytest.mark.parametrize(("generation", "backend"), PAIRS, ids=lambda word: word)
def test_kick_is_booked_to_the_interrupt_that_it_announces(generation: str, backend: str) -> None:
    simulation = machine(generation, backend, WatchedSimulation)
    assert isinstance(simulation, WatchedSimulation)
    first = simulation.books.begin()
    simulation.apply(signal(1, DeliveryMode.FIXED, FIRST))
    run_to(simulation, HandlerEntered, 1)
    while simulation.processors[1].in_host:
        simulation.run(operations=1)
    second = simulation.books.begin()
    simulation.apply(signal(1, DeliveryMode.FIXED, SECOND))

    exits = till_it_has_come(simulation)

    (interrupt,) = second.interrupts
    assert interrupt.receiving.exits == len(exits) == len(at_the_kick(backend))
    assert first.interrupts[0].receiving.exits == 0
