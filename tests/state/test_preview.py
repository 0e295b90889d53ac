"""What the page says of an interrupt command before it is sent; and that it comes true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.backend import Backend
from app.commands.guest import SendIpi
from app.engine.simulation import Simulation
from app.guest.linux_2_6_22.irq_vectors import VECTOR_NAMES
from app.hw import events as hw
from app.hw.cpu import RunState
from app.hw.events import Reason
from app.hw.machine import Machine
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.state.preview import Preview, preview
from app.x86.icr import DeliveryMode, DestinationMode, Icr, IcrBreach, Shorthand, TriggerMode
from app.x86.registers import Register

CPUS = 4


def foresee(machine: Machine, command: SendIpi, backend: Backend | None = None) -> Preview:
    return preview(machine, command, VECTOR_NAMES, backend)


def booted(profile: str = DEFAULT_PROFILE) -> Machine:
    return Simulation(CPUS, profile=PROFILES[profile]).machine


def test_physical_destination_names_its_cpu() -> None:
    seen = foresee(booted(), SendIpi(0, Icr(0xFC, destination=2)))

    assert seen.receivers == [2]
    assert seen.problems == []
    assert seen.sentences == ["Will reach CPU 2."]


def test_register_is_shown_field_by_field() -> None:
    seen = foresee(booted(), SendIpi(0, Icr(0xFC, destination=2)))

    assert seen.icr == 0x0200_0000_0000_40FC
    assert {field.name: field.value for field in seen.fields}["vector"] == "fc"
    assert all(field.bits and field.word and field.meaning for field in seen.fields)


def test_shorthand_reaches_all_others() -> None:
    seen = foresee(booted(), SendIpi(1, Icr(0xFC, shorthand=Shorthand.ALL_EXCLUDING_SELF)))

    assert seen.receivers == [0, 2, 3]


def test_destination_of_nobody_is_said_to_be_lost() -> None:
    seen = foresee(booted(), SendIpi(0, Icr(0xFC, destination=0x77)))

    assert seen.receivers == []
    assert seen.sentences == ["Nobody has APIC ID 0x77: 0xfc (reschedule) would be lost."]


def test_illegal_vector_is_a_problem_and_reaches_nobody() -> None:
    seen = foresee(booted(), SendIpi(0, Icr(3, destination=1)))

    assert seen.receivers == []
    assert seen.sentences == []
    assert seen.problems == [f"Nothing would be sent and ESR bit 5 is set: {Reason.ILLEGAL_VECTOR.value}."]


def test_lowest_priority_to_the_physical_broadcast_is_a_problem() -> None:
    everyone = SendIpi(0, Icr(0x51, DeliveryMode.LOWEST_PRIORITY, destination=0xFF))

    seen = foresee(booted(), everyone)

    assert (seen.receivers, seen.sentences) == ([], [])
    assert seen.problems == [f"Nothing would be sent: {Reason.LOWEST_PRIORITY_BROADCAST.value}."]
    assert foresee(booted("kvm"), everyone).receivers == [0, 1, 2, 3]


def test_lowest_priority_ipi_that_the_profile_has_not_names_esr_bit_4() -> None:
    seen = foresee(booted("intel-xeon"), SendIpi(0, Icr(0x51, DeliveryMode.LOWEST_PRIORITY, destination=1)))

    assert seen.problems == [f"Nothing would be sent and ESR bit 4 is set: {Reason.LOWEST_PRIORITY_UNSUPPORTED.value}."]


def test_disabled_apic_sends_nothing() -> None:
    machine = booted()
    machine.write_msr(1, 0x1B, 0xFEE0_0000)

    seen = foresee(machine, SendIpi(1, Icr(0x51, destination=2)))

    assert (seen.receivers, seen.sentences) == ([], [])
    assert seen.problems == [f"Nothing would be sent: {Reason.APIC_DISABLED.value}."]


def test_requested_vector_is_said_to_be_tried_again_on_the_serial_bus() -> None:
    machine = booted("intel-p6")
    machine.cpus[2].apic.irr.set(0xFC)

    assert "On CPU 2 it will be tried again until there is room: 0xfc is already requested there." in (
        foresee(machine, SendIpi(0, Icr(0xFC, destination=2))).sentences
    )


def test_shorthand_that_does_not_go_with_the_mode_is_a_problem() -> None:
    seen = foresee(booted(), SendIpi(0, Icr(0, DeliveryMode.STARTUP, shorthand=Shorthand.SELF)))

    assert seen.receivers == []
    assert "shorthand" in seen.problems[0]


def test_cpu_with_interrupts_off_is_said_to_wait() -> None:
    machine = booted()
    machine.cpus[2].interrupt_flag = False

    assert (
        "On CPU 2 it will wait: interrupts are off (IF = 0)."
        in foresee(machine, SendIpi(0, Icr(0xFC, destination=2))).sentences
    )


def test_requested_vector_is_said_to_merge() -> None:
    machine = booted()
    machine.cpus[2].apic.irr.set(0xFC)

    assert "On CPU 2 it will merge: 0xfc is already requested there." in (
        foresee(machine, SendIpi(0, Icr(0xFC, destination=2))).sentences
    )


def test_software_disabled_apic_of_a_profile_that_takes_it_all_the_same_is_said_to_hold_it() -> None:
    machine = booted("qemu")
    machine.write_register(2, Register.SVR, 0xFF)

    assert "On CPU 2 it will wait: the APIC is software-disabled (SVR bit 8 is 0)." in (
        foresee(machine, SendIpi(0, Icr(0xFC, destination=2))).sentences
    )


def test_software_disabled_apic_is_said_to_drop_it() -> None:
    machine = booted()
    machine.write_register(2, Register.SVR, 0xFF)

    assert "CPU 2 will drop it: the APIC is software-disabled (SVR bit 8 is 0)." in (
        foresee(machine, SendIpi(0, Icr(0xFC, destination=2))).sentences
    )


def test_guest_in_x2apic_mode_is_not_in_the_dark() -> None:
    simulation = Simulation(2, "native-x2apic")
    command = SendIpi(0, Icr(0xFC, destination=1))

    assert foresee(simulation.machine, command, simulation.execution.backend).problems == []
    assert "which has no page" in foresee(simulation.machine, command).problems[0]


def test_word_of_x2apic_mode_has_the_destination_in_its_upper_half_and_no_delivery_status() -> None:
    simulation = Simulation(4, "native-x2apic")

    seen = foresee(simulation.machine, SendIpi(0, Icr(0xFD, destination=2)), simulation.execution.backend)

    fields = {field.name: (field.bits, field.value) for field in seen.fields}
    assert seen.icr == 0x0000_0002_0000_40FD
    assert fields["destination"] == ("63:32", "00000002")
    assert "delivery_status" not in fields


@pytest.mark.parametrize(
    ("icr", "remark"),
    [
        (Icr(0x40, DeliveryMode.NMI, destination=1), "The vector of an NMI does not count."),
        (
            Icr(0x9A, DeliveryMode.STARTUP, destination=1),
            "Its vector is the page where the target begins: 0x9a is 0x9a000.",
        ),
    ],
)
def test_what_a_vector_means_there_is_said(icr: Icr, remark: str) -> None:
    assert remark in foresee(booted(), SendIpi(0, icr)).sentences


def test_init_level_deassert_is_a_problem_and_has_no_remark_on_its_bits() -> None:
    icr = Icr(0, DeliveryMode.INIT, destination=1, level=0, trigger_mode=TriggerMode.LEVEL)

    seen = foresee(booted(), SendIpi(0, icr))

    assert seen.problems == [f"Nothing would be sent: {Reason.INIT_DEASSERT.value}."]
    assert seen.sentences == []


def test_trigger_mode_that_travels_is_said_to() -> None:
    icr = Icr(0x40, destination=1, trigger_mode=TriggerMode.LEVEL)

    said = foresee(booted("kvm"), SendIpi(0, icr)).sentences

    assert [sentence for sentence in said if sentence.endswith("only; here it travels with the IPI.")]
    assert not any("sent as an edge" in sentence for sentence in said)


def test_init_resets_and_a_start_up_ipi_begins_only_what_waits_for_it() -> None:
    machine = booted()
    init, startup = Icr(0, DeliveryMode.INIT, destination=1), Icr(0x9A, DeliveryMode.STARTUP, destination=1)

    assert "CPU 1 loses all it does and then waits for a start-up IPI." in (
        foresee(machine, SendIpi(0, init)).sentences
    )
    assert "CPU 0 loses all it does and begins anew at its reset vector." in (
        foresee(machine, SendIpi(1, init._replace(destination=0))).sentences
    )
    assert (
        f"CPU 1 will drop it: {Reason.NOT_WAITING_FOR_SIPI.value}." in foresee(machine, SendIpi(0, startup)).sentences
    )
    machine.cpus[1].run_state = RunState.WAIT_FOR_SIPI
    assert "CPU 1 begins at 0x9a000." in foresee(machine, SendIpi(0, startup)).sentences


def test_nmi_is_said_to_pass_the_interrupt_flag_and_to_wait_for_another() -> None:
    machine = booted()
    machine.cpus[1].interrupt_flag = False
    nmi = SendIpi(0, Icr(0, DeliveryMode.NMI, destination=1))

    assert "On CPU 1 neither IF nor priorities hold it back." in foresee(machine, nmi).sentences
    machine.cpus[1].nmi_running = True
    assert "On CPU 1 it will wait: an NMI is being handled." in foresee(machine, nmi).sentences
    machine.cpus[1].nmi_pending = 1
    assert "On CPU 1 it will merge with the one that waits: an NMI is being handled." in foresee(machine, nmi).sentences


def test_vector_that_the_priority_holds_back_is_said_to_wait() -> None:
    machine = booted()
    machine.write_register(2, Register.TPR, 0x60)

    assert "On CPU 2 it will wait: class 5 is not above PPR 0x60, because TPR is 0x60." in (
        foresee(machine, SendIpi(0, Icr(0x51, destination=2))).sentences
    )


def test_cpu_that_has_the_id_and_no_enabled_apic_is_named() -> None:
    machine = booted()
    machine.write_msr(2, 0x1B, 0xFEE0_0000)

    assert foresee(machine, SendIpi(0, Icr(0x51, destination=2))).sentences == [
        "Nobody has APIC ID 0x02: 0x51 would be lost.",
        "CPU 2 is meant, but its APIC is disabled in IA32_APIC_BASE.",
    ]


#: Every command that a person can compose, whatever its bits.
ANY_COMMAND = st.builds(
    Icr,
    st.integers(0, 255),
    st.sampled_from([mode for mode in DeliveryMode if mode not in (DeliveryMode.RESERVED_3, DeliveryMode.EXTINT)]),
    st.sampled_from(DestinationMode),
    st.sampled_from(Shorthand),
    st.integers(0, 9) | st.integers(0, 255),
    st.integers(0, 1),
    st.sampled_from(TriggerMode),
)


@pytest.mark.parametrize("backend", ["native-xapic", "native-x2apic", "trap-emulate", "kvm-pv", "hyperv"])
@given(before=ANY_COMMAND, icr=ANY_COMMAND)
def test_word_is_the_one_that_is_written(backend: str, before: Icr, icr: Icr) -> None:
    simulation = Simulation(CPUS, backend)
    for command in (before, icr):
        cpu = simulation.machine.cpus[1].apic
        foreseen = foresee(simulation.machine, SendIpi(1, command), simulation.execution.backend)
        written: list[int] = []
        simulation.apply(SendIpi(1, command))
        while simulation.run(operations=1):
            written.append(cpu.icr)
        asleep = any("runs nothing" in problem for problem in foreseen.problems)
        assert asleep or foreseen.icr in written
        assert not (asleep and written)


def test_cpu_that_waits_for_its_start_sends_nothing_yet() -> None:
    machine = booted()
    machine.cpus[1].run_state = RunState.WAIT_FOR_SIPI

    assert foresee(machine, SendIpi(1, Icr(0x51, destination=2))).problems == [
        "Nothing would be sent yet: CPU 1 waits for a start-up IPI and runs nothing."
    ]


COMMANDS = st.builds(
    Icr,
    st.integers(0, 255),
    st.sampled_from([DeliveryMode.FIXED, DeliveryMode.NMI, DeliveryMode.SMI]),
    st.sampled_from(DestinationMode),
    st.sampled_from(Shorthand),
    st.integers(0, 9) | st.integers(0, 255),
    st.just(1),
)


@given(COMMANDS, st.integers(0, CPUS - 1))
def test_those_named_are_those_who_receive_it(icr: Icr, cpu: int) -> None:
    simulation = Simulation(CPUS)
    foreseen = foresee(simulation.machine, SendIpi(cpu, icr))

    simulation.apply(SendIpi(cpu, icr))
    simulation.run()

    happened = [event for _, event in simulation.take_log()]
    ended = [event for event in happened if isinstance(event, hw.Accepted | hw.Merged | hw.Refused)]
    reached = [event.cpu for event in ended if event.message is not None]  # the error interrupt is nobody's message
    assert sorted(reached) == foreseen.receivers
    assert bool(foreseen.problems) == any(isinstance(event, hw.SendRefused) for event in happened)


@given(COMMANDS, st.integers(0, CPUS - 1))
def test_looking_changes_nothing(icr: Icr, cpu: int) -> None:
    simulation = Simulation(CPUS)

    first = foresee(simulation.machine, SendIpi(cpu, icr))

    assert foresee(simulation.machine, SendIpi(cpu, icr)) == first
    assert simulation.take_log() == []
    assert simulation.next_time() is None


@pytest.mark.parametrize(
    ("apic_base", "where"),
    [
        (0xFEE0_0C00, "its APIC is in x2APIC mode, which has no page"),
        (0xFEE1_0800, "its APIC page was moved to 0xfee10000"),
    ],
    ids=["x2APIC mode", "another page"],
)
def test_guest_that_cannot_reach_its_apic_sends_nothing(apic_base: int, where: str) -> None:
    machine = booted()
    machine.write_msr(0, 0x1B, apic_base)

    seen = foresee(machine, SendIpi(0, Icr(0x40, destination=1)))

    assert (seen.receivers, seen.sentences) == ([], [])
    assert seen.problems == [f"Nothing would be sent: {where}, and the guest on CPU 0 knows no other way."]


def test_guest_is_not_warned_of_another_cpu_s_page() -> None:
    machine = booted()
    machine.write_msr(0, 0x1B, 0xFEE1_0800)

    assert foresee(machine, SendIpi(1, Icr(0x40, destination=2))).sentences == ["Will reach CPU 2."]


@pytest.mark.parametrize(
    ("icr", "breach"),
    [
        (Icr(0, DeliveryMode.INIT, destination=1, level=0), IcrBreach.LEVEL_0),
        (Icr(0x99, DeliveryMode.STARTUP, destination=1, level=0), IcrBreach.LEVEL_0),
        (Icr(0x41, destination=1, level=0), IcrBreach.LEVEL_0),
        (Icr(0x41, DeliveryMode.INIT, destination=1), IcrBreach.VECTOR_NOT_0),
        (Icr(0x41, DeliveryMode.SMI, destination=1), IcrBreach.VECTOR_NOT_0),
        (Icr(0x41, destination=1, trigger_mode=TriggerMode.LEVEL), IcrBreach.TRIGGER_LEVEL),
    ],
)
def test_command_against_the_manual_is_called_so_and_sent_all_the_same(icr: Icr, breach: IcrBreach) -> None:
    seen = foresee(booted(), SendIpi(0, icr))

    assert f"Against the manual: {breach.value}." in seen.sentences
    assert seen.receivers == [1]


@pytest.mark.parametrize(
    "icr",
    [
        Icr(0x41, destination=1),
        Icr(0, DeliveryMode.INIT, destination=1),
        Icr(0, DeliveryMode.INIT, destination=1, trigger_mode=TriggerMode.LEVEL),
        Icr(0x99, DeliveryMode.STARTUP, destination=1),
        Icr(2, DeliveryMode.NMI, destination=1),
    ],
)
def test_command_as_the_manual_has_it_is_not_questioned(icr: Icr) -> None:
    assert [words for words in foresee(booted(), SendIpi(0, icr)).sentences if words.startswith("Against")] == []
