"""The gates before a request decide as the devices do: whatever they stand at, what is sent comes of it just so."""

from random import Random

import pytest

from app.hw.arriving import gates_into, local_gates, mode_of, pin_gates
from app.hw.cpu import Cpu
from app.hw.events import Outcome
from app.hw.gates import FREE, LINE, SOURCE, first_closed
from app.hw.machine import Machine
from app.hw.profile import PROFILES
from app.hw.waiting import signal_gates
from app.x86 import lvt
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import ApicMode, Msr
from app.x86.redirection import PIN_COUNT
from app.x86.registers import Register
from tests.hw.machines import ENABLED, channelled, fixed, machine_of, message

_VECTORS = (0x05, 0x10, 0x41, 0x61, 0xFC)
_SIGNALS = (DeliveryMode.SMI, DeliveryMode.NMI, DeliveryMode.INIT, DeliveryMode.EXTINT)


def stir(machine: Machine, cpu: Cpu, chance: Random) -> None:
    """Something that opens or closes a gate."""
    number = cpu.number
    register = chance.choice([*cpu.apic.lvt])
    match chance.randrange(7):
        case 0:
            machine.write_register(number, Register.SVR, chance.choice([ENABLED, ENABLED, 0xFF]))
        case 1:
            machine.write_msr(number, Msr.IA32_APIC_BASE, chance.choice([0xFEE0_0800, 0xFEE0_0000]))
        case 2:
            machine.write_register(
                number,
                register,
                chance.choice(_VECTORS) | chance.choice([0, lvt.MASKED, lvt.LEVEL]) | chance.randrange(8) << 8,
            )
        case 3:
            entry = chance.choice(_VECTORS) | chance.choice([0, 1 << 15, 1 << 16, 3 << 15]) | number << 56
            machine.write_redirection_entry(chance.randrange(PIN_COUNT), entry)
        case 4:
            if cpu.apic.isr.highest() is not None:
                machine.write_register(number, Register.EOI, 0)
        case 5:
            cpu.interrupt_flag = True
            if cpu.interrupt_deliverable():
                cpu.take_interrupt()
        case _:
            machine.drive_pin(chance.randrange(PIN_COUNT), chance.randrange(2))


@pytest.mark.parametrize("name", PROFILES)
def test_message_ends_as_the_gates_of_its_target_stand(name: str) -> None:
    chance = Random(f"into {name}")
    machine = machine_of(2, profile=PROFILES[name])
    cpu, seen = machine.cpus[1], set()
    for number in range(2_000):
        stir(machine, cpu, chance)
        vector = chance.choice(_VECTORS)
        closed, requested = first_closed(gates_into(cpu, vector)), vector in cpu.apic.irr

        outcome = cpu.receive(fixed(vector, number=number))

        seen.add(outcome)
        if closed is None:
            assert outcome is (Outcome.MERGED if requested else Outcome.ACCEPTED)
        else:
            assert outcome is (Outcome.RETRIED if closed.kind is FREE else Outcome.REFUSED)
    assert len(seen) == 3


def test_event_for_a_port_ends_as_its_gates_stand() -> None:
    machine = channelled()
    cpu = machine.cpus[1]
    for vector in (0x05, 0x41, 0x41):
        closed, pending = first_closed(gates_into(cpu, vector)), vector in machine.cpus[1].event_channels.pending  # type: ignore[union-attr]

        outcome = cpu.receive(fixed(vector))

        assert (outcome is Outcome.REFUSED) == (closed is not None)
        assert (outcome is Outcome.MERGED) == pending


@pytest.mark.parametrize("name", ["intel-sdm", "intel-p6"])
def test_pin_sends_on_a_rising_line_exactly_when_its_gates_are_open(name: str) -> None:
    chance = Random(f"pins {name}")
    machine = machine_of(2, profile=PROFILES[name])
    sent = silent = 0
    for _ in range(2_000):
        stir(machine, machine.cpus[chance.randrange(2)], chance)
        pin = chance.randrange(PIN_COUNT)
        if machine.io_apic.lines[pin]:
            machine.drive_pin(pin, 0)
        closed = first_closed(gate for gate in pin_gates(machine.io_apic, pin) if gate.kind is not LINE)
        before = len(machine.outbox)

        machine.drive_pin(pin, 1)

        assert (len(machine.outbox) > before) == (closed is None)
        sent, silent = sent + (closed is None), silent + (closed is not None)
        if chance.random() < 0.5:
            machine.settle()
            machine.take_events()
    assert sent
    assert silent


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("register", [Register.LVT_THERMAL, Register.LVT_PERFORMANCE])
def test_local_source_comes_to_its_cpu_exactly_when_its_gates_are_open(name: str, register: Register) -> None:
    chance = Random(f"local {name} {register}")
    machine = machine_of(2, profile=PROFILES[name])
    cpu = machine.cpus[1]
    if register not in cpu.apic.lvt:
        return
    came = 0
    for _ in range(1_500):
        stir(machine, cpu, chance)
        if chance.random() < 0.5:
            machine.write_register(
                1, register, chance.choice(_VECTORS) | chance.choice([0, 0, lvt.MASKED]) | chance.randrange(8) << 8
            )
        entry = cpu.apic.lvt[register]
        mode, vector = mode_of(register, entry), entry & 0xFF
        if mode is not DeliveryMode.FIXED or vector in cpu.apic.irr:
            continue
        closed = first_closed(gate for gate in local_gates(cpu, register) if gate.kind is not SOURCE)

        machine.fire_local(1, register)

        assert (vector in cpu.apic.irr) == (closed is None)
        came += closed is None
    assert came


def test_signals_come_in_exactly_when_their_gates_are_open() -> None:
    chance = Random("signals")
    machine = machine_of(2)
    cpu = machine.cpus[1]
    taken = dict.fromkeys(_SIGNALS, 0)
    for number in range(3_000):
        if chance.random() < 0.3:
            cpu.receive(message(0x61, chance.choice(_SIGNALS), number=number))
        cpu.interrupt_flag = cpu.interrupt_flag or (chance.random() < 0.3 and cpu.run_state.value != "wait_for_sipi")
        pending = {
            DeliveryMode.SMI: cpu.smi_pending,
            DeliveryMode.INIT: cpu.init_pending,
            DeliveryMode.NMI: bool(cpu.nmi_pending),
        }
        arrival = cpu.next_arrival()
        for mode, waits in pending.items():
            comes = waits and first_closed(signal_gates(cpu, mode)) is None
            assert comes == (arrival is not None and arrival.name == mode.name)
            taken[mode] += comes
        match arrival.name if arrival else "":
            case "SMI":
                cpu.take_smi()
            case "NMI":
                cpu.take_nmi()
            case "INIT" | "STARTUP":
                cpu.take_resets()
            case _:
                pass
        if cpu.in_smm and chance.random() < 0.3:
            cpu.resume()
        if cpu.nmi_running and chance.random() < 0.3:
            cpu.return_from_nmi()
        if cpu.run_state.value == "wait_for_sipi":
            assert first_closed(signal_gates(cpu, DeliveryMode.STARTUP)) is None or cpu.in_smm
            if chance.random() < 0.5:
                machine.cpus[1].run_state = type(cpu.run_state).RUNNING
        else:
            assert first_closed(signal_gates(cpu, DeliveryMode.STARTUP)) is not None or cpu.init_pending
    assert [mode for mode in _SIGNALS if not taken[mode]] == [DeliveryMode.EXTINT]  # which is an interrupt


def test_disabled_apic_leaves_its_pins_to_the_cpu() -> None:
    machine = machine_of(2)
    machine.write_msr(1, Msr.IA32_APIC_BASE, 0xFEE0_0000)
    assert machine.cpus[1].apic.mode is ApicMode.DISABLED

    assert first_closed(local_gates(machine.cpus[1], Register.LVT_LINT1)) is None
    assert first_closed(local_gates(machine.cpus[1], Register.LVT_THERMAL)) is not None
