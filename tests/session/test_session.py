"""A session does what it is asked, in the order in which it is asked, and holds nobody up."""

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest

from app.commands.fields import InvalidCommand
from app.commands.guest import CallGuest, SendIpi
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.registers import ReadRegister, WriteRegister
from app.commands.transport import Pause, Run, RunUntilIdle, SetSpeed, StepBy
from app.engine.simulation import Simulation
from app.session.drive import NotPossible
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.state.shapes import CpuState
from app.x86.icr import DestinationMode, Icr
from app.x86.registers import Register
from tests.engine.runs import drive_pin
from tests.session.living import PERIODIC_TIMER, TO_CPU_1, busy_without_end, let_it_live, until

if TYPE_CHECKING:
    from app.commands.table import Command

pytestmark = pytest.mark.anyio


def cpu(session: Session, number: int) -> CpuState:
    return session.state()["cpus"][number]


def requested(session: Session, number: int) -> int:
    return int(cpu(session, number)["irr"], 16)


async def test_first_state_is_there_at_once(session: Session) -> None:
    assert session.state()["seq"] == 1
    assert session.state()["time"] == 0
    assert session.cpu_count == 2


async def test_commands_are_applied_in_their_order_and_numbered(session: Session) -> None:
    commands = [SetInterruptFlag(1, flag) for flag in (False, True, False, True, False)]

    answers = await asyncio.gather(*(session.submit(command) for command in commands))

    assert [answer.command for answer in answers] == [1, 2, 3, 4, 5]
    numbers = [answer.seq for answer in answers]
    assert numbers == sorted(numbers)
    assert cpu(session, 1)["held_off"] is True


async def test_answer_names_the_state_that_shows_the_command(session: Session) -> None:
    answer = await session.submit(SetInterruptFlag(1, False))

    assert answer.seq == session.state()["seq"]
    assert cpu(session, 1)["held_off"] is True


async def test_paused_time_stands_still(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await let_it_live()

    assert session.state()["time"] == 0
    assert session.state()["idle"] is False
    assert cpu(session, 0)["queued"] == ["apic_icr_write"]


async def test_step_does_as_many_operations_as_asked(session: Session) -> None:
    await session.submit(TO_CPU_1)

    answer = await session.submit(StepBy("operation", 3))

    assert answer.values == {"operations": 3}
    assert answer.text == "3 operations done."
    assert session.state()["time"] > 0


async def test_step_holds_a_running_session(session: Session) -> None:
    await session.submit(Demonstrate(True))
    await session.submit(Run())

    await session.submit(StepBy("operation", 1))
    held = session.state()["time"]
    await let_it_live()

    assert session.state()["paused"] is True
    assert session.state()["time"] == held


async def test_step_with_nothing_to_do_says_so(session: Session) -> None:
    answer = await session.submit(StepBy("operation", 5))

    assert answer.values == {"operations": 0}
    assert answer.text == "Nothing is left to do."


async def test_step_to_the_next_interrupt_stops_when_it_is_taken(session: Session) -> None:
    await session.submit(TO_CPU_1)

    await session.submit(StepBy("interrupt", 1))

    assert cpu(session, 1)["in_service"] == [0x51]
    assert session.state()["counters"]["interrupts_taken"] == 1


async def test_run_until_idle_ends_when_nothing_is_left(session: Session) -> None:
    await session.submit(TO_CPU_1)

    answer = await session.submit(RunUntilIdle(1_000_000))

    assert answer.values["idle"] is True
    assert answer.values["operations"] > 3
    assert session.state()["counters"]["eois"] == 1
    assert session.state()["paused"] is True


async def test_run_until_idle_stops_at_its_limit(session: Session) -> None:
    await busy_without_end(session)

    answer = await session.submit(RunUntilIdle(100))

    assert answer.values == {"idle": False, "operations": 100}
    assert answer.text == "Still busy after 100 operations."


async def test_run_until_idle_ends_the_demonstration(session: Session) -> None:
    await session.submit(Demonstrate(True))

    answer = await session.submit(RunUntilIdle(1_000_000))

    assert answer.values["idle"] is True
    assert session.state()["demonstration"] is False


async def test_run_until_idle_changes_nothing_where_nothing_is_left_to_do(session: Session) -> None:
    await session.submit(SendIpi(0, Icr(0x61, destination=9)))
    await session.submit(RunUntilIdle(1_000_000))
    before = session.state()

    await session.submit(RunUntilIdle(1_000_000))

    assert [ending["fresh"] for ending in before["endings"]] == [True]
    assert session.state() | {"seq": before["seq"]} == before


async def test_read_answers_the_value(session: Session) -> None:
    await session.submit(WriteRegister(1, Register.TPR, 0x60))

    answer = await session.submit(ReadRegister(1, Register.TPR))

    assert answer.values == {"value": "0x00000060"}


async def test_bad_json_is_refused_and_the_session_goes_on(session: Session) -> None:
    with pytest.raises(InvalidCommand):
        await session.submit_raw({"type": "send_ipi", "cpu": 2, "vector": 64})

    assert (await session.submit_raw({"type": "set_interrupt_flag", "cpu": 1, "enabled": False})).command == 1


async def test_flat_out_session_becomes_idle_and_sleeps(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(Run())
    await until(session, lambda state: state["idle"] and state["counters"]["eois"] == 1)

    rest = session.state()["time"]
    await let_it_live()

    assert session.state()["time"] == rest
    assert requested(session, 1) == 0


async def test_flat_out_session_leaves_others_their_turn(session: Session) -> None:
    await busy_without_end(session)
    await session.submit(Run())
    times = []
    for flag in (False, True) * 5:
        await session.submit(SetInterruptFlag(1, flag))
        times.append(session.state()["time"])
        await asyncio.sleep(0)

    assert times == sorted(times)
    assert len(set(times)) > 1


async def test_slow_motion_answers_while_it_waits(session: Session) -> None:
    # At this speed the next operation is a wall second away at most; nobody waits for it.
    await session.submit(SetSpeed(1.0))
    await session.submit(TO_CPU_1)
    await session.submit(Run())
    for flag in (False, True):
        await session.submit(SetInterruptFlag(1, flag))

    assert session.state()["speed"] == 1.0
    assert session.state()["time"] < 1000


async def test_pause_is_heard_during_slow_motion(session: Session) -> None:
    await session.submit(Demonstrate(True))
    await session.submit(SetSpeed(400.0))
    await session.submit(Run())

    await session.submit(Pause())
    held = session.state()["time"]
    await let_it_live()

    assert session.state()["time"] == held


@pytest.mark.slow
async def test_step_to_an_interrupt_that_never_comes_ends(session: Session) -> None:
    await session.submit(SetInterruptFlag(0, False))
    for command in PERIODIC_TIMER:
        await session.submit(command)

    answer = await asyncio.wait_for(session.submit(StepBy("interrupt", 1)), 100)

    assert session.state()["counters"]["interrupts_taken"] == 0
    assert answer.values["operations"] > 1000


async def test_call_waits_its_turn_on_a_busy_cpu(session: Session) -> None:
    for _ in range(3):
        await session.submit(CallGuest(0, "smp_call_function"))
    await session.submit(StepBy("operation", 2))

    assert cpu(session, 0)["queued"] == ["smp_call_function"] * 2
    assert cpu(session, 0)["call_stack"][0]["function"] == "smp_call_function"


async def test_drive_that_cannot_says_why_and_the_session_goes_on(session: Session) -> None:
    class Deaf(SimulatedDrive):
        def apply(self, command: object) -> None:
            raise NotPossible("nobody listens")

    deaf = Session("DEAF", "", Deaf(Simulation(1)), paused=True, speed=None)
    try:
        with pytest.raises(NotPossible, match="nobody listens"):
            await deaf.submit(SetInterruptFlag(0, False))
        assert (await deaf.submit(Pause())).command == 1
    finally:
        await deaf.close()


@pytest.mark.parametrize(
    ("backend", "generation", "name"),
    [
        ("native-xapic", "linux-2.6.22", "reschedule"),
        ("native-xapic", "linux-6", "call function"),
        ("native-x2apic", "linux-6", "call function"),
    ],
)
async def test_preview_is_by_the_session_s_kernel_and_the_mode_of_its_apics(
    backend: str, generation: str, name: str
) -> None:
    made = Session("SEEN", "", SimulatedDrive(Simulation(2, backend, generation=generation)), paused=True, speed=None)
    try:
        reached = made.preview(SendIpi(0, Icr(0xFC, destination=1)))
        lost = made.preview(SendIpi(0, Icr(0xFC, destination=0x77)))
    finally:
        await made.close()

    assert reached.sentences == ["Will reach CPU 1."], "and no word of a page that was left"
    assert lost.sentences == [f"Nobody has APIC ID 0x77: 0xfc ({name}) would be lost."]


@pytest.mark.slow
async def test_busy_session_that_nobody_watches_lets_go_of_what_happened(session: Session) -> None:
    await busy_without_end(session)
    for command in (SetSpeed(None), Run()):
        await session.submit(command)
    first = session.hub.seq

    async with asyncio.timeout(30):
        while session.hub.seq < first + 2:  # each publication takes the log, which would grow for ever
            await let_it_live()

    assert not session.hub.viewers


@pytest.mark.parametrize("seed", range(10))
async def test_journal_repeats_what_people_did_while_they_stepped(seed: int) -> None:
    chance, simulation = Random(seed), Simulation(4)
    session = Session("TEST", "four CPUs", SimulatedDrive(simulation), paused=True, speed=None)
    others: list[Command] = [Demonstrate(True), StepBy("interrupt", 1), RunUntilIdle(30), SetInterruptFlag(0, True)]
    for _ in range(10):
        commands: list[Command] = [
            CallGuest(chance.randrange(4), chance.choice(["smp_send_reschedule", "smp_call_function"])),
            drive_pin(18, chance.randrange(2)),
            StepBy("operation", chance.randrange(1, 4)),
            chance.choice(others),
            StepBy("operation", chance.randrange(1, 40)),
        ]
        for command in commands:
            await session.submit(command)
    state = session.state()["cpus"]
    await session.close()

    again = Simulation(*simulation.beginning)
    for entry in simulation.journal:
        again.run_to(entry.moment)
        again.apply(entry.command)
    again.run_to(simulation.moment)

    assert SimulatedDrive(again).state()["cpus"] == state
    assert again.counters == simulation.counters


async def test_cpu_s_queue_of_calls_is_bounded_while_time_stands_still(session: Session) -> None:
    for _ in range(64):
        await session.submit(TO_CPU_1)

    with pytest.raises(NotPossible, match="64 calls wait on CPU 0 already"):
        await session.submit(TO_CPU_1)

    assert len(cpu(session, 0)["queued"]) == 64
    await session.submit(SendIpi(1, Icr(0x51, destination=0)))  # another CPU's queue has room


CLUSTER_1 = SendIpi(0, Icr(0x51, destination_mode=DestinationMode.LOGICAL, destination=0x0001_0001))


async def test_destination_too_wide_for_the_guest_s_mode_is_refused_and_foreseen_by_its_field(session: Session) -> None:
    for refused in (lambda: session.preview(CLUSTER_1), lambda: session.drive.apply(CLUSTER_1)):
        with pytest.raises(NotPossible, match=r"0x10001 does not fit: .* xAPIC mode, .* 8 bits") as why:
            refused()
        assert why.value.field == "destination"

    assert cpu(session, 0)["queued"] == []


@pytest.mark.parametrize(
    ("destination", "mode", "reached"),
    [
        (0x0001_0001, DestinationMode.LOGICAL, [16]),
        (0x0001_000F, DestinationMode.LOGICAL, [16, 17, 18]),
        (0xFFFF_FFFF, DestinationMode.PHYSICAL, list(range(19))),
        (0x0001_0001, DestinationMode.PHYSICAL, []),
    ],
)
def test_guest_in_x2apic_mode_writes_all_32_bits_of_a_destination(
    destination: int, mode: DestinationMode, reached: list[int]
) -> None:
    drive = SimulatedDrive(Simulation(19, "native-x2apic"))
    command = SendIpi(0, Icr(0x51, destination_mode=mode, destination=destination))
    foreseen = drive.preview(command)
    assert foreseen.receivers == reached
    for number in range(19):
        drive.apply(SetInterruptFlag(number, False))

    drive.apply(command)
    drive.run()

    assert drive.machine.cpus[0].apic.icr == foreseen.icr
    assert foreseen.icr >> 32 == destination
    assert [one.number for one in drive.machine.cpus if 0x51 in one.apic.irr] == reached
