"""The gate ladder: what each way in passes, where it is held up, and that the model decides just so."""

from random import Random
from typing import Any

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import ConfigurePin, LowerPin, RaiseLegacyLine, RaiseLint, RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteCr8, WriteRegister, Wrmsr
from app.engine.codec import NotRecordable
from app.engine.simulation import Simulation
from app.engine.waits import Waits, gates_before, why_held
from app.guest.generations import GENERATIONS
from app.history.record import from_state, state
from app.hw.cpu import Arrival, Cpu
from app.hw.events import Acknowledged, EventTaken
from app.hw.gates import GATE_KINDS, first_closed
from app.hw.profile import PROFILES
from app.hw.waiting import gates_at, signal_gates, why_waiting
from app.state.ladder import Look, NothingThere, Selection, ladder
from app.state.shapes import LadderState
from app.web.pages.registers.entries import entry_of
from app.x86.icr import DeliveryMode, Icr
from app.x86.redirection import MASKED
from app.x86.reference import SUBJECTS
from app.x86.registers import Register
from tests.engine.random_sessions import anything, run_a_little, storm
from tests.engine.runs import PAIRS

LEVEL = 1 << 15
PROFILE_WITHOUT_CMCI = PROFILES["intel-p6"]


def look_at(simulation: Simulation) -> Look:
    flights = list(simulation.in_flight.values())
    waits = Waits(simulation.machine, simulation.processors, flights, idle=simulation.idle)
    names = GENERATIONS[simulation.generation].vector_names
    backend = simulation.execution.backend
    return Look(simulation.machine, flights, names, simulation.processors, waits, backend)


def of(simulation: Simulation, **selected: Any) -> LadderState:
    return ladder(look_at(simulation), Selection(**selected))


def states_of(found: LadderState) -> dict[str, str]:
    return {gate["gate"]: gate["state"] for gate in found["gates"]}


def barred(found: LadderState) -> str | None:
    """The gate that bars, of which there is at most one."""
    gates = [gate["gate"] for gate in found["gates"] if gate["state"] == "barred"]
    assert len(gates) <= 1
    return gates[0] if gates else None


def held(vector: int = 0x61, **machine: Any) -> Simulation:
    simulation = Simulation(4, **machine)
    simulation.apply(SetInterruptFlag(2, False))
    simulation.apply(SendIpi(0, Icr(vector, destination=2)))
    simulation.run(until_idle=True)
    return simulation


# A vector at a CPU


def test_vector_that_a_person_holds_off_has_passed_all_gates_but_one() -> None:
    found = of(held(), cpu=2, vector=0x61)

    assert [(gate["gate"], gate["state"]) for gate in found["gates"]] == [
        ("sent", "passed"),
        ("apic_on", "passed"),
        ("legal", "passed"),
        ("free", "passed"),
        ("started", "passed"),
        ("priority", "passed"),
        ("flag", "barred"),
        ("shadow", "not_reached"),
        ("first", "not_reached"),
        ("taken", "not_reached"),
    ]
    assert found["status"] == "requested"
    assert found["caption"]["words"] == "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1."
    assert found["gates"][6]["words"] == "Interrupts are held off by hand, though IF is 1."
    assert found["gates"][5]["rule"] == {
        "section": "SDM vol. 3, “Task and Processor Priorities”",
        "href": "/registers#PPR",
    }


def test_vector_that_nobody_has_sent_says_what_would_become_of_it() -> None:
    simulation = Simulation(4)
    assert of(simulation, cpu=2, vector=0x61)["caption"]["words"] == (
        "Nobody has sent 0x61 to CPU 2. It would be taken at the next instruction boundary of CPU 2."
    )
    simulation.apply(WriteCr8(2, 7))

    found = of(simulation, cpu=2, vector=0x61)

    assert (found["status"], barred(found)) == ("asked_about", "priority")
    assert found["caption"]["words"].endswith(
        "It would not come in: class 6 is not above PPR 0x70, because TPR is 0x70."
    )


def test_illegal_vector_ends_at_that_gate() -> None:
    assert barred(of(Simulation(2), cpu=1, vector=5)) == "legal"


def test_vector_on_its_way_has_not_arrived() -> None:
    simulation = Simulation(4)
    simulation.apply(SetInterruptFlag(2, False))
    simulation.apply(SendIpi(0, Icr(0x61, destination=2)))
    while not simulation.in_flight:
        simulation.run(operations=1)

    found = of(simulation, cpu=2, vector=0x61)

    assert (found["way"], found["status"], barred(found)) == ("message", "coming", "arrived")
    assert found["caption"]["words"] == (
        "0x61 is on its way to CPU 2. There it would not come in yet: interrupts are held off by hand, though IF is 1."
    )
    [number] = simulation.in_flight
    assert of(simulation, message=number) == found


def test_vector_in_service_has_passed_all() -> None:
    simulation = Simulation(4)
    simulation.apply(SendIpi(0, Icr(0x61, destination=2)))
    while 0x61 not in simulation.machine.cpus[2].apic.isr:
        simulation.run(operations=1)

    found = of(simulation, cpu=2, vector=0x61)

    assert found["status"] == "in_service"
    assert set(states_of(found).values()) == {"passed"}
    values = {gate["gate"]: gate["value"] for gate in found["gates"]}
    assert values["priority"] == values["flag"] == "was so when it passed"
    assert values["apic_on"] == "xapic, SVR bit 8 = 1"


def test_vector_for_a_cpu_that_waits_for_a_start_up_ipi_is_refused_by_its_apic() -> None:
    simulation = Simulation(4)
    simulation.apply(SendIpi(0, Icr(0, DeliveryMode.INIT, destination=2)))
    simulation.run(until_idle=True)

    found = of(simulation, cpu=2, vector=0x61)

    assert barred(found) == "apic_on"
    assert [gate["open"] for gate in found["gates"] if gate["gate"] == "started"] == [False]


# Other ways in


def test_port_of_a_guest_with_event_channels_has_the_gates_of_the_shared_words() -> None:
    simulation = Simulation(4, "xen-evtchn")
    simulation.apply(SetInterruptFlag(2, False))
    simulation.apply(CallGuest(0, "smp_send_reschedule", target=2))
    simulation.run(until_idle=True)
    channels = simulation.machine.cpus[2].event_channels
    assert channels is not None
    [port] = channels.pending

    found = of(simulation, cpu=2, vector=port)

    assert found["way"] == "port"
    assert list(states_of(found)) == [
        *("sent", "legal", "port_pending", "started", "port_unmasked", "selector", "upcall_pending"),
        *("no_upcall", "upcall_mask", "shadow", "first", "in_guest", "taken"),
    ]
    assert barred(found) == "upcall_mask"
    channels.masked.set(port)
    assert barred(of(simulation, cpu=2, vector=port)) == "port_unmasked"


def test_guest_with_virtual_interrupt_delivery_has_the_gates_of_that() -> None:
    simulation = held(backend="apicv", generation="linux-6")

    gates = list(states_of(of(simulation, cpu=2, vector=0x61)))

    assert "virtual_priority" in gates
    assert "in_guest" in gates
    assert "priority" not in gates


def test_masked_local_source_ends_at_its_entry() -> None:
    simulation = Simulation(2)
    simulation.apply(WriteRegister(1, Register.LVT_THERMAL, MASKED | 0x61))

    found = of(simulation, cpu=1, source=Register.LVT_THERMAL)

    assert (found["way"], barred(found)) == ("source", "entry_unmasked")
    assert found["caption"]["words"] == (
        "LVT THERMAL (0x330) of CPU 1 would bring 0x61. It would not come in: its LVT entry is masked."
    )
    assert of(simulation, cpu=1, vector=0x61) == found


def test_local_source_that_has_requested_goes_on_at_its_cpu() -> None:
    simulation = Simulation(2)
    simulation.apply(SetInterruptFlag(1, False))
    simulation.apply(WriteRegister(1, Register.LVT_LINT0, LEVEL | 0x61))
    simulation.apply(RaiseLint(1, 0))

    found = of(simulation, cpu=1, source=Register.LVT_LINT0)

    assert list(states_of(found))[:7] == [
        *("source", "apic_on", "entry_unmasked", "mode", "remote_irr", "legal", "free")
    ]
    assert barred(found) == "flag"


def test_extint_of_the_8259_has_no_gate_of_priority() -> None:
    simulation = Simulation(2)
    simulation.apply(SetInterruptFlag(0, False))
    simulation.apply(WriteRegister(0, Register.LVT_LINT0, DeliveryMode.EXTINT << 8))
    simulation.apply(RaiseLegacyLine(4))

    found = of(simulation, cpu=0, source=Register.LVT_LINT0)

    assert "priority" not in states_of(found)
    assert barred(found) == "flag"


# Pins


def pin_18(simulation: Simulation, entry: int = 2 << 56 | LEVEL | 0x61) -> None:
    simulation.apply(ConfigurePin(18, entry))


def test_masked_pin_ends_at_its_mask() -> None:
    simulation = Simulation(4)
    pin_18(simulation, MASKED | 0x61)

    found = of(simulation, pin=18)

    assert (found["way"], barred(found)) == ("pin", "unmasked")
    assert found["caption"]["pin"] == 18


def test_pin_whose_interrupt_is_requested_goes_on_at_the_cpu() -> None:
    simulation = Simulation(4)
    simulation.apply(SetInterruptFlag(2, False))
    pin_18(simulation)
    simulation.apply(RaisePin(18))
    simulation.run(until_idle=True)

    found = of(simulation, pin=18)

    assert barred(found) == "flag"
    assert states_of(found)["remote_irr"] == "passed"
    assert found["caption"]["words"] == "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1."


def test_pin_whose_interrupt_is_in_service_waits_for_that_eoi() -> None:
    simulation = Simulation(4)
    pin_18(simulation)
    simulation.apply(RaisePin(18))
    while 0x61 not in simulation.machine.cpus[2].apic.isr:
        simulation.run(operations=1)

    found = of(simulation, pin=18)

    assert barred(found) == "remote_irr"
    assert found["caption"]["words"].endswith("remote IRR is 1 until CPU 2's EOI of 0x61.")


def test_pin_for_nobody_ends_at_its_destination() -> None:
    simulation = Simulation(4)
    pin_18(simulation, 9 << 56 | LEVEL | 0x61)
    simulation.apply(RaisePin(18))
    simulation.run(until_idle=True)

    assert barred(of(simulation, pin=18)) == "destination"


def test_pin_that_is_down_has_nothing_to_say() -> None:
    simulation = Simulation(4)
    pin_18(simulation)
    simulation.apply(LowerPin(18))

    assert barred(of(simulation, pin=18)) == "line"


# Code


def test_chain_of_code_ends_at_the_gate_that_a_person_holds() -> None:
    simulation = Simulation(4)
    simulation.apply(SetInterruptFlag(2, False))
    for cpu in (0, 1):
        simulation.apply(CallGuest(cpu, "smp_call_function"))
        simulation.run(until_idle=True)

    found = of(simulation, cpu=1, code=True)

    assert [link["cpu"] for link in found["chain"]] == [1, 0, 2]
    assert barred(found) == "flag"
    assert found["caption"]["words"] == (
        "CPU 1 spins on call_lock, which CPU 0 holds. "
        "CPU 2: 0xfb waits, interrupts are held off by hand, though IF is 1."
    )


def test_code_that_waits_for_nobody_says_so() -> None:
    assert of(Simulation(2), cpu=1, code=True)["status"] == "runs"


def test_poll_of_a_page_that_is_gone_is_a_chain_of_its_own() -> None:
    simulation = Simulation(4)
    simulation.apply(Wrmsr(0, 0x1B, 0xFEE0_0000))
    simulation.apply(SendIpi(0, Icr(0x61, destination=2)))
    simulation.run(operations=400)

    found = of(simulation, cpu=0, code=True)

    assert (found["status"], found["gates"]) == ("waits", [])
    assert "disabled in IA32_APIC_BASE" in found["chain"][-1]["words"]


# What is not there


@pytest.mark.parametrize(
    "selected",
    [{"cpu": 9, "vector": 1}, {"cpu": 9, "code": True}, {"cpu": 0, "source": Register.LVT_CMCI}, {"message": 7}, {}],
)
def test_what_is_not_there_is_told_so(selected: dict[str, Any]) -> None:
    with pytest.raises(NothingThere):
        of(Simulation(2, profile=PROFILE_WITHOUT_CMCI), **selected)


def test_looking_changes_nothing() -> None:
    simulation = held()
    before = state(simulation)
    for pin in range(24):
        of(simulation, pin=pin)
    for cpu in range(4):
        of(simulation, cpu=cpu, vector=0x61)
        of(simulation, cpu=cpu, code=True)
        for register in simulation.machine.cpus[cpu].apic.lvt:
            of(simulation, cpu=cpu, source=register)

    assert state(simulation) == before


# The table


def test_gates_have_names_of_their_own_and_rules_that_stand_in_the_register_reference() -> None:
    names = [kind.name for kind in GATE_KINDS]
    known = {entry_of(definition).name for subject in SUBJECTS for definition in subject[1]}

    assert len(names) == len(set(names))
    assert {kind.register for kind in GATE_KINDS} - {""} <= known
    assert all(kind.section for kind in GATE_KINDS)


# The model decides just so


def requests_of(cpu: Cpu) -> list[int]:
    return list(cpu.apic.irr if cpu.event_channels is None else cpu.event_channels.pending)


def would_take(cpu: Cpu) -> int | None:
    """What the model would give the CPU at the boundary that it stands at; None: nothing of a vector's."""
    if cpu.next_arrival() is not Arrival.INTERRUPT or cpu.external_requested():
        return None
    return (cpu.event_channels or cpu.apic).deliverable()


def selections(simulation: Simulation) -> list[Selection]:
    """All that there is, but for vectors."""
    cpus = simulation.machine.cpus
    return [
        *(Selection(pin=pin) for pin in (4, 18)),
        *(Selection(message=number) for number in simulation.in_flight),
        *(Selection(cpu=cpu.number, code=True) for cpu in cpus),
        *(Selection(cpu=cpu.number, source=register) for cpu in cpus for register in cpu.apic.lvt),
    ]


def assert_gates_decide_as_the_model(simulation: Simulation) -> None:
    look = look_at(simulation)
    for processor in simulation.processors:
        cpu = processor.cpu
        for vector in requests_of(cpu):
            closed = first_closed(gates_at(cpu, vector))
            assert (closed is None) == (would_take(cpu) == vector)
            assert why_waiting(cpu, vector) == (closed.why if closed else why_waiting(cpu, vector))
            found = ladder(look, Selection(cpu=cpu.number, vector=vector))
            bar = first_closed(gates_before(processor, vector))
            assert barred(found) == (look_kind(bar.kind.name, simulation) if bar else None)
            assert bar is None or bar.why in found["caption"]["words"]
            assert bar is None or bar.why == why_held(processor, vector)
        for mode, pending in (
            (DeliveryMode.NMI, cpu.nmi_pending),
            (DeliveryMode.SMI, cpu.smi_pending),
            (DeliveryMode.INIT, cpu.init_pending),
        ):
            if pending:
                arrival = Arrival[mode.name]
                assert (first_closed(signal_gates(cpu, mode)) is None) == (cpu.next_arrival() is arrival)


def look_kind(name: str, simulation: Simulation) -> str:
    virtual = simulation.execution.backend.definition.has_virtual_page
    return "virtual_priority" if virtual and name == "priority" else name


def assert_next_turn_takes_what_is_open(simulation: Simulation) -> int:
    """A copy of each CPU makes its next turn: it takes a vector exactly when all of its gates are open."""
    tried = 0
    for processor in simulation.processors:
        requests = requests_of(processor.cpu)
        # The hypervisor's word is read, and a shadow over idle instructions ends, at the beginning of the turn itself.
        if not requests or processor.eoi_offered is not None or processor.cpu.interrupt_shadow:
            continue
        # Nor is that a way in which is gone already, be it that an upcall looks for the next port by itself.
        if processor.frames and not processor.frames[-1].name:
            continue
        if processor.cpu.event_channels and any(one.returns_from is Arrival.INTERRUPT for one in processor.frames):
            continue
        open_ones = [one for one in requests if first_closed(gates_before(processor, one)) is None]
        copy = from_state(state(simulation))
        other, happened = copy.processors[processor.cpu.number], copy.happened
        depth = len(other.frames)
        copy.execution.turn(other)
        taken = [one.vector for _, one in copy.events_since(happened) if isinstance(one, Acknowledged | EventTaken)]
        entered = len(other.frames) > depth and other.frames[-1].returns_from is Arrival.INTERRUPT
        signal = other.cpu.signalled or processor.cpu.signalled
        assert signal or bool(open_ones) == (bool(taken) or entered)
        assert not taken or not open_ones or taken == open_ones
        tried += 1
    return tried


@pytest.mark.slow
@pytest.mark.parametrize("choose", [anything, storm])
@pytest.mark.parametrize(("generation", "backend"), PAIRS)
def test_vector_is_taken_next_exactly_when_all_its_gates_are_open(choose: Any, generation: str, backend: str) -> None:
    chance = Random(f"gates {choose.__name__} {generation} {backend}")
    simulation = Simulation(4, backend, generation=generation)
    tried = 0
    for _ in range(60):
        try:
            simulation.apply(choose(chance, simulation))
        except (ValueError, KeyError):
            continue
        for _ in range(chance.randrange(6)):
            run_a_little(simulation, chance)
            simulation.run(operations=chance.randrange(4))
            assert_gates_decide_as_the_model(simulation)
            if chance.random() < 0.1:
                for selection in selections(simulation):
                    barred(ladder(look_at(simulation), selection))
            if chance.random() < 0.5:
                try:
                    tried += assert_next_turn_takes_what_is_open(simulation)
                except NotRecordable:
                    continue
    assert tried or choose is anything
