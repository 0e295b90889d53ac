"""The shape of the state: what scripts and outside checks rely on, key by key."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.lines import LowerLint, RaiseLint
from app.commands.reading import read_command
from app.engine.simulation import Simulation
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.session.simulated import SimulatedDrive
from tests.commands.strategies import Raw, stimuli

CPUS = 3
State = dict[str, Any]

COUNTERS = {"ipis_sent", "accesses", "leaked", "exits", "hypercalls", "cycles", "messages"} | {
    "accepted",
    "merged",
    "refused",
    "interrupts_taken",
    "eois",
}
#: Every key of a CPU that is text, with what the text looks like.
TEXTS = {
    "apic_base": r"0x[0-9a-f]{10}",
    "apic_mode": r"xapic|x2apic|disabled",
    "run_state": r"running|halted|wait_for_sipi",
    "irr": r"[0-9a-f]{64}",
    "isr": r"[0-9a-f]{64}",
    "tmr": r"[0-9a-f]{64}",
    "coalesced": r"[0-9a-f]{64}",
    "tpr": r"0x[0-9a-f]{2}",
    "ppr": r"0x[0-9a-f]{2}",
    "icr": r"0x[0-9a-f]{16}",
    "esr": r"0x[0-9a-f]{2,8}",
    "svr": r"0x[0-9a-f]{3,8}",
    "ldr": r"0x[0-9a-f]{8}",
    "dfr": r"0x[0-9a-f]{8}",
    "activity": r".+",
    "window": r"open|gate|code|held",
}
ICR_FIELDS = {
    "vector": r"0x[0-9a-f]{2}",
    "delivery_mode": r"[a-z0-9_]+",
    "destination_mode": r"physical|logical",
    "delivery_status": r"idle|send_pending",
    "level": r"assert|deassert",
    "trigger_mode": r"edge|level",
    "shorthand": r"none|self|all_including_self|all_excluding_self",
    "destination": r"0x[0-9a-f]{2,8}",
    "words": r".+\.",
    "short": r".+",
}
PIN = {
    "redirection": r"0x[0-9a-f]{16}",
    "vector": r"0x[0-9a-f]{2}",
    "delivery_mode": r"[a-z0-9_]+",
    "destination_mode": r"physical|logical",
    "destination": r"0x[0-9a-f]{2}",
    "polarity": r"active_high|active_low",
    "trigger_mode": r"edge|level",
    "delivery_status": r"idle|send_pending",
}
OTHER_CPU_KEYS = {"cpu", "apic_id", "lvt", "lint", "timer", "in_service", "repeated", "icr_fields", "handlers"} | {
    "call_stack",
    "step",
    "queued",
    "why",
    "event_channels",
    "waits",
    "register_words",
    "alarms",
    "lvt_words",
    "destinations",
}
REGISTER_WORDS = {"tpr", "ppr", "esr", "svr", "ldr", "dfr"}
EVENT_CHANNELS = dict.fromkeys(("pending", "masked", "level"), r"[0-9a-f]{64}") | {"selector": r"0x[0-9a-f]"}
FLAGS = {"interrupt_flag", "interrupt_shadow", "in_host", "nmi_pending", "smi_pending", "init_pending"} | {
    "in_smm",
    "held_off",
}
#: The local vector table of the default profile.
LVT = {"timer", "thermal", "performance", "lint0", "lint1", "error"}
FLIGHT = {"message", "kind", "source", "vector", "delivery_mode", "targets", "sent", "arrives"}


def assert_texts(part: State, formats: dict[str, str]) -> None:
    for key, pattern in formats.items():
        assert re.fullmatch(pattern, part[key]), f"{key} is {part[key]!r}"


def assert_timer(timer: State) -> None:
    assert timer["mode"] in {"one_shot", "periodic", "tsc_deadline", "reserved"}
    assert timer["divide"] in {1, 2, 4, 8, 16, 32, 64, 128}
    assert isinstance(timer["initial_count"], int)
    assert timer["deadline"] is None or isinstance(timer["deadline"], int)


def assert_cpu(state: State, number: int) -> None:
    assert state.keys() == TEXTS.keys() | OTHER_CPU_KEYS | FLAGS
    assert_texts(state, TEXTS)
    assert_texts(state["icr_fields"], ICR_FIELDS)
    assert state["cpu"] == number
    assert set(state["register_words"]) == REGISTER_WORDS
    assert set(state["alarms"]) <= REGISTER_WORDS
    assert set(state["lvt_words"]) == set(state["lvt"])
    assert set(state["destinations"]) == {"physical", "logical", "group"}
    assert (state["window"] == "open") == (state["interrupt_flag"] and not state["held_off"])
    if (waits := state["waits"]) is not None:
        assert set(waits) == {"words", "because", "cpus", "for_ever"}
        assert all(sentence.endswith(".") for sentence in waits["because"])
    assert isinstance(state["apic_id"], int)
    assert all(isinstance(state[key], bool) for key in FLAGS)
    assert set(state["lvt"]) == LVT
    assert all(re.fullmatch(r"0x[0-9a-f]{8}", entry) for entry in state["lvt"].values())
    assert len(state["lint"]) == 2
    assert set(state["lint"]) <= {0, 1}
    assert_timer(state["timer"])
    if (channels := state["event_channels"]) is not None:
        assert_texts(channels, EVENT_CHANNELS)
        assert isinstance(channels["upcall_pending"], bool)
        assert channels["upcall_mask"] is not state["interrupt_flag"]
    # One 256-bit number whose bit v is vector v.
    assert state["in_service"] == [vector for vector in range(256) if int(state["isr"], 16) >> vector & 1]
    for handler in state["handlers"]:
        assert set(handler) == {"vector", "name", "since"}
    for call in state["call_stack"]:
        assert set(call) == {"function", "overridden", "interrupts"}
        assert call["interrupts"] is None or call is not state["call_stack"][0]
    if state["step"] is not None:
        assert set(state["step"]) == {"kind", "words", "cycles", "side"}
        assert state["step"]["side"] in {"guest", "host"}
    for reason in state["why"]:
        channels = state["event_channels"]
        requests = int(channels["pending"] if channels else state["irr"], 16)
        assert requests >> reason["vector"] & 1, "only what is requested can wait"
        assert reason["text"].startswith(f"{'Port ' if channels else ''}{reason['vector']:#04x} waits: ")


def assert_state(state: State) -> None:
    assert isinstance(state["time"], int)
    assert isinstance(state["idle"], bool)
    assert isinstance(state["demonstration"], bool)
    assert state["backend"] in BACKENDS
    assert state["recording"] is None
    assert set(state["counters"]) == COUNTERS
    assert all(isinstance(count, int) and count >= 0 for count in state["counters"].values())
    for number, cpu in enumerate(state["cpus"]):
        assert_cpu(cpu, number)
    assert re.fullmatch(r"0x[0-9a-f]{2}", state["ioapic"]["id"])
    assert set(state["pic"]) == {"up", "requested", "output"}
    assert set(state["pic"]["requested"]) <= set(state["pic"]["up"])
    assert [pin["pin"] for pin in state["ioapic"]["pins"]] == list(range(24))
    for pin in state["ioapic"]["pins"]:
        assert_texts(pin, PIN)
        assert pin["line"] in (0, 1)
        assert isinstance(pin["masked"], bool)
        assert isinstance(pin["remote_irr"], bool)
    for flight in state["in_flight"]:
        assert set(flight) == FLIGHT
        assert flight["kind"] in {"ipi", "io_apic", "msi", "hypervisor", "event_channel", "eoi_broadcast"}
        assert flight["sent"] <= state["time"] <= flight["arrives"]
        assert set(flight["targets"]) <= set(range(CPUS))


def snapshot(drive: SimulatedDrive) -> State:
    """The drive's part of the state, as a client gets it."""
    state: State = json.loads(json.dumps(drive.state() | {"time": drive.time}, allow_nan=False))
    return state


def drive_with(*commands: Raw, profile: str = DEFAULT_PROFILE) -> SimulatedDrive:
    drive = SimulatedDrive(Simulation(CPUS, profile=PROFILES[profile]))
    for raw in commands:
        command = read_command(raw, CPUS)
        assert isinstance(command, Stimulus)
        drive.apply(command)
    return drive


@pytest.mark.parametrize("cpus", [1, 2, 8, 255])
def test_machine_of_any_size_has_all_its_cpus(cpus: int) -> None:
    state = SimulatedDrive(Simulation(cpus)).state()

    assert [cpu["apic_id"] for cpu in state["cpus"]] == list(range(cpus))


def test_booted_machine_has_every_key_in_its_format() -> None:
    state = snapshot(drive_with())

    assert_state(state)
    assert state["idle"] is True
    assert [cpu["interrupt_flag"] for cpu in state["cpus"]] == [True] * CPUS


@given(st.lists(st.tuples(stimuli(CPUS), st.integers(0, 40)), max_size=8))
def test_every_state_has_every_key_in_its_format(commands: list[tuple[Raw, int]]) -> None:
    drive = drive_with()

    for raw, operations in commands:
        command = read_command(raw, CPUS)
        assert isinstance(command, Stimulus)
        drive.apply(command)
        drive.run(operations=operations)
        assert_state(snapshot(drive))


def test_request_that_waits_is_a_bit_of_irr_with_a_reason() -> None:
    drive = drive_with(
        {"type": "set_interrupt_flag", "cpu": 1, "enabled": False},
        {"type": "send_ipi", "cpu": 0, "vector": 0x51, "destination": 1},
    )
    drive.run()

    cpu = snapshot(drive)["cpus"][1]
    assert int(cpu["irr"], 16) == 1 << 0x51
    assert [reason["vector"] for reason in cpu["why"]] == [0x51]
    assert "interrupts are held off" in cpu["why"][0]["text"]


def test_message_under_way_is_in_flight_to_its_target() -> None:
    drive = drive_with({"type": "send_msi", "address": 0xFEE0_2000, "data": 0x4051})

    (flight,) = snapshot(drive)["in_flight"]
    assert (flight["kind"], flight["vector"], flight["targets"]) == ("msi", 0x51, [2])


def test_hypervisor_s_steps_are_told_from_the_guest_s() -> None:
    drive = drive_with(
        {"type": "set_backend", "backend": "trap-emulate"},
        {"type": "call_guest", "cpu": 0, "function": "smp_call_function"},
    )
    sides = set()
    while drive.run(operations=1):
        cpu = snapshot(drive)["cpus"][0]
        if cpu["step"] is not None:
            sides.add(cpu["step"]["side"])

    assert sides == {"guest", "host"}


def test_function_that_the_back_end_replaces_is_marked() -> None:
    drive = drive_with(
        {"type": "set_backend", "backend": "vmi"}, {"type": "send_ipi", "cpu": 0, "vector": 0x51, "destination": 1}
    )
    seen = set()
    while drive.run(operations=1):
        seen |= {(call["function"], call["overridden"]) for call in snapshot(drive)["cpus"][0]["call_stack"]}

    assert {overridden for _, overridden in seen} == {False, True}
    assert ("apic_icr_write", False) in seen


@pytest.mark.parametrize(
    ("profile", "lvt"), [("intel-xeon", LVT | {"cmci"}), ("intel-p6", LVT - {"thermal"}), ("qemu", LVT)]
)
def test_local_vector_table_has_the_entries_of_the_profile(profile: str, lvt: set[str]) -> None:
    state = snapshot(drive_with(profile=profile))

    assert state["profile"] == profile
    assert [set(cpu["lvt"]) for cpu in state["cpus"]] == [lvt] * CPUS


def test_mode_and_base_are_those_of_the_msr() -> None:
    cpus = snapshot(drive_with({"type": "write_msr", "cpu": 1, "msr": 0x1B, "value": 0xFEE0_0C00}))["cpus"]

    assert [(cpu["apic_mode"], cpu["apic_base"]) for cpu in cpus] == [
        ("xapic", "0x00fee00900"),
        ("x2apic", "0x00fee00c00"),
        ("xapic", "0x00fee00800"),
    ]


def test_driven_pin_is_up_until_it_is_lowered() -> None:
    drive = drive_with({"type": "raise_lint", "cpu": 2, "pin": 1})

    assert [cpu["lint"] for cpu in snapshot(drive)["cpus"]] == [[0, 0], [0, 0], [0, 1]]
    drive.apply(LowerLint(2, 1))
    assert snapshot(drive)["cpus"][2]["lint"] == [0, 0]


@pytest.mark.parametrize(("mode", "flag"), [(0x200, "smi_pending"), (0x400, "nmi_pending"), (0x500, "init_pending")])
def test_signal_is_shown_between_its_latching_and_its_taking(mode: int, flag: str) -> None:
    drive = drive_with({"type": "write_register", "cpu": 1, "register": "LVT_LINT1", "value": mode})
    assert snapshot(drive)["cpus"][1][flag] is False

    drive.apply(RaiseLint(1, 1))
    assert snapshot(drive)["cpus"][1][flag] is True

    drive.run()
    assert snapshot(drive)["cpus"][1][flag] is False


def test_cpu_is_in_smm_from_its_smi_to_its_rsm() -> None:
    drive = drive_with({"type": "send_ipi", "cpu": 0, "vector": 0, "delivery_mode": "smi", "destination": 1})
    seen = []
    while drive.run(operations=1):
        cpu = snapshot(drive)["cpus"][1]
        seen.append((cpu["in_smm"], [handler["vector"] for handler in cpu["handlers"]]))

    assert (True, [None]) in seen
    assert seen[-1] == (False, [])


def test_interrupt_shadow_is_shown() -> None:
    drive = drive_with()
    drive.machine.cpus[0].interrupt_shadow = True

    assert [cpu["interrupt_shadow"] for cpu in snapshot(drive)["cpus"]] == [True, False, False]
