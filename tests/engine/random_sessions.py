"""Sessions as nobody would think of them: commands, and runs of every kind between them, by chance and always the same.

Two kinds, for each misses what the other finds: ``ANYTHING`` does whatever a person can, and so soon has CPUs that are
reset, disabled or held off; ``STORM`` keeps all CPUs at work.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from app.backends.catalogue import DEFAULT_SHEETS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import (
    ConfigurePin,
    FireLocalSource,
    SendMsi,
)
from app.commands.machine import Demonstrate, SetBackend, SetCostSheet, SetInterruptFlag
from app.commands.registers import Rdmsr, ReadRegister, WriteCr8, WriteRegister, Wrmsr
from app.engine.event_log import WholeLog
from app.engine.journal import Beginning, Journalled, Moment
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw.profile import PROFILES
from app.session.simulated import SimulatedDrive
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, Msr
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from tests.engine.runs import Log, drive_legacy_line, drive_lint, drive_pin, names_under
from tests.engine.whole_state import whole_state

#: A timer with a smaller count would leave a CPU no time for anything else.
_LEAST_COUNT = 400
_COUNTS = range(_LEAST_COUNT, 4000)
_VECTORS = (0x05, 0x31, 0x41, 0x51, 0x61, 0xEF, 0xFC, 0xFD, 0xFF)
_WRITTEN = [
    register
    for register, definition in REGISTERS.items()
    if definition.xapic.writable and register not in (Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE)
]
_BASES = [RESET_BASE | bits for bits in (0, APIC_ENABLE, APIC_ENABLE | X2APIC_ENABLE, APIC_ENABLE | 1 << 21)]
_LEVEL_PIN, _EDGE_PIN = 18, 4


class Played(NamedTuple):
    """A session to its end: what it began as, what it was told, what came of it."""

    beginning: Beginning
    journal: list[Journalled]
    refused: list[Stimulus]
    end: Moment
    log: Log
    #: The state before some entries of the journal, by their place in it, and at the end, by the journal's length.
    states: dict[int, list[str]]
    counters: dict[str, int]


Choose = Callable[[Random, Simulation], Stimulus]


def anything(chance: Random, simulation: Simulation) -> Stimulus:
    """Whatever a person can do."""
    cpu = chance.randrange(len(simulation.processors))
    to = chance.randrange(len(simulation.processors))
    functions = sorted(GENERATIONS[simulation.generation].functions)
    icr = Icr(
        chance.choice(_VECTORS),
        chance.choice(list(DeliveryMode)),
        chance.choice(list(DestinationMode)),
        chance.choice(list(Shorthand)),
        to,
    )
    commands: list[Stimulus] = [
        SendIpi(cpu, icr),
        SendIpi(cpu, Icr(chance.choice(_VECTORS), destination=to)),
        CallGuest(cpu, chance.choice(functions), target=to, wait=chance.random() < 0.5),
        CallGuest(cpu, chance.choice(functions)),
        WriteRegister(cpu, chance.choice(_WRITTEN), chance.choice([0, 0x10, 0x1FF, chance.getrandbits(32)])),
        WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, chance.choice([0, *_COUNTS])),
        WriteRegister(cpu, Register.LVT_TIMER, chance.choice([0xEF, 0x200EF, 0x100EF, 0x400EF])),
        ReadRegister(cpu, chance.choice(list(Register))),
        Wrmsr(cpu, Msr.IA32_APIC_BASE, chance.choice(_BASES)),
        Wrmsr(cpu, Msr.IA32_TSC_DEADLINE, simulation.time + chance.randrange(-100, 9000)),
        Rdmsr(cpu, chance.choice([Msr.IA32_APIC_BASE, Msr.IA32_TSC_DEADLINE, 0x802, 0x83F])),
        WriteCr8(cpu, chance.choice([0, 0, 2, 5, 16])),
        drive_lint(cpu, chance.randrange(2), chance.randrange(2)),
        FireLocalSource(cpu, chance.choice([Register.LVT_THERMAL, Register.LVT_PERFORMANCE, Register.LVT_CMCI])),
        drive_legacy_line(chance.randrange(17), chance.randrange(2)),  # there is no line 16
        drive_pin(chance.choice([_LEVEL_PIN, _EDGE_PIN]), chance.randrange(2)),
        ConfigurePin(_LEVEL_PIN, chance.choice([0x8051, 0x51, 0x1_8051]) | to << 56),
        SendMsi(chance.choice([0xFEE0_0000, 0xFEE0_0000, 0x1000]) | to << 12, chance.choice(_VECTORS)),
        *_of_every_kind(chance, simulation, cpu),
    ]
    return chance.choice(commands)


def storm(chance: Random, simulation: Simulation) -> Stimulus:
    """All CPUs call functions and interrupt others, timers tick, and seldom something else."""
    cpu = chance.randrange(len(simulation.processors))
    to = chance.randrange(len(simulation.processors))
    functions = sorted(GENERATIONS[simulation.generation].functions.keys() - {"do_boot_cpu"})
    if chance.random() < 0.7:
        return chance.choice(
            [CallGuest(cpu, chance.choice(functions)), CallGuest(cpu, chance.choice(functions), target=to)]
        )
    commands: list[Stimulus] = [
        drive_pin(_LEVEL_PIN, chance.randrange(2)),
        WriteRegister(cpu, Register.LVT_TIMER, 0x2_00EF),
        WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, chance.choice(_COUNTS)),
        SendMsi(0xFEE0_0000 | to << 12, 0x51),
        *_of_every_kind(chance, simulation, cpu),
    ]
    return chance.choice(commands)


def _of_every_kind(chance: Random, simulation: Simulation, cpu: int) -> list[Stimulus]:
    sheet = chance.choice([DEFAULT_SHEETS[simulation.generation], "skylake-sp", "skylake-sp?vm_exit=900", "2007"])
    return [
        SetInterruptFlag(cpu, chance.random() < 0.6),
        SetBackend(chance.choice(names_under(simulation.generation))),
        SetCostSheet(sheet),
        Demonstrate(chance.random() < 0.7),
    ]


def play(choose: Choose, generation: str, backend: str, seed: int, *, looks: bool = True) -> Played:
    """A session that did what *choose* said. Without *looks* no state is kept: only what happened counts."""
    chance = Random(f"{choose.__name__} {generation} {backend} {seed}")
    profile = PROFILES[chance.choice(["intel-sdm", "intel-sdm", *sorted(PROFILES)])]
    simulation = Simulation(chance.randint(1, 6), backend, profile=profile, generation=generation, log=WholeLog)
    refused, states = [], {}
    for _ in range(chance.randint(5, 40)):
        for _ in range(chance.choice([1, 1, 1, 4])):
            command = choose(chance, simulation)
            place, before = (
                len(simulation.journal),
                whole_state(simulation) if chance.random() < 0.05 and looks else None,
            )
            try:
                simulation.apply(command)
            except (ValueError, KeyError):
                refused.append(command)
                before = None  # the next command may come at a later moment
            if before is not None:
                states[place] = before
        run_a_little(simulation, chance)
    if looks:
        states[len(simulation.journal)] = whole_state(simulation)
    log, counters = simulation.take_log(), simulation.counters.as_dict()
    return Played(simulation.beginning, simulation.journal, refused, simulation.moment, log, states, counters)


def run_a_little(simulation: Simulation, chance: Random) -> None:
    match chance.randrange(5):
        case 0:
            simulation.run(operations=chance.randrange(4))
        case 1:
            simulation.run(until=simulation.time + chance.randrange(800), operations=20)
        case 2:
            simulation.run(operations=chance.randrange(60), until_idle=True)
        case 3:
            simulation.run(until=simulation.time + chance.randrange(5000), operations=400)
        case _:
            ask(simulation)


def ask(simulation: Simulation) -> None:
    """Looks at everything that can be seen."""
    simulation.next_time()
    SimulatedDrive(simulation).state()
    simulation.check()


def play_again(played: Played, cuts: Random | None) -> tuple[Log, dict[int, list[str]]]:
    """The journal of *played* on a new machine, run in as few pieces as can be, or cut by chance. Returns the log, and
    the states at the places at which *played* has some."""
    simulation = Simulation(*played.beginning, log=WholeLog)
    states = {}
    for place, entry in enumerate(played.journal):
        run_to(simulation, entry.moment, cuts)
        if place in played.states:
            states[place] = whole_state(simulation)
        simulation.apply(entry.command)
    run_to(simulation, played.end, cuts)
    states[len(played.journal)] = whole_state(simulation)
    return simulation.take_log(), states


def redone(played: Played, cuts: Random | None) -> Simulation:
    """A new machine to which all of *played* was done, run in as few pieces as can be, or cut by chance."""
    simulation = Simulation(*played.beginning)
    for entry in played.journal:
        run_to(simulation, entry.moment, cuts)
        simulation.apply(entry.command)
    run_to(simulation, played.end, cuts)
    return simulation


def run_to(simulation: Simulation, moment: Moment, cuts: Random | None) -> None:
    """Runs to *moment*, in pieces of every kind when there are *cuts*."""
    while cuts is not None and simulation.ticks < moment.tick:
        to_tick = min(moment.tick, simulation.ticks + cuts.randint(1, 50))
        match cuts.randrange(4):
            case 0:
                simulation.run(operations=cuts.randrange(20), to_tick=to_tick)
            case 1:
                until = min(moment.time, simulation.time + cuts.randrange(2000))
                simulation.run(until=until, to_tick=to_tick)
            case 2:
                simulation.run(to_tick=to_tick)
            case _:
                ask(simulation)
    simulation.run_to(moment)
