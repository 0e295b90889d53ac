"""What a write to ICR or SELF IPI sends at all."""

from dataclasses import replace

import pytest

from app.hw.events import Reason, SendRefused
from app.hw.local_apic import reason_not_to_send
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, KVM, PROFILES, QEMU, LowestPriorityIpis, Profile
from app.x86.icr import VALID_DELIVERY_MODES, DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.state_registers import ESR_RECEIVE_ILLEGAL_VECTOR, ESR_REDIRECTABLE_IPI, ESR_SEND_ILLEGAL_VECTOR
from app.x86.units import Vector
from tests.hw.machines import machine_of, of_type, post, requested, send

FIXED, LOWEST, INIT = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DeliveryMode.INIT
LOGICAL, LEVEL = DestinationMode.LOGICAL, TriggerMode.LEVEL
XAPIC, X2APIC = ApicMode.XAPIC, ApicMode.X2APIC
modes = pytest.mark.parametrize("apic_mode", [XAPIC, X2APIC])


def refused(machine: Machine) -> list[Reason]:
    return [event.reason for event in of_type(machine.events, SendRefused)]


def noticed(machine: Machine, cpu: int = 0) -> int:
    return machine.cpus[cpu].apic.esr_pending


@modes
def test_message_is_what_icr_says(apic_mode: ApicMode) -> None:
    machine = machine_of(2, apic_mode)

    post(machine, 1, Icr(0x45, DeliveryMode.NMI, LOGICAL, Shorthand.ALL_EXCLUDING_SELF, 0x5A))

    assert machine.outbox == [
        InterruptMessage(
            number=1,
            origin=Origin.IPI,
            source=1,
            vector=Vector(0x45),
            delivery_mode=DeliveryMode.NMI,
            destination_mode=LOGICAL,
            shorthand=Shorthand.ALL_EXCLUDING_SELF,
            destination=0x5A,
            trigger_mode=TriggerMode.EDGE,
            x2apic=apic_mode is X2APIC,
        )
    ]


# Shorthands and delivery modes


@pytest.mark.parametrize("mode", DeliveryMode)
@pytest.mark.parametrize("shorthand", Shorthand)
def test_invalid_pair_of_shorthand_and_mode_sends_nothing(shorthand: Shorthand, mode: DeliveryMode) -> None:
    machine = machine_of(2)
    valid = mode in VALID_DELIVERY_MODES[shorthand]
    reserved = mode in (DeliveryMode.RESERVED_3, DeliveryMode.EXTINT)
    reason = Reason.RESERVED_DELIVERY_MODE if reserved else Reason.INVALID_COMBINATION

    post(machine, 0, Icr(0x40, mode, shorthand=shorthand))

    assert len(machine.outbox) == valid
    assert of_type(machine.events, SendRefused) == ([] if valid else [SendRefused(0, Vector(0x40), mode, reason)])
    assert machine.cpus[0].apic.sends_in_flight == valid
    assert noticed(machine) == 0


# Vectors


@modes
@pytest.mark.parametrize("vector", [0, 15, 16])
@pytest.mark.parametrize("mode", sorted(VALID_DELIVERY_MODES[Shorthand.NONE] - {LOWEST}))
def test_illegal_vector_matters_for_fixed_delivery(mode: DeliveryMode, vector: int, apic_mode: ApicMode) -> None:
    machine = machine_of(2, apic_mode)
    illegal = vector < 16 and mode is FIXED

    send(machine, 0, Icr(vector, mode, destination=1))

    assert refused(machine) == ([Reason.ILLEGAL_VECTOR] if illegal else [])
    assert noticed(machine) == (ESR_SEND_ILLEGAL_VECTOR if illegal else 0)
    assert noticed(machine, 1) == 0


@pytest.mark.parametrize("vector", [0, 15, 16])
def test_illegal_vector_matters_for_lowest_priority(vector: int) -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(vector, LOWEST, destination=1))

    assert noticed(machine) == (ESR_SEND_ILLEGAL_VECTOR if vector < 16 else 0)
    assert requested(machine, 16) == ([1] if vector == 16 else [])


@modes
def test_sender_of_an_illegal_vector_to_itself_is_its_receiver_too(apic_mode: ApicMode) -> None:
    machine = machine_of(2, apic_mode)

    send(machine, 0, Icr(0x05, shorthand=Shorthand.SELF))

    assert noticed(machine) == ESR_SEND_ILLEGAL_VECTOR | ESR_RECEIVE_ILLEGAL_VECTOR
    assert list(machine.cpus[0].apic.irr) == []


@pytest.mark.parametrize("vector", range(16))
def test_self_ipi_register_notices_an_illegal_vector_both_ways(vector: int) -> None:
    machine = machine_of(1, X2APIC)

    assert machine.write_register(0, Register.SELF_IPI, vector) is None

    assert refused(machine) == [Reason.ILLEGAL_VECTOR]
    assert noticed(machine) == ESR_SEND_ILLEGAL_VECTOR | ESR_RECEIVE_ILLEGAL_VECTOR


def test_self_ipi_register_sends_a_fixed_edge_to_its_own_cpu() -> None:
    machine = machine_of(2, X2APIC)

    machine.write_register(1, Register.SELF_IPI, 0x55)
    machine.settle()

    assert requested(machine, 0x55) == [1]
    assert 0x55 not in machine.cpus[1].apic.tmr


def test_software_disabled_apic_can_send() -> None:
    machine = machine_of(2)
    machine.write_register(0, Register.SVR, 0xFF)

    send(machine, 0, Icr(0x40, destination=1))

    assert requested(machine, 0x40) == [1]


# Lowest priority


@pytest.mark.parametrize(
    ("profile", "apic_mode", "sends"),
    [
        (INTEL_SDM, XAPIC, True),
        (INTEL_SDM, X2APIC, False),
        (INTEL_XEON, XAPIC, False),
        (INTEL_XEON, X2APIC, False),
        (INTEL_P6, XAPIC, True),
        (KVM, XAPIC, True),
        (KVM, X2APIC, True),
        (QEMU, XAPIC, True),
    ],
)
def test_lowest_priority_is_sent_where_the_profile_has_it(profile: Profile, apic_mode: ApicMode, sends: bool) -> None:
    machine = machine_of(2, apic_mode, profile)

    send(machine, 0, Icr(0x40, LOWEST, destination=1))

    assert requested(machine, 0x40) == ([1] if sends else [])
    assert refused(machine) == ([] if sends else [Reason.LOWEST_PRIORITY_UNSUPPORTED])
    assert noticed(machine) == (0 if sends else ESR_REDIRECTABLE_IPI)


def test_unsupported_lowest_priority_hides_an_illegal_vector() -> None:
    machine = machine_of(2, X2APIC)

    send(machine, 0, Icr(0x05, LOWEST, destination=1))

    assert noticed(machine) == ESR_REDIRECTABLE_IPI


@pytest.mark.parametrize(
    ("profile", "count", "apic_mode", "everyone"),
    [
        (INTEL_SDM, 0, XAPIC, 0xFF),
        (INTEL_SDM, 0, X2APIC, 0xFFFF_FFFF),
        (KVM, 3, XAPIC, 0xFF),
        (KVM, 3, X2APIC, 0xFFFF_FFFF),
        (QEMU, 1, XAPIC, 0xFF),
    ],
)
def test_lowest_priority_broadcast_goes_as_the_profile_says(
    profile: Profile, count: int, apic_mode: ApicMode, everyone: int
) -> None:
    machine = machine_of(3, apic_mode, replace(profile, lowest_priority_ipis=LowestPriorityIpis.SUPPORTED))

    send(machine, 0, Icr(0x40, LOWEST, destination=everyone))

    assert len(requested(machine, 0x40)) == count
    assert refused(machine) == ([] if count else [Reason.LOWEST_PRIORITY_BROADCAST])


@pytest.mark.parametrize(
    "icr",
    [
        Icr(0x40, LOWEST, LOGICAL, destination=0xFF),
        Icr(0x40, LOWEST, shorthand=Shorthand.ALL_EXCLUDING_SELF, destination=0xFF),
        Icr(0x40, LOWEST, destination=0xFE),
        Icr(0x40, FIXED, destination=0xFF),
    ],
)
def test_what_is_no_lowest_priority_to_physical_all_ones_is_sent(icr: Icr) -> None:
    assert reason_not_to_send(icr, INTEL_SDM, False) is None


def test_xapic_broadcast_is_an_ordinary_id_to_a_sender_in_x2apic_mode() -> None:
    assert reason_not_to_send(Icr(0x40, LOWEST, destination=0xFF), INTEL_SDM, True) is not None
    assert reason_not_to_send(Icr(0x40, LOWEST, destination=0xFF), KVM, True) is None


def test_lowest_priority_to_all_but_oneself_goes_to_one_other() -> None:
    machine = machine_of(3)

    send(machine, 1, Icr(0x40, LOWEST, shorthand=Shorthand.ALL_EXCLUDING_SELF))

    assert requested(machine, 0x40) in ([0], [2])


# Level and trigger mode


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_init_level_deassert_sends_nothing(profile: Profile) -> None:
    machine = machine_of(2, profile=profile)

    send(machine, 0, Icr(0, INIT, destination=1, level=0, trigger_mode=LEVEL))

    assert of_type(machine.events, SendRefused) == [SendRefused(0, Vector(0), INIT, Reason.INIT_DEASSERT)]
    assert machine.cpus[1].starts == 0


@pytest.mark.parametrize(("level", "trigger"), [(0, TriggerMode.EDGE), (1, LEVEL), (1, TriggerMode.EDGE)])
def test_every_other_init_is_sent(level: int, trigger: TriggerMode) -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(0, INIT, destination=1, level=level, trigger_mode=trigger))

    assert machine.cpus[1].starts == 1


@pytest.mark.parametrize(
    ("profile", "level", "arrives_as"),
    [
        (INTEL_SDM, 1, TriggerMode.EDGE),
        (INTEL_SDM, 0, TriggerMode.EDGE),
        (KVM, 1, LEVEL),
        (KVM, 0, None),
        (QEMU, 1, LEVEL),
        (QEMU, 0, LEVEL),
    ],
)
@pytest.mark.parametrize("mode", [FIXED, LOWEST])
def test_level_triggered_ipi_arrives_as_the_profile_says(
    mode: DeliveryMode, profile: Profile, level: int, arrives_as: TriggerMode | None
) -> None:
    machine = machine_of(2, profile=profile)

    send(machine, 0, Icr(0x40, mode, destination=1, level=level, trigger_mode=LEVEL))

    assert requested(machine, 0x40) == ([] if arrives_as is None else [1])
    assert (0x40 in machine.cpus[1].apic.tmr) == (arrives_as is LEVEL)
    assert refused(machine) == ([Reason.LEVEL_DEASSERT] if arrives_as is None else [])


@pytest.mark.parametrize("profile", [KVM, QEMU])
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("mode", [DeliveryMode.NMI, DeliveryMode.SMI, DeliveryMode.STARTUP])
def test_trigger_mode_of_what_is_no_interrupt_does_not_travel(mode: DeliveryMode, level: int, profile: Profile) -> None:
    machine = machine_of(2, profile=profile)

    post(machine, 0, Icr(0x40, mode, destination=1, level=level, trigger_mode=LEVEL))

    (message,) = machine.outbox
    assert isinstance(message, InterruptMessage)
    assert message.trigger_mode is TriggerMode.EDGE


@pytest.mark.parametrize("shorthand", Shorthand)
def test_init_level_deassert_is_called_so_whatever_its_shorthand(shorthand: Shorthand) -> None:
    icr = Icr(0, DeliveryMode.INIT, shorthand=shorthand, level=0, trigger_mode=TriggerMode.LEVEL)

    assert reason_not_to_send(icr, INTEL_SDM, False) is Reason.INIT_DEASSERT
