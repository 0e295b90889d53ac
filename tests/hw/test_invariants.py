"""Each invariant is found when it is broken, and none of them in a machine that works."""

from collections.abc import Callable

import pytest

from app.hw.cpu import Cpu, RunState
from app.hw.local_apic import LocalApic
from app.hw.profile import PROFILES, Profile
from app.hw.services import Services
from app.x86 import lvt
from app.x86.icr import DeliveryMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, post, send, serve


class Blind(LocalApic):
    """An APIC that does not look at TPR when it says PPR."""

    __slots__ = ()

    @property
    def ppr(self) -> int:
        return 0x20


def forget_tpr(cpu: Cpu) -> None:
    cpu.apic.__class__ = Blind
    cpu.apic.tpr = 0x30


def request_3(cpu: Cpu) -> None:
    cpu.apic.irr.set(3)


def serve_15(cpu: Cpu) -> None:
    cpu.apic.isr.set(15)


def serve_two_of_a_class(cpu: Cpu) -> None:
    for vector in (0x41, 0x42):
        cpu.apic.isr.set(vector)


def merge_nothing(cpu: Cpu) -> None:
    cpu.apic.coalesced[0x41] = 1


def unmask_while_disabled(cpu: Cpu) -> None:
    cpu.apic.svr = 0xFF
    cpu.apic.lvt[Register.LVT_ERROR] = 0x40


def edge_with_remote_irr(cpu: Cpu) -> None:
    cpu.apic.lvt[Register.LVT_LINT0] |= lvt.REMOTE_IRR


def arrive_once_too_often(cpu: Cpu) -> None:
    cpu.apic.sends_in_flight = -1


def wait_with_interrupts_on(cpu: Cpu) -> None:
    cpu.run_state = RunState.WAIT_FOR_SIPI
    cpu.interrupt_flag = True


def shadow_without_flag(cpu: Cpu) -> None:
    cpu.interrupt_shadow = True


def three_nmis(cpu: Cpu) -> None:
    cpu.nmi_pending = 3
    cpu.signalled = True


def two_nmis_behind_a_handler(cpu: Cpu) -> None:
    cpu.nmi_pending = 2
    cpu.nmi_running = cpu.signalled = True


def start_up_of_a_running_cpu(cpu: Cpu) -> None:
    cpu.sipi_pending = Vector(0x9A)
    cpu.signalled = True


def latched(name: str, value: object) -> Callable[[Cpu], None]:
    def latch(cpu: Cpu) -> None:
        cpu.run_state = RunState.WAIT_FOR_SIPI
        setattr(cpu, name, value)

    return latch


UNSEEN = "a signal is latched that nobody will look for"
BROKEN: list[tuple[Callable[[Cpu], None], str]] = [
    (request_3, "irr holds a vector below 16"),
    (serve_15, "isr holds a vector below 16"),
    (serve_two_of_a_class, "two vectors of one class are in service"),
    (merge_nothing, "a vector merged that is not requested"),
    (forget_tpr, "PPR is below TPR"),
    (unmask_while_disabled, "an LVT entry of a software-disabled APIC is not masked"),
    (edge_with_remote_irr, "remote IRR of an edge-triggered LINT0 is set"),
    (arrive_once_too_often, "more messages have arrived than were sent"),
    (wait_with_interrupts_on, "waits for a start-up IPI with interrupts on"),
    (shadow_without_flag, "an STI shadow with interrupts off"),
    (three_nmis, "more NMIs wait than are latched"),
    (two_nmis_behind_a_handler, "more NMIs wait than are latched"),
    (start_up_of_a_running_cpu, "a start-up IPI waits for a CPU that does not wait for it"),
    (latched("smi_pending", True), UNSEEN),
    (latched("init_pending", True), UNSEEN),
    (latched("nmi_pending", 1), UNSEEN),
    (latched("external_pending", True), UNSEEN),
    (latched("sipi_pending", 0x9A), UNSEEN),
]
IDS = [f"{number} {damage.__name__}" for number, (damage, _) in enumerate(BROKEN)]


@pytest.mark.parametrize(("damage", "problem"), BROKEN, ids=IDS)
def test_what_is_wrong_with_a_cpu_is_found(damage: Callable[[Cpu], None], problem: str) -> None:
    machine = machine_of(2)
    machine.check()

    damage(machine.cpus[1])

    with pytest.raises(AssertionError, match=f"^CPU 1: {problem}$"):
        machine.check()


def test_remote_irr_of_an_edge_pin_is_found() -> None:
    machine = machine_of(1)
    machine.io_apic.entries[5] |= REMOTE_IRR

    with pytest.raises(AssertionError, match=r"^pin 5: remote IRR of an edge pin is set$"):
        machine.check()


def test_message_that_is_not_counted_is_found() -> None:
    machine = machine_of(2)
    post(machine, 0, Icr(0x40, destination=1))
    machine.outbox.append(machine.outbox[0])

    with pytest.raises(AssertionError, match="an uncounted message is in the outbox"):
        machine.check()


def test_message_that_got_lost_is_found() -> None:
    machine = machine_of(2)
    machine.cpus[1].apic.services = Services(lambda event: None)

    send(machine, 0, Icr(0x40, destination=1))

    with pytest.raises(AssertionError, match=r"^message 1 was for CPUs \[1\] and ended at \[\]$"):
        machine.check()


# Nothing to find


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        pytest.param(mode, profile, id=f"{mode.value} {profile.name}")
        for profile in PROFILES.values()
        for mode in (ApicMode.XAPIC, ApicMode.X2APIC)
        if profile.x2apic or mode is ApicMode.XAPIC
    ],
)
def test_a_busy_machine_has_nothing_to_find(mode: ApicMode, profile: Profile) -> None:
    machine = machine_of(4, mode, profile)
    for cpu in machine.cpus:
        for vector in (0x41, 0x51, 0x51):
            cpu.apic.accept(fixed(vector))
        cpu.take_interrupt()
    post(machine, 0, Icr(0x60, shorthand=Shorthand.ALL_INCLUDING_SELF))

    machine.check()

    assert machine.undelivered == 1


def test_what_is_just_legal_is_in_order() -> None:
    machine = machine_of(2)
    apic = machine.cpus[1].apic
    for vector in (0x10, 0x4F, 0x50):
        apic.accept(fixed(vector))
        apic.acknowledge()
    apic.accept(fixed(0x10))
    apic.accept(fixed(0x10))
    apic.tpr = 0x2F
    apic.__class__ = Blind  # PPR 0x20 is of the same class

    machine.check()

    assert (list(apic.isr), list(apic.irr), list(apic.coalesced)) == ([0x10, 0x4F, 0x50], [0x10], [0x10])


def test_pins_with_remote_irr_are_in_order() -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.LVT_LINT0, lvt.LEVEL | 0x51)
    machine.write_redirection_entry(5, LEVEL | 0x61)
    machine.drive_lint(0, 0, 1)
    machine.drive_pin(5, 1)
    machine.settle()

    machine.check()

    assert machine.io_apic.entries[5] & machine.cpus[0].apic.lvt[Register.LVT_LINT0] & REMOTE_IRR


def test_everything_latched_at_once_is_in_order() -> None:
    machine = machine_of(2)
    machine.cpus[1].apic.accept(fixed(0x40, TriggerMode.LEVEL))
    for mode in (DeliveryMode.NMI, DeliveryMode.NMI, DeliveryMode.SMI):
        send(machine, 0, Icr(0, mode, destination=1))
    for icr in (Icr(0, DeliveryMode.INIT, destination=1), Icr(0x9A, DeliveryMode.STARTUP, destination=1)):
        post(machine, 0, icr)
        machine.deliver(machine.outbox.pop())

    machine.check()
    assert serve(machine, 1) == 0x40
    machine.check()
