"""What ended otherwise than by acceptance since somebody acted last."""

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import ConfigurePin, RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister
from app.engine.codec import Decoder, encode
from app.engine.endings import ENDINGS_KNOWN, MAY_END, Ending
from app.engine.event_log import EVENTS_KEPT
from app.engine.simulation import Simulation
from app.history.record import from_state, state
from app.hw.events import ErrorNoticed, Merged, NoTarget, PinChanged, Reason, Refused, SendRefused
from app.x86.icr import Icr, Shorthand
from app.x86.redirection import MASKED
from app.x86.registers import Register


def events_of(simulation: Simulation) -> list[type]:
    return [type(ending.event) for ending in simulation.endings]


def with_masked_pin() -> Simulation:
    simulation = Simulation(2)
    simulation.apply(ConfigurePin(1, MASKED))
    return simulation


def test_nothing_has_ended_in_a_machine_that_has_just_booted() -> None:
    assert Simulation(4).endings == ()


def test_message_for_nobody_is_fresh_until_somebody_acts_again() -> None:
    simulation = Simulation(4)
    simulation.apply(SendIpi(0, Icr(0x61, destination=9)))
    simulation.run(until_idle=True)
    assert [(type(one.event), one.fresh) for one in simulation.endings] == [(NoTarget, True)]

    simulation.apply(SetInterruptFlag(1, False))

    assert [(type(one.event), one.fresh) for one in simulation.endings] == [(NoTarget, False)]


def test_what_the_act_itself_ends_is_known_after_it() -> None:
    simulation = with_masked_pin()

    simulation.apply(RaisePin(1))

    assert events_of(simulation) == [PinChanged]


def test_act_that_cannot_be_done_leaves_what_is_known() -> None:
    simulation = with_masked_pin()
    simulation.apply(RaisePin(1))
    before = simulation.endings

    with pytest.raises(IndexError):
        simulation.apply(WriteRegister(9, Register.TPR, 0))

    assert simulation.endings == before


def test_equal_endings_at_many_cpus_are_one_that_is_counted() -> None:
    simulation = Simulation(8)
    for cpu in range(1, 8):
        simulation.apply(WriteRegister(cpu, Register.SVR, 0xFF))
    simulation.apply(SendIpi(0, Icr(0x61, shorthand=Shorthand.ALL_EXCLUDING_SELF)))
    simulation.run(until_idle=True)

    [ending] = simulation.endings

    assert isinstance(ending.event, Refused)
    assert (ending.event.cpu, ending.event.reason, ending.times) == (1, Reason.SOFTWARE_DISABLED, 7)


def test_newest_stands_last_and_only_a_few_are_known() -> None:
    simulation = Simulation(2)
    for vector in range(8):
        simulation.apply(SendIpi(0, Icr(vector, destination=1)))
    simulation.run(until_idle=True)

    assert events_of(simulation)[-2:] == [SendRefused, ErrorNoticed]
    assert len(simulation.endings) == ENDINGS_KNOWN


def test_merged_request_is_an_ending() -> None:
    simulation = Simulation(2)
    simulation.apply(SetInterruptFlag(1, False))
    for _ in range(3):
        simulation.apply(SendIpi(0, Icr(0x61, destination=1)))
    simulation.run(until_idle=True)

    [ending] = simulation.endings

    assert (type(ending.event), ending.times, ending.fresh) == (Merged, 2, True)


def test_ending_is_known_however_much_has_happened_since() -> None:
    simulation = with_masked_pin()
    simulation.apply(RaisePin(1))
    before = simulation.endings
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(until_idle=True)
    simulation._log.put_endings(before)
    for number in range(2 * EVENTS_KEPT):
        simulation.record(ErrorNoticed(0, 1 << number % 2))

    assert len(simulation.endings) == 3
    assert simulation.endings[0] == before[0]


def test_record_of_a_moment_has_what_had_ended_there() -> None:
    simulation = Simulation(4)
    simulation.apply(SendIpi(0, Icr(0x61, destination=9)))
    simulation.run(until_idle=True)

    assert from_state(state(simulation)).endings == simulation.endings != ()


@pytest.mark.parametrize(
    "event",
    [
        Refused(1, 0x61, 0, Reason.IN_SMM, 5),  # type: ignore[arg-type]
        PinChanged(1, 1, "the pin is masked"),
        NoTarget(4, 0x61, Reason.NO_SUCH_DESTINATION, (1, 2)),  # type: ignore[arg-type]
    ],
)
def test_ending_comes_back_from_a_record_as_it_was(event: object) -> None:
    assert Decoder().decode(encode(event)) == event


def test_every_event_whose_kind_says_so_may_be_an_ending() -> None:
    assert {kind.__name__ for kind in MAY_END} >= {"Refused", "NoTarget", "PinChanged", "LocalSourceDropped", "Merged"}
    assert Ending(ErrorNoticed(0, 1), 1).event.kind.ended
