"""What goes past the guest, as a session answers it; and what this session's machine cannot do."""

from collections.abc import AsyncIterator

import pytest

from app.commands.lines import FireLocalSource, LowerLegacyLine, LowerLint, RaiseLegacyLine, RaiseLint, SendMsi
from app.commands.machine import SetInterruptFlag
from app.commands.registers import Rdmsr, WriteCr8, WriteRegister, Wrmsr
from app.commands.table import Command
from app.commands.transport import Run, RunUntilIdle, SetSpeed, StepBy
from app.engine.simulation import Simulation
from app.hw.profile import INTEL_P6, INTEL_XEON
from app.session.drive import NotPossible
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.state.shapes import CpuState
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, Msr
from app.x86.registers import Register
from tests.session.living import TO_CPU_1, until

pytestmark = pytest.mark.anyio

BASE = Msr.IA32_APIC_BASE
SWITCHED_OFF = Wrmsr(1, BASE, RESET_BASE)
DEVICE = SendMsi(0xFEE0_1000, 0x51)
ENOUGH = RunUntilIdle(1_000_000)


@pytest.fixture
async def p6() -> AsyncIterator[Session]:
    """A paused machine of the P6 family whose CPU 1 takes no interrupts."""
    made = Session("P6", "", SimulatedDrive(Simulation(2, profile=INTEL_P6)), paused=True, speed=None)
    await made.submit(SetInterruptFlag(1, False))
    yield made
    await made.close()


def cpu(session: Session, number: int) -> CpuState:
    return session.state()["cpus"][number]


# Answers


async def test_msr_that_was_read_answers_its_value(session: Session) -> None:
    answer = await session.submit(Rdmsr(0, BASE))

    assert answer.values == {"value": "0xfee00900"}
    assert answer.text == "It reads 0xfee00900."


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (Rdmsr(1, 0x802), "the APIC is not in x2APIC mode"),
        (Rdmsr(1, 0x10), "no register is there"),
        (Wrmsr(1, BASE, RESET_BASE | X2APIC_ENABLE), "EXTD without EN, or x2APIC mode on a CPU that has none"),
        (Wrmsr(1, BASE, RESET_BASE | APIC_ENABLE | 1), "a reserved bit is set"),
        (WriteCr8(1, 16), "a reserved bit is set"),
    ],
)
async def test_access_that_faults_answers_why_and_changes_nothing(
    session: Session, command: Command, fault: str
) -> None:
    before = cpu(session, 1)

    answer = await session.submit(command)

    assert answer.values == {"fault": fault}
    assert answer.text == f"#GP: {fault}."
    assert cpu(session, 1) == before


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Wrmsr(1, BASE, 0xFEE0_0C00), "CPU 1: MSR 0x1b was written: 0xfee00c00."),
        (WriteCr8(1, 5), "CPU 1: CR8 was written: 0x5."),
        (RaiseLint(1, 0), "CPU 1: LINT0 is up."),
        (LowerLint(1, 1), "CPU 1: LINT1 is down."),
        (FireLocalSource(1, Register.LVT_THERMAL), "CPU 1: the source of LVT THERMAL (0x330) has fired."),
        (RaiseLegacyLine(8), "Line 8 of the 8259 is up."),
        (LowerLegacyLine(8), "Line 8 of the 8259 is down."),
    ],
    ids=lambda parameter: parameter if isinstance(parameter, str) else "",
)
async def test_what_was_done_is_said_in_words(session: Session, command: Command, text: str) -> None:
    answer = await session.submit(command)

    assert (answer.text, answer.values) == (text, {})


async def test_mode_and_pins_are_seen_at_once(session: Session) -> None:
    await session.submit(Wrmsr(1, BASE, 0xFEE0_0C00))
    await session.submit(RaiseLint(1, 1))
    await session.submit(WriteCr8(1, 5))

    state = cpu(session, 1)
    assert (state["apic_mode"], state["apic_base"]) == ("x2apic", "0x00fee00c00")
    assert (state["lint"], state["tpr"]) == ([0, 1], "0x50")


# What it cannot do


async def test_source_that_this_machine_lacks_is_refused_in_words(session: Session) -> None:
    with pytest.raises(NotPossible, match="profile intel-sdm has no LVT_CMCI entry"):
        await session.submit(FireLocalSource(1, Register.LVT_CMCI))

    assert (await session.submit(FireLocalSource(1, Register.LVT_PERFORMANCE))).command == 1


async def test_source_that_the_profile_has_fires() -> None:
    drive = SimulatedDrive(Simulation(1, profile=INTEL_XEON))

    drive.apply(WriteRegister(0, Register.LVT_CMCI, 0x61))
    drive.apply(FireLocalSource(0, Register.LVT_CMCI))
    drive.run()

    assert drive.interrupts_taken == 1
    assert drive.state()["cpus"][0]["lvt"]["cmci"] == "0x00000061"


async def test_messages_that_wait_for_room_do_not_pile_up_without_end(p6: Session) -> None:
    for _ in range(257):
        await p6.submit(DEVICE)
        await p6.submit(ENOUGH)  # the first is requested, and no other finds room

    with pytest.raises(NotPossible, match="256 messages are on their way already"):
        await p6.submit(DEVICE)
    assert p6.state()["in_flight"] == []


async def test_messages_that_waited_for_room_come_one_by_one_when_there_is_some(p6: Session) -> None:
    for _ in range(3):
        await p6.submit(DEVICE)
    await p6.submit(ENOUGH)

    await p6.submit(SetInterruptFlag(1, True))
    answer = await p6.submit(ENOUGH)

    assert answer.values["idle"] is True
    assert p6.state()["counters"]["interrupts_taken"] == 3


# Steps and looks


async def test_step_to_the_next_interrupt_stops_at_an_extint_too(session: Session) -> None:
    await session.submit(WriteRegister(0, Register.LVT_LINT0, 0x700))
    await session.submit(RaiseLegacyLine(1))

    await session.submit(StepBy("interrupt", 1))

    assert [handler["vector"] for handler in cpu(session, 0)["handlers"]] == [0x21]
    assert cpu(session, 0)["in_service"] == []


async def test_looking_at_an_apic_that_is_off_is_no_access_to_it(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(SWITCHED_OFF)
    await session.submit(ENOUGH)
    session.drive.take_log()

    for _ in range(3):
        session.viewers_changed()
        assert cpu(session, 1)["icr_fields"]["delivery_status"] == "idle"

    assert session.drive.take_log() == []


async def test_sender_is_shown_as_busy_until_its_message_has_arrived(session: Session) -> None:
    await session.submit(TO_CPU_1)
    while not session.state()["in_flight"]:
        await session.submit(StepBy("operation", 1))
    busy = cpu(session, 0)["icr_fields"]["delivery_status"]
    await session.submit(ENOUGH)

    assert (busy, cpu(session, 0)["icr_fields"]["delivery_status"]) == ("send_pending", "idle")


async def test_source_that_waits_for_room_is_shown_as_pending(p6: Session) -> None:
    await p6.submit(DEVICE)
    await p6.submit(ENOUGH)
    await p6.submit(WriteRegister(1, Register.LVT_PERFORMANCE, 0x51))

    await p6.submit(FireLocalSource(1, Register.LVT_PERFORMANCE))

    assert int(cpu(p6, 1)["lvt"]["performance"], 16) >> 12 & 1


async def test_session_in_slow_motion_outlives_a_deadline_that_never_comes(session: Session) -> None:
    await session.submit(WriteRegister(0, Register.LVT_TIMER, 0xEF | 2 << 17))
    await session.submit(Wrmsr(0, Msr.IA32_TSC_DEADLINE, (1 << 64) - 1))
    await session.submit(SetSpeed(1e6))
    await session.submit(Run())

    await session.submit(TO_CPU_1)
    await until(session, lambda state: state["counters"]["eois"] == 1)

    assert session.state()["time"] < 10_000_000
