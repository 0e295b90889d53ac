"""A state of which parts were kept is the state as it would be built anew: after every step, of every machine."""

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalogue import BACKENDS, generation_for
from app.commands.command import Stimulus
from app.commands.guest import SendIpi
from app.commands.lines import RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.reading import read_command
from app.commands.table import Command
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.engine.waits import Waits
from app.guest.generations import GENERATIONS
from app.guest.steps import Acknowledge, EnterNmi, Fence
from app.history.slices import at_once as in_one_go
from app.hw.cpu import Cpu
from app.hw.event_channels import EventChannels
from app.hw.local_apic import LocalApic
from app.hw.profile import PROFILES
from app.hw.timer import Timer
from app.pair.lock_step import LockStep
from app.pair.script import at_once
from app.pair.watched import WatchedSimulation
from app.session.drive import NotPossible
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.simulated import SimulatedDrive
from app.state.kept_state import SHOWN
from app.state.snapshot import cpu_state, io_apic_state, recorded_cpu_state
from app.trace.readers.registry import read_recording
from app.x86.icr import DeliveryMode, Icr, Shorthand
from tests.commands.strategies import Raw, stimuli

CPUS = 3


def assert_as_built_anew(drive: SimulatedDrive) -> None:
    state = drive.state()
    simulation = drive.simulation
    waits = Waits(drive.machine, simulation.processors, simulation.in_flight.values(), idle=simulation.idle)
    assert state["cpus"] == [
        cpu_state(processor, waits.of(processor), drive.vector_names) for processor in simulation.processors
    ]
    assert state["ioapic"] == io_apic_state(drive.machine.io_apic)


def apply(drive: SimulatedDrive, command: Command) -> None:
    assert isinstance(command, Stimulus)
    try:
        drive.apply(command)
    except NotPossible:
        return


@given(
    st.sampled_from(sorted(BACKENDS)),
    st.sampled_from(sorted(PROFILES)),
    st.lists(st.tuples(stimuli(CPUS), st.lists(st.integers(1, 7), max_size=12)), max_size=8),
)
def test_kept_state_is_the_state_after_every_command_and_step(
    backend: str, profile: str, course: list[tuple[Raw, list[int]]]
) -> None:
    drive = SimulatedDrive(Simulation(CPUS, backend, profile=PROFILES[profile]))
    for raw, steps in course:
        apply(drive, read_command(raw, CPUS))
        assert_as_built_anew(drive)
        for operations in steps:
            drive.run(operations=operations)
            assert_as_built_anew(drive)


@given(
    st.sampled_from(sorted(BACKENDS)),
    st.lists(st.tuples(stimuli(CPUS), st.integers(0, 9), st.floats(0, 1), st.booleans()), max_size=8),
)
def test_kept_state_is_the_state_at_every_moment_gone_to_and_in_every_branch_begun_there(
    backend: str, course: list[tuple[Raw, int, float, bool]]
) -> None:
    drive = SimulatedDrive(Simulation(CPUS, backend))
    for raw, operations, share, goes in course:
        apply(drive, read_command(raw, CPUS))
        drive.run(operations=operations)
        assert_as_built_anew(drive)
        if goes:
            in_one_go(drive.seeker(round(share * drive.timeline.head.tick), None, None))
            assert_as_built_anew(drive)


@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_kept_state_follows_a_storm_operation_by_operation(backend: str) -> None:
    drive = SimulatedDrive(Simulation(4, backend))
    for cpu in range(4):
        apply(drive, SendIpi(cpu, Icr(0x51 + cpu, shorthand=Shorthand.ALL_EXCLUDING_SELF)))
    apply(drive, SendIpi(0, Icr(0, DeliveryMode.NMI, destination=2)))
    apply(drive, RaisePin(18))
    apply(drive, SetInterruptFlag(3, False))
    for _ in range(600):
        drive.run(operations=1)
        assert_as_built_anew(drive)


def test_kept_state_of_a_pair_s_machines_is_theirs() -> None:
    machines = [WatchedSimulation(3, name, generation=generation_for("vmi")) for name in ("native-xapic", "vmi")]
    lock_step = LockStep(*machines)
    drives = [SimulatedDrive(machine) for machine in machines]
    lock_step.begin(at_once(SendIpi(0, Icr(0x51, shorthand=Shorthand.ALL_EXCLUDING_SELF))))
    while not lock_step.at_rest:
        lock_step.run(1)
        for drive in drives:
            assert_as_built_anew(drive)


def test_kept_state_of_a_recording_is_its_machine_s() -> None:
    file = resources.files("app.trace") / "samples" / "linux-6.1-boot-4cpu.qemu.log.gz"
    drive = RecordedDrive(file.name, recorded_timeline(read_recording(file.name, file.read_bytes())))
    for _ in range(300):
        drive.run(operations=7)
        state = drive.state()
        assert state["cpus"] == [recorded_cpu_state(cpu, drive.vector_names) for cpu in drive.machine.cpus]
        assert state["ioapic"] == io_apic_state(drive.machine.io_apic)


def test_cpu_in_which_nothing_changed_is_not_built_again() -> None:
    drive = SimulatedDrive(Simulation(4))
    before = drive.state()["cpus"]
    drive.apply(SetInterruptFlag(2, False))

    after = drive.state()["cpus"]

    assert [old is new for old, new in zip(before, after, strict=True)] == [True, True, False, True]
    assert drive.state()["ioapic"] is drive.state()["ioapic"]


#: Fields that no state shows: fixed for ever, seen through others, or what has happened and not what is.
NOT_SHOWN = {
    Cpu: {"number", "services", "_inta", "_flag_before_smm", "nmi_count", "starts", "apic", "event_channels"},
    LocalApic: {
        *("cpu", "initial_id", "profile", "services", "refuses_while_disabled"),
        *("esr_pending", "absence_noticed", "retries"),  # shows when it becomes something else
        *("lvt", "lint_lines", "retried_sources", "timer", "coalesced"),  # marked by themselves
    },
    Timer: set[str](),
    Processor: {
        "cpu",
        "calls",
        "frames",
        "scheduled",
        "eoi_offered",
        "starts",
        "kicked",
        "spins",
        "stirred",
        "windows",
    },
    EventChannels: {"_cpu", "_services", "coalesced"},  # the last is marked by itself
    Frame: {
        *("code", "point", "value", "previous_flag", "stands"),
        *("kept", "carried", "handler_begun", "kick"),
    },
}


@pytest.mark.parametrize("kind", list(NOT_SHOWN), ids=lambda kind: kind.__name__)
def test_every_field_of_the_model_is_in_the_mark_or_known_to_show_nowhere(kind: type) -> None:
    marked = {name.split(".")[0] for name in SHOWN[kind.__name__]}

    assert marked | NOT_SHOWN[kind] == set(kind.__slots__)  # type: ignore[attr-defined]
    assert not marked & NOT_SHOWN[kind]


def test_every_kernel_has_a_back_end_among_those_tested() -> None:
    assert {generation_for(backend) for backend in BACKENDS} == set(GENERATIONS)


def test_steps_that_say_nothing_are_told_apart_by_what_they_are() -> None:
    drive = SimulatedDrive(Simulation(2))
    apply(drive, SendIpi(0, Icr(0x51, destination=1)))
    drive.run(operations=2)
    processor = drive.simulation.processors[0]
    assert processor.frames

    for step in (Fence(), EnterNmi(), Acknowledge()):
        processor.last_step = step
        assert_as_built_anew(drive)
