"""Every option of every profile shows in what a machine does, and has words."""

from collections.abc import Callable
from dataclasses import fields, replace
from enum import Enum
from typing import Any

import pytest

from app.hw import profile as profiles
from app.hw.events import Fault, Outcome
from app.hw.machine import Machine
from app.hw.profile import (
    DEFAULT_PROFILE,
    PROFILES,
    ApicBusErrors,
    ApicIdRegister,
    DeviceBroadcast,
    DeviceDeassert,
    LevelTriggeredIpis,
    LogicalAllOnes,
    LowestPriorityBroadcast,
    LowestPriorityChoice,
    LowestPriorityIpis,
    Profile,
    SameVector,
    SoftwareDisabled,
    SpuriousVector,
    WhileSoftwareDisabled,
    WideDestinations,
    X2ApicEoi,
)
from app.x86.icr import DeliveryMode, DestinationMode, Icr, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import LVT_REGISTERS, Register
from tests.hw.machines import fixed, machine_of, requested, send, send_msi

pytestmark = pytest.mark.slow

LOGICAL, LOWEST = DestinationMode.LOGICAL, DeliveryMode.LOWEST_PRIORITY
XAPIC, X2APIC = ApicMode.XAPIC, ApicMode.X2APIC


def x2apic_machine(profile: Profile, *apic_ids: int) -> Machine:
    return machine_of(len(apic_ids), X2APIC, replace(profile, x2apic=True), apic_ids=apic_ids)


# What shows each option: a machine of the profile does something, and the outcome tells the choices apart.


def level_triggered_ipis(profile: Profile) -> object:
    """Whether an asserted one sets TMR, and whether a de-asserted one arrives."""
    machine = machine_of(2, profile=profile)
    for vector, level in ((0x40, 1), (0x41, 0)):
        send(machine, 0, Icr(vector, destination=1, level=level, trigger_mode=TriggerMode.LEVEL))
    apic = machine.cpus[1].apic
    return 0x40 in apic.tmr, 0x41 in apic.irr


def logical_all_ones(profile: Profile) -> object:
    machine = machine_of(2, profile=profile)
    machine.write_register(1, Register.LDR, 0)
    send(machine, 0, Icr(0x40, destination_mode=LOGICAL, destination=0xFF))
    return requested(machine, 0x40)


def device_broadcast(profile: Profile) -> object:
    machine = x2apic_machine(profile, 0, 1)
    send_msi(machine, 0xFEEF_F000, 0x40)
    return requested(machine, 0x40)


def lowest_priority(profile: Profile) -> object:
    """CPU 0 has the lowest ID, 1 the lowest task priority, 2 serves the vector, 3 is the vector modulo 4."""
    machine = machine_of(4, profile=profile)
    machine.cpus[2].apic.accept(fixed(0x43))
    machine.cpus[2].apic.acknowledge()
    for cpu in (0, 2, 3):
        machine.write_register(cpu, Register.TPR, 0x20)
    send_msi(machine, 0xFEE0_F00C, 0x43)
    return requested(machine, 0x43)


def lowest_priority_broadcast(profile: Profile) -> object:
    machine = machine_of(3, profile=profile)
    send_msi(machine, 0xFEEF_F000, LOWEST << 8 | 0x40)
    return len(requested(machine, 0x40))


def lowest_priority_ipis(profile: Profile) -> object:
    machines = (machine_of(2, XAPIC, profile), x2apic_machine(profile, 0, 1))
    for machine in machines:
        send(machine, 0, Icr(0x40, LOWEST, destination=1))
    return [requested(machine, 0x40) for machine in machines]


def same_vector(profile: Profile) -> object:
    apic = machine_of(1, profile=profile).cpus[0].apic
    apic.accept(fixed(0x40))
    return apic.accept(fixed(0x40))


def software_disabled(profile: Profile) -> object:
    machine = machine_of(1, profile=profile)
    machine.cpus[0].apic.accept(fixed(0x40))
    machine.write_register(0, Register.SVR, 0xFF)
    return machine.cpus[0].apic.deliverable()


def while_software_disabled(profile: Profile) -> object:
    machine = machine_of(2, profile=profile)
    machine.write_register(1, Register.SVR, 0xFF)
    send(machine, 0, Icr(0x40, destination=1))
    return requested(machine, 0x40)


def device_deassert(profile: Profile) -> object:
    machine = machine_of(1, profile=profile)
    send_msi(machine, 0xFEE0_0000, 0x8040)
    return requested(machine, 0x40)


def x2apic_eoi(profile: Profile) -> object:
    """What a 1 does, and one above bit 31."""
    machine = x2apic_machine(profile, 0)
    return [machine.write_register(0, Register.EOI, value) for value in (1, 1 << 32)]


def apic_id_register(profile: Profile) -> object:
    machine = machine_of(2, profile=profile)
    machine.write_register(1, Register.ID, 0xA500_0000)
    return machine.read_register(1, Register.ID)


def spurious_vector(profile: Profile) -> object:
    machine = machine_of(1, profile=profile)
    machine.write_register(0, Register.SVR, 0x1A0)
    return machine.read_register(0, Register.SVR)


def apic_bus_errors(profile: Profile) -> object:
    machine = machine_of(1, profile=profile)
    send(machine, 0, Icr(0x40, destination=5))
    return machine.cpus[0].apic.esr_pending


def wide_destinations(profile: Profile) -> object:
    """Whether bits 11:5 of the address, its upper half and bits 55:49 of an entry name APIC ID 0x101."""
    machine = x2apic_machine(profile, 0, 0x101)
    send_msi(machine, 0xFEE0_1020, 0x40)
    try:
        send_msi(machine, 0x100_FEE0_1000, 0x41)
    except ValueError:
        assert "the upper half" not in str(profile.wide_destinations.value)
    machine.write_redirection_entry(0, 0x0102 << 48 | 0x42)
    machine.drive_pin(0, 1)
    machine.settle()
    return [bool(requested(machine, vector)) for vector in (0x40, 0x41, 0x42)]


SHOWS: dict[Callable[[Profile], object], dict[Enum, object]] = {
    level_triggered_ipis: {
        LevelTriggeredIpis.NORMALISED: (False, True),
        LevelTriggeredIpis.KEPT: (True, True),
        LevelTriggeredIpis.KEPT_UNLESS_DEASSERTED: (True, False),
    },
    logical_all_ones: {LogicalAllOnes.BROADCAST: [0, 1], LogicalAllOnes.BITWISE: [0]},
    device_broadcast: {DeviceBroadcast.AN_ID: [], DeviceBroadcast.BROADCAST: [0, 1]},
    lowest_priority: {
        LowestPriorityChoice.LOWEST_ID: [0],
        LowestPriorityChoice.TASK_PRIORITY: [1],
        LowestPriorityChoice.ARBITRATION_PRIORITY: [2],
        LowestPriorityChoice.VECTOR_HASH: [3],
    },
    lowest_priority_broadcast: {
        LowestPriorityBroadcast.REFUSED: 0,
        LowestPriorityBroadcast.ARBITRATED: 1,
        LowestPriorityBroadcast.FIXED: 3,
    },
    lowest_priority_ipis: {
        LowestPriorityIpis.SUPPORTED: [[1], [1]],
        LowestPriorityIpis.NOT_IN_X2APIC: [[1], []],
        LowestPriorityIpis.UNSUPPORTED: [[], []],
    },
    same_vector: {SameVector.MERGED: Outcome.MERGED, SameVector.RETRIED: Outcome.RETRIED},
    software_disabled: {SoftwareDisabled.DRAINS: 0x40, SoftwareDisabled.BLOCKED: None},
    while_software_disabled: {WhileSoftwareDisabled.REFUSED: [], WhileSoftwareDisabled.ACCEPTED: [1]},
    device_deassert: {DeviceDeassert.ASKS_NOTHING: [], DeviceDeassert.DELIVERED: [0]},
    x2apic_eoi: {
        X2ApicEoi.ZERO_ONLY: [Fault.NOT_ZERO, Fault.NOT_ZERO],
        X2ApicEoi.ANYTHING: [None, Fault.RESERVED_BITS],
    },
    apic_id_register: {
        ApicIdRegister.READ_ONLY: 0x0100_0000,
        ApicIdRegister.EIGHT_BITS: 0xA500_0000,
        ApicIdRegister.FOUR_BITS: 0x0500_0000,
    },
    spurious_vector: {SpuriousVector.PROGRAMMABLE: 0x1A0, SpuriousVector.LOW_NIBBLE_ONES: 0x1AF},
    apic_bus_errors: {ApicBusErrors.ABSENT: 0, ApicBusErrors.SEND_ACCEPT: 1 << 2},
    wide_destinations: {
        WideDestinations.NONE: [False, False, False],
        WideDestinations.EXTENDED_ID: [True, False, True],
        WideDestinations.ADDRESS_HIGH: [False, True, False],
        WideDestinations.BOTH: [True, True, True],
    },
}
NAMES = [probe.__name__ for probe in SHOWS]
CHOICES = [(probe, choice) for probe, outcomes in SHOWS.items() for choice in outcomes]
every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


@pytest.mark.parametrize(("probe", "choice"), CHOICES, ids=[str(choice) for _, choice in CHOICES])
@every_profile
def test_choice_shows_in_any_profile(profile: Profile, probe: Callable[[Profile], object], choice: Enum) -> None:
    option: dict[str, Any] = {probe.__name__: choice}

    assert probe(replace(profile, **option)) == SHOWS[probe][choice]


@pytest.mark.parametrize("probe", SHOWS, ids=NAMES)
@every_profile
def test_option_of_a_profile_shows(profile: Profile, probe: Callable[[Profile], object]) -> None:
    assert probe(profile) == SHOWS[probe][getattr(profile, probe.__name__)]


def test_every_option_and_every_choice_is_shown() -> None:
    enumerations = {
        each for each in vars(profiles).values() if isinstance(each, type) and issubclass(each, Enum) and list(each)
    } - {Register}
    options = [field.name for field in fields(Profile) if isinstance(getattr(PROFILES["kvm"], field.name), Enum)]

    assert options == NAMES
    assert {choice for _, choice in CHOICES} == {choice for each in enumerations for choice in each}


# What is a number


@every_profile
def test_version_says_which_lvt_entries_there_are_and_whether_broadcasts_can_be_suppressed(profile: Profile) -> None:
    machine = machine_of(1, profile=profile)
    machine.write_register(0, Register.SVR, 0x11FF)

    assert profile.last_lvt_entry + 1 == len(profile.lvt_registers) == len(machine.cpus[0].apic.lvt)
    assert machine.read_register(0, Register.SVR) == (0x11FF if profile.suppresses_eoi_broadcast else 0x1FF)


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("intel-sdm", {Register.LVT_CMCI}),
        ("intel-xeon", set()),
        ("intel-p6", {Register.LVT_CMCI, Register.LVT_THERMAL}),
        ("kvm", {Register.LVT_CMCI}),
        ("qemu", {Register.LVT_CMCI}),
    ],
)
def test_lvt_entries_are_those_of_the_processor(name: str, absent: set[Register]) -> None:
    assert set(PROFILES[name].lvt_registers) == set(LVT_REGISTERS) - absent


# Words


@every_profile
def test_every_option_and_its_choice_have_words(profile: Profile) -> None:
    words = dict(profile.choices())

    assert len(words) == len(SHOWS)
    assert all(len(what.split()) > 2 and not what.endswith(".") for what in words)
    assert list(words.values()) == [getattr(profile, name).value for name in NAMES]


@pytest.mark.parametrize("probe", SHOWS, ids=NAMES)
def test_words_tell_the_choices_of_an_option_apart(probe: Callable[[Profile], object]) -> None:
    sentences = [str(choice.value) for choice in SHOWS[probe]]

    assert len(set(sentences)) == len(sentences) > 1
    assert all(len(sentence.split()) > 2 and sentence == sentence.strip() for sentence in sentences)


def test_profiles_are_known_by_their_names_and_have_titles() -> None:
    assert list(PROFILES) == ["intel-sdm", "intel-xeon", "intel-p6", "kvm", "qemu"]
    assert all(profile.name == name for name, profile in PROFILES.items())
    assert len({profile.title for profile in PROFILES.values()}) == len(PROFILES)
    assert DEFAULT_PROFILE == "intel-sdm"


def test_a_machine_follows_the_manual_unless_told_otherwise() -> None:
    assert Machine(1).profile is PROFILES[DEFAULT_PROFILE]
