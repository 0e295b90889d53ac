"""A record is all of a simulation: what is made of it goes on alike, here or in another process.

``APICSCOPE_RANDOM_SESSIONS=2000 pytest tests/history/test_record.py`` tries as many random sessions.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from random import Random
from typing import Any

import pytest

from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.machine import SetCostSheet
from app.engine.codec import NotRecordable
from app.engine.frames import Elsewhere
from app.engine.simulation import Simulation
from app.guest import handler_work
from app.guest.handler_work import DEVICE
from app.guest.steps import EnableInterrupts
from app.history.record import Record, from_state, hash_of, packed, state, unpacked
from app.history.versions import VERSION, OtherVersion
from app.hw.profile import KVM
from app.measure.running import keep_running
from app.x86.icr import DeliveryMode, Icr
from tests.engine.random_sessions import Choose, anything, play, redone, storm
from tests.engine.runs import PAIRS, finish, ipi, reschedule, signal, under_every_pair
from tests.history.random_moments import behind, kinds_of, moments

pytestmark = pytest.mark.slow  # many together

START = Icr(0x10, DeliveryMode.STARTUP, destination=1)
KINDS: list[Choose] = [anything, storm]
#: Random sessions of each kind under each pair of a kernel and a back end.
EACH = -(-int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "22")) // (len(PAIRS) * len(KINDS)))
of_every_kind = pytest.mark.parametrize("choose", KINDS, ids=lambda kind: kind.__name__)


def through_text(record: Record) -> Record:
    again: Record = json.loads(json.dumps(record))
    return again


@pytest.mark.timeout(1800)
@under_every_pair
@of_every_kind
def test_simulation_of_a_record_is_the_same_and_goes_on_alike(choose: Choose, generation: str, backend: str) -> None:
    for seed in range(EACH):
        for number, simulation in enumerate(moments(choose, generation, backend, seed)):
            record = state(simulation)
            restored = from_state(through_text(record))

            assert state(restored) == record, f"seed {seed}, moment {number}"
            restored.take_log()
            assert behind(restored, cuts=3) == behind(simulation), f"seed {seed}, moment {number}"


@under_every_pair
def test_simulation_that_was_another_becomes_the_one_of_the_record(generation: str, backend: str) -> None:
    for seed in range(2):
        spare: Simulation | None = None
        for simulation in moments(storm, generation, backend, seed):
            record = state(simulation)
            spare = from_state(through_text(record), spare)

            assert state(spare) == record
            assert behind(spare) == behind(simulation)
            assert spare.journal == []


def test_functions_that_a_spare_simulation_has_run_find_the_memory_of_the_record() -> None:
    """Requests in memory are made anew, and what the spare one remembers of its functions names the old ones."""
    simulation, spare = (Simulation(3, "native-x2apic", generation="linux-6") for _ in range(2))
    for one in (simulation, spare):
        one.apply(CallGuest(0, "smp_call_function"))
        one.run()
    from_state(state(simulation), spare)

    for one in (simulation, spare):
        one.apply(CallGuest(0, "smp_call_function"))
        one.run(operations=7)

    assert state(spare)["memory"]["requests"]
    assert state(spare) == state(simulation)


def test_another_process_goes_on_alike() -> None:
    records, here, kinds = [], [], Counter[str]()
    for choose in KINDS:
        for pair in PAIRS:
            for simulation in islice(moments(choose, *pair, seed=7), 6):
                kinds += kinds_of(simulation)
                records.append(json.dumps(state(simulation)))
                here.append(behind(simulation))

    there = subprocess.run(
        [sys.executable, "-m", "tests.history.random_moments"],
        input="\n".join(records),
        env=os.environ | {"PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert there.stdout.split("\n")[:-1] == here
    assert len(here) > 80
    assert kinds["host"] > 5
    assert kinds["wait"] > 5


def test_random_moments_come_upon_what_they_are_to_try() -> None:
    kinds: Counter[str] = Counter()
    for choose in KINDS:
        for pair in PAIRS:
            for seed in range(3):
                for simulation in moments(choose, *pair, seed):
                    kinds += kinds_of(simulation)

    wanted = {"switch", "demonstration", "flight", "SMM", "offered", "host", "kick", "wait", "other back end"}
    assert wanted | {"Call", "Take", "Deliver", "Serve", "StartSecondary", "DefaultIdle"} <= kinds.keys()


@under_every_pair
@of_every_kind
def test_hash_does_not_tell_how_a_run_was_cut(choose: Choose, generation: str, backend: str) -> None:
    for seed in range(2):
        played = play(choose, generation, backend, seed, looks=False)
        hashes = {hash_of(state(redone(played, cuts))) for cuts in (None, Random(1), Random(2))}

        assert len(hashes) == 1, f"seed {seed}"


def test_hash_tells_states_apart_and_not_programs() -> None:
    simulation = Simulation(2)
    record = state(simulation)
    simulation.apply(reschedule(0, 1))

    assert hash_of(record) == hash_of(record | {"version": 0, "fingerprint": "another"})
    assert hash_of(record) != hash_of(state(simulation))


def test_packed_record_is_small_and_the_same() -> None:
    simulation = Simulation(64, generation="linux-6")
    record = state(simulation)

    assert unpacked(packed(record)) == record
    assert len(packed(record)) < 3_000


def test_bytes_that_are_no_record_are_refused() -> None:
    with pytest.raises(ValueError, match="no packed record"):
        unpacked(b"anything")


def test_all_cpus_of_a_storm_are_inside_functions_and_go_on() -> None:
    simulation = Simulation(32, "kvm-pv", generation="linux-6")
    for cpu in range(32):
        simulation.apply(CallGuest(cpu, "smp_call_function"))
    simulation.run(operations=1_500)
    simulation.take_log()
    assert all(processor.frames for processor in simulation.processors)

    assert behind(from_state(state(simulation))) == behind(simulation)


@pytest.mark.parametrize("reference", ["2007?vm_exit=900&decode=0", "skylake-sp"])
def test_changed_cost_sheet_and_profile_are_in_the_record(reference: str) -> None:
    simulation = Simulation(2, "trap-emulate", profile=KVM)
    simulation.apply(SetCostSheet(reference))
    simulation.apply(reschedule(0, 1))
    simulation.run(operations=5)
    simulation.take_log()

    restored = from_state(through_text(state(simulation)))

    assert restored.sheet == simulation.sheet
    assert restored.machine.profile is KVM
    assert behind(restored) == behind(simulation)


def test_virtualised_apic_without_a_feature_stays_one_without_it() -> None:
    """A sheet of hardware before IPI virtualisation."""
    simulation = Simulation(2, "apicv", generation="linux-6")
    simulation.apply(SetCostSheet("skylake-sp"))
    simulation.apply(reschedule(0, 1))
    simulation.run(operations=3)
    simulation.take_log()
    restored = from_state(through_text(state(simulation)))

    assert restored.execution.backend.definition is simulation.execution.backend.definition
    assert restored.execution.backend.definition.lacks
    assert behind(restored) == behind(simulation)


@pytest.mark.parametrize(
    ("backend", "commands", "kind"),
    [
        ("trap-emulate", [CallGuest(1, "send_ipi_self"), signal(1, DeliveryMode.INIT)], "INIT"),
        ("native-xapic", [signal(1, DeliveryMode.SMI), signal(1, DeliveryMode.INIT)], "INIT"),
    ],
)
def test_reset_is_gone_on_with_from_its_middle(backend: str, commands: Sequence[Stimulus], kind: str) -> None:
    simulation = Simulation(2, backend)
    for command in commands:
        simulation.apply(command)
    while not kinds_of(simulation)[kind]:
        assert not simulation.idle
        simulation.run(to_tick=simulation.ticks + 1)
    simulation.take_log()

    restored = from_state(through_text(state(simulation)))

    assert behind(restored, cuts=5) == behind(simulation)


def test_function_that_an_nmi_kept_from_beginning_begins_behind_it() -> None:
    """An NMI reached the CPU while it waited for its start-up IPI."""
    simulation = Simulation(2)
    finish(simulation, signal(1, DeliveryMode.INIT))
    finish(simulation, signal(1, DeliveryMode.NMI))
    simulation.apply(SendIpi(0, START))
    while not kinds_of(simulation)["unstarted"]:
        simulation.run(to_tick=simulation.ticks + 1)
    simulation.take_log()

    restored = from_state(through_text(state(simulation)))

    assert [frame.name for frame in restored.processors[1].frames] == ["start_secondary", "do_nmi"]
    assert behind(restored) == behind(simulation)


# What is refused


@pytest.mark.parametrize("change", [{"version": VERSION + 1}, {"fingerprint": "another"}, {"version": None}])
def test_record_of_another_program_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(OtherVersion, match="another version of apicscope"):
        from_state(state(Simulation(2)) | change)


def test_simulation_of_another_machine_does_not_become_the_one_of_a_record() -> None:
    with pytest.raises(ValueError, match="another machine"):
        from_state(state(Simulation(2)), Simulation(3))


def test_record_whose_guest_code_has_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(2)
    simulation.apply(ipi(0, 1, 0x51))
    while simulation.processors[1].last_step != DEVICE:
        simulation.run(operations=1)
    record = state(simulation)
    monkeypatch.setattr(handler_work, "DEVICE", EnableInterrupts())

    with pytest.raises(Elsewhere, match="do_irq under native-xapic stands at EnableInterrupts"):
        from_state(record)


def test_function_that_was_begun_past_the_guest_cannot_be_recorded() -> None:
    simulation = Simulation(2)
    keep_running(simulation)

    with pytest.raises(NotRecordable, match="cpu_idle_poll"):
        state(simulation)
