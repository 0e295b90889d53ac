"""Stimuli from recordings and from journals."""

from importlib import resources

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import LowerPin, RaisePin, SendMsi
from app.commands.machine import Demonstrate, SetBackend, SetCostSheet, SetInterruptFlag
from app.costs.sheet import load_cost_sheet
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw.events import MessageSent, PinChanged
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import PROFILES
from app.pair.journal_script import journal_script
from app.pair.lock_step import LockStep
from app.pair.recorded_script import Machine, recorded_script
from app.pair.script import Cue, Script
from app.pair.watched import WatchedSimulation
from app.trace.check.replay import Replay
from app.trace.operations import Recording
from app.trace.readers.registry import read_recording
from app.x86.icr import DeliveryMode, Icr
from app.x86.vectors import FIRST_LEGAL_VECTOR

pytestmark = pytest.mark.slow

OLD, SHEET = "linux-2.6.22", load_cost_sheet("2007")


@pytest.fixture(scope="module")
def recording() -> Recording:
    file = resources.files("app.trace") / "samples" / "linux-6.1-boot-4cpu.qemu.log.gz"
    return read_recording(file.name, file.read_bytes())


@pytest.fixture(scope="module")
def script(recording: Recording) -> Script:
    return recorded_script(recording, Machine("native-xapic", OLD), Machine("vmi", OLD))


@pytest.mark.slow
def test_every_recorded_ipi_becomes_one_send(recording: Recording, script: Script) -> None:
    replay = Replay(recording)
    while not replay.finished:
        replay.step()

    sent = [cue for (cue,) in script.stimuli if isinstance(cue.command, SendIpi)]

    assert len(sent) == replay.ipis_sent
    assert all(isinstance(cue.command, SendIpi | SendMsi) for (cue,) in script.stimuli)


def test_vectors_are_told_by_name(script: Script) -> None:
    vectors = {cue.command.icr.vector for (cue,) in script.stimuli if isinstance(cue.command, SendIpi)}

    assert 0xFD not in vectors  # today's reschedule vector is 2.6.22's for the TLB
    assert any("numbered as linux-6" in remark for remark in script.remarks)


def test_what_a_comparison_counts_beside_it_is_said(script: Script) -> None:
    [said] = [remark for remark in script.remarks if "HLT" in remark]

    assert said.startswith("Only IPIs and devices' interrupts are done again")


@pytest.mark.slow
def test_recording_runs_to_its_end_on_both(script: Script) -> None:
    lock_step = LockStep(WatchedSimulation(4, "native-xapic", SHEET), WatchedSimulation(4, "vmi", SHEET))

    for stimulus in script.stimuli:
        lock_step.begin(stimulus)
        lock_step.run()
        assert lock_step.at_rest

    a, b = lock_step.totals()
    assert (a.exits, a.accesses) == (0, b.accesses)
    leaked = lock_step.b.simulation.counters.leaked
    assert leaked  # the CPUs that the recording starts read their APIC ID past apic_read
    assert b.hypercalls == b.accesses - leaked  # every other access is a call, and nothing else is
    assert lock_step.a.unfinished == set()


def test_what_is_above_the_register_is_called_where_one_replaces_it(recording: Recording) -> None:
    script = recorded_script(recording, Machine("native-x2apic", "linux-6"), Machine("kvm-pv", "linux-6"))

    masks = [cue.command for (cue,) in script.stimuli if isinstance(cue.command, CallGuest)]

    assert {call.function for call in masks} <= {"send_ipi", "send_ipi_mask", "send_ipi_self", "send_ipi_allbutself"}
    several = [call.mask for call in masks if call.function == "send_ipi_mask"]
    assert several
    assert all(mask is not None and mask.bit_count() > 1 for mask in several)  # one CPU is no mask to a kernel of today
    assert any(call.function == "send_ipi" for call in masks)


def test_today_s_kernel_calls_its_own_functions_because_recorded_destinations_would_miss(recording: Recording) -> None:
    script = recorded_script(recording, Machine("native-xapic", "linux-6"), Machine("trap-emulate", "linux-6"))

    assert script.remarks[0].startswith("The recorded destinations would reach other CPUs under linux-6")
    vectors = [cue.command for (cue,) in script.stimuli if isinstance(cue.command, SendIpi)]
    assert {command.icr.delivery_mode for command in vectors} == {DeliveryMode.INIT, DeliveryMode.STARTUP}


def test_what_a_guest_without_an_apic_cannot_send_is_left_out_and_counted(recording: Recording) -> None:
    script = recorded_script(recording, Machine("native-xapic", "linux-6"), Machine("xen-evtchn", "linux-6"))

    assert not [cue for (cue,) in script.stimuli if isinstance(cue.command, SendIpi)]
    assert "which a guest without an APIC cannot send (11)" in script.remarks[-1]


def journal_of(simulation: Simulation) -> Script:
    return journal_script("it", simulation.beginning, simulation.journal, simulation.moment)


def test_command_that_found_the_machine_idle_begins_a_stimulus() -> None:
    simulation = Simulation(2)
    for _ in range(2):
        simulation.apply(SendIpi(0, Icr(0x51, destination=1)))
        simulation.run(until_idle=True)

    script = journal_of(simulation)

    assert [[cue.offset for cue in cues] for cues in script.stimuli] == [[0], [0]]


def test_command_that_found_it_busy_keeps_its_distance() -> None:
    simulation = Simulation(2)
    simulation.apply(SendIpi(0, Icr(0x51, destination=1)))
    simulation.run(until=700)
    simulation.apply(CallGuest(0, "send_ipi_self"))
    simulation.run(until_idle=True)

    script = journal_of(simulation)

    assert [[cue.offset for cue in cues] for cues in script.stimuli] == [[0, 700]]


def test_demonstration_becomes_what_it_did() -> None:
    simulation = Simulation(2)
    simulation.apply(Demonstrate(True))
    simulation.run(until=20_000)

    script = journal_of(simulation)

    assert len(script.stimuli) > 2
    assert script.stimuli[0][0].command == CallGuest(0, "smp_send_reschedule", target=1)


def test_each_act_of_a_demonstration_is_a_stimulus_whole_and_what_comes_into_it_keeps_its_distance() -> None:
    simulation = Simulation(4)
    simulation.apply(Demonstrate(True))
    while not any(isinstance(event, PinChanged) for _, event in simulation.take_log()):
        simulation.run(operations=1)
    assert not simulation.idle
    simulation.run(until=simulation.time + 100)
    simulation.apply(SetInterruptFlag(3, False))

    act, *_ = [cues for cues in journal_of(simulation).stimuli if cues[0].command == RaisePin(18)]

    assert [cue.command for cue in act] == [RaisePin(18), LowerPin(18), SetInterruptFlag(3, False)]
    assert act[0].offset == act[1].offset == 0
    assert act[2].offset >= 100


@pytest.mark.parametrize("operations", range(5))
def test_command_between_two_things_of_one_time_is_found_there(operations: int) -> None:
    """What became of it is the same in the session and in what is made of its journal, or that would say so."""
    simulation = Simulation(4)
    for cpu in range(4):
        simulation.apply(CallGuest(cpu, "smp_send_reschedule"))
    simulation.run(operations=operations)
    simulation.apply(CallGuest(0, "send_ipi_self"))
    simulation.run(until_idle=True)

    ((*_, last),) = journal_of(simulation).stimuli

    assert last == Cue(simulation.journal[-1].time, CallGuest(0, "send_ipi_self"))


def test_session_is_done_again_as_it_began_and_not_as_it_is_now() -> None:
    """With its own profile, and the back end and the sheet of its beginning."""
    simulation = Simulation(2, "native-x2apic", profile=PROFILES["kvm"], generation="linux-6")
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(operations=3)
    simulation.apply(SetBackend("xen-evtchn"))
    simulation.apply(SetCostSheet("skylake-sp?vm_exit=9000"))
    simulation.run(until_idle=True)
    simulation.apply(CallGuest(1, "smp_call_function"))
    simulation.run(until_idle=True)

    script = journal_of(simulation)

    called = [cue.command for cues in script.stimuli for cue in cues]
    assert called == [CallGuest(0, "smp_call_function"), CallGuest(1, "smp_call_function")]


def test_change_of_back_end_is_left_out_and_said() -> None:
    simulation = Simulation(2)
    simulation.apply(SetBackend("vmi"))
    simulation.apply(CallGuest(0, "send_ipi_self"))
    simulation.run(until_idle=True)

    script = journal_of(simulation)

    assert [cue.command for cues in script.stimuli for cue in cues] == [CallGuest(0, "send_ipi_self")]
    assert any("changed its back end" in remark for remark in script.remarks)


MACHINES = [
    Machine(name, kernel.name)
    for kernel in GENERATIONS.values()
    for name, definition in BACKENDS.items()
    if definition.reason_against(kernel) is None
]


#: Who is told by REBOOT_VECTOR to stop: a Xen guest has no port for it (``xen_map_vector``).
REBOOTED = 3


def recorded_deliveries(recording: Recording) -> int:
    """How many CPUs were told to take a vector by another's ICR, each time counted."""
    replay = Replay(recording)
    count = 0
    while not replay.finished:
        replay.step()
        for event in replay.machine.take_events():
            if isinstance(event, MessageSent) and isinstance(event.message, InterruptMessage):
                fixed = event.message.delivery_mode is DeliveryMode.FIXED
                if event.message.origin is Origin.IPI and fixed and event.message.vector >= FIRST_LEGAL_VECTOR:
                    count += len(replay.machine.targets(event.message))
    return count


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES, ids=" ".join)
def test_every_recorded_ipi_is_handled_by_whom_it_reached_on_every_machine(
    recording: Recording, machine: Machine
) -> None:
    partner = Machine("native-xapic", OLD)
    sheet = load_cost_sheet("sapphire-rapids")
    script = recorded_script(recording, machine, partner)
    lock_step = LockStep(
        *(WatchedSimulation(4, one.backend, sheet, generation=one.generation) for one in (machine, partner))
    )

    for stimulus in script.stimuli:
        lock_step.begin(stimulus)
        lock_step.run()

    for side, one in zip(lock_step.sides, (machine, partner), strict=True):
        without_a_port = REBOOTED if one.backend == "xen-evtchn" else 0
        wanted = recorded_deliveries(recording) - without_a_port
        ipis = [
            one
            for stretch in side.stretches
            for one in stretch.interrupts
            if one.from_cpu and one.delivery_mode is DeliveryMode.FIXED
        ]
        assert sum(len(one.handled) for one in ipis) == wanted
        assert [one for one in ipis if not one.targets or one.refused] == []
        devices = [one for stretch in side.stretches for one in stretch.interrupts if not one.from_cpu]
        assert [one for one in devices if not one.handled] == []
