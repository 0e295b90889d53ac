"""The kernel works on the machine of any profile; where profiles differ, a simulation shows it."""

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.registers import Rdmsr, WriteRegister, Wrmsr
from app.engine.events import HandlerEntered
from app.engine.simulation import Simulation
from app.guest.generations import GUEST_FUNCTIONS
from app.hw.events import Refused, SendRefused
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, KVM, PROFILES, QEMU, Profile
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, Msr
from app.x86.redirection import REMOTE_IRR
from app.x86.registers import SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Register
from tests.engine.runs import finish, finished_calls, handled, happened, ipi, run_to, signal, under_every_backend

under_every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
X2APIC = Wrmsr(1, Msr.IA32_APIC_BASE, RESET_BASE | APIC_ENABLE | X2APIC_ENABLE)


def test_machine_is_the_manuals_unless_asked_otherwise() -> None:
    assert Simulation(2).machine.profile is INTEL_SDM
    assert Machine(2).profile is INTEL_SDM


@under_every_backend
@under_every_profile
def test_every_function_of_the_kernel_returns(backend: str, profile: Profile) -> None:
    for function in GUEST_FUNCTIONS:
        log = finish(Simulation(4, backend, profile=profile), CallGuest(1, function))

        assert finished_calls(log) == [(1, function)]


@under_every_backend
@under_every_profile
def test_level_device_is_served_once_a_raise(backend: str, profile: Profile) -> None:
    simulation = Simulation(4, backend, profile=profile)
    for _ in range(3):
        simulation.apply(RaisePin(16))
        simulation.run(until=simulation.time + simulation.sheet.cycles["message_flight"])
        assert sum(len(processor.handlers()) for processor in simulation.processors) == 1
        finish(simulation, LowerPin(16))

    assert simulation.counters.interrupts_taken == 3
    assert not simulation.machine.io_apic.entries[16] & REMOTE_IRR


@under_every_profile
def test_the_same_commands_give_the_same_log_again(profile: Profile) -> None:
    logs = [
        finish(Simulation(4, profile=profile), CallGuest(0, "smp_call_function"), CallGuest(2, "flush_tlb_others"))
        for _ in range(2)
    ]

    assert repr(logs[0]) == repr(logs[1])


@under_every_backend
@pytest.mark.parametrize(
    ("profile", "times"),
    [(INTEL_SDM, 1), (INTEL_XEON, 1), (KVM, 1), (QEMU, 1), (INTEL_P6, 2)],
    ids=lambda parameter: getattr(parameter, "name", "times"),
)
def test_same_vector_twice_is_one_interrupt_but_on_the_p6(backend: str, profile: Profile, times: int) -> None:
    simulation = Simulation(2, backend, profile=profile)
    device = signal(1, DeliveryMode.FIXED, 0x51)

    finish(simulation, SetInterruptFlag(1, False), device, device)
    log = finish(simulation, SetInterruptFlag(1, True))

    assert handled(log) == [(1, 0x51)] * times


@under_every_backend
@pytest.mark.parametrize(("profile", "comes"), [(INTEL_SDM, True), (QEMU, False)], ids=["drains", "blocked"])
def test_request_of_an_apic_that_was_software_disabled_since(backend: str, profile: Profile, comes: bool) -> None:
    simulation = Simulation(2, backend, profile=profile)
    finish(simulation, SetInterruptFlag(1, False), signal(1, DeliveryMode.FIXED, 0x51))

    disabled = finish(simulation, WriteRegister(1, Register.SVR, 0xFF), SetInterruptFlag(1, True))
    enabled = finish(simulation, WriteRegister(1, Register.SVR, SVR_ENABLE | 0xFF))

    assert handled(disabled) == ([(1, 0x51)] if comes else [])
    assert handled(enabled) == ([] if comes else [(1, 0x51)])


def test_lowest_priority_ipi_is_sent_where_the_profile_can() -> None:
    lowest = ipi(0, 1, 0x51, DeliveryMode.LOWEST_PRIORITY)

    sent = {name: handled(finish(Simulation(2, profile=profile), lowest)) for name, profile in PROFILES.items()}
    refused = finish(Simulation(2, profile=INTEL_XEON), lowest)

    assert sent.pop("intel-xeon") == [(0, 0xFE)]  # the error interrupt: redirectable IPI
    assert set(map(tuple, sent.values())) == {((1, 0x51),)}
    assert len(happened(refused, SendRefused)) == 1


def test_x2apic_mode_is_there_where_the_profile_has_it() -> None:
    modes = {}
    for name, profile in PROFILES.items():
        simulation = Simulation(2, profile=profile)
        simulation.apply(X2APIC)
        modes[name] = simulation.apply(Rdmsr(1, Msr.IA32_APIC_BASE)) == X2APIC.value

    assert modes == {name: name not in ("intel-p6", "qemu") for name in PROFILES}


def test_broadcast_end_is_suppressed_where_the_profile_can() -> None:
    """Suppressed, the pin's remote IRR stays until software ends it at the I/O APIC."""
    stuck = {}
    for name, profile in PROFILES.items():
        simulation = Simulation(1, profile=profile)
        simulation.apply(WriteRegister(0, Register.SVR, SVR_ENABLE | SVR_SUPPRESS_EOI_BROADCAST | 0xFF))
        simulation.apply(RaisePin(16))
        run_to(simulation, HandlerEntered, 0)
        finish(simulation, LowerPin(16))
        stuck[name] = bool(simulation.machine.io_apic.entries[16] & REMOTE_IRR)

    assert stuck == {name: name == "intel-xeon" for name in PROFILES}


@under_every_backend
def test_only_the_p6_tells_a_sender_that_nobody_has_accepted(backend: str) -> None:
    """Send accept is an error of its serial bus; the error interrupt wakes the sender, which has gone idle."""
    noticed = {}
    for name, profile in PROFILES.items():
        simulation = Simulation(2, backend, profile=profile)
        log = finish(simulation, WriteRegister(1, Register.SVR, 0xFF), ipi(0, 1, 0x51))
        assert len(happened(log, Refused)) == (name != "qemu")
        noticed[name] = handled(log)

    assert noticed == {name: [(0, 0xFE)] if name == "intel-p6" else [] for name in PROFILES}
