"""Onlookers of a machine at work: any number, told of every moment, and changing nothing."""

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.machine import SetCostSheet, SetInterruptFlag
from app.engine.probe import Probe
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.step_kinds import KIND_OF
from app.guest.steps import Acknowledge, SpinUntil, Step
from app.hw.messages import BusMessage
from tests.engine.runs import finish, ipi, reschedule, under_every_backend

CALLS: tuple[Stimulus, ...] = (CallGuest(0, "smp_call_function"), reschedule(1, 2))
BOOT = CallGuest(0, "do_boot_cpu", target=1)


class Diary(Probe):
    """Keeps all that it is told, by what it was."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, Step, Work]] = []
        self.waits: list[tuple[str, int, SpinUntil]] = []
        self.frames: list[tuple[str, int, Frame]] = []
        self.messages: list[tuple[int, int]] = []
        self.work = Work()

    def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
        self.steps.append((processor.cpu.number, step, work))
        self.work += work

    def wait_began(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        self.waits.append(("began", processor.cpu.number, step))
        self.work += work

    def wait_ended(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        self.waits.append(("ended", processor.cpu.number, step))
        self.work += work

    def frame_began(self, processor: Processor, frame: Frame) -> None:
        self.frames.append(("began", processor.cpu.number, frame))

    def frame_ended(self, processor: Processor, frame: Frame) -> None:
        self.frames.append(("ended", processor.cpu.number, frame))

    def message_posted(self, message: BusMessage, leaves: int, arrives: int) -> None:
        self.messages.append((leaves, arrives))


def observed(simulation: Simulation) -> Diary:
    diary = Diary()
    simulation.execution.add_probe(diary)
    return diary


@under_every_backend
def test_all_work_is_told_once_and_to_everybody(backend: str) -> None:
    simulation = Simulation(3, backend)
    first, second = observed(simulation), observed(simulation)

    finish(simulation, *CALLS)

    assert first.work == simulation.counters.work != Work()
    assert (first.steps, first.waits, first.frames) == (second.steps, second.waits, second.frames)


@under_every_backend
def test_what_a_step_came_to_is_what_its_kind_says(backend: str) -> None:
    simulation = Simulation(3, backend)
    diary = observed(simulation)

    finish(simulation, *CALLS)

    for _, step, work in diary.steps:
        assert work.exits == KIND_OF[type(step)].is_exit
        assert work.hypercalls == KIND_OF[type(step)].is_hypercall


@under_every_backend
def test_onlookers_change_nothing(backend: str) -> None:
    plain, seen = Simulation(3, backend), Simulation(3, backend)
    observed(seen)

    assert finish(plain, *CALLS) == finish(seen, *CALLS)
    assert (plain.time, plain.counters, plain.ticks) == (seen.time, seen.counters, seen.ticks)


def test_a_wait_begins_and_ends() -> None:
    simulation = Simulation(2)
    diary = observed(simulation)
    finish(simulation, SetInterruptFlag(1, False), CallGuest(0, "flush_tlb_others"))
    assert [(told, cpu) for told, cpu, _ in diary.waits] == [("began", 0)]

    finish(simulation, SetInterruptFlag(1, True))

    assert [(told, cpu) for told, cpu, _ in diary.waits] == [("began", 0), ("ended", 0)]
    assert diary.waits[0][2] == diary.waits[1][2]


@under_every_backend
def test_every_frame_that_begins_ends(backend: str) -> None:
    simulation = Simulation(3, backend)
    diary = observed(simulation)

    finish(simulation, *CALLS)
    finish(simulation, BOOT)

    assert {frame for told, _, frame in diary.frames if told == "began"} == {
        frame for told, _, frame in diary.frames if told == "ended"
    }
    assert len(diary.frames) == 2 * len({frame for _, _, frame in diary.frames})
    assert {"smp_call_function", "do_boot_cpu"} <= {frame.name for _, _, frame in diary.frames}


def test_messages_are_told_with_when_they_leave_and_arrive() -> None:
    simulation = Simulation(2)
    diary = observed(simulation)

    finish(simulation, ipi(0, 1, 0x51))

    ((leaves, arrives),) = diary.messages
    assert arrives - leaves == simulation.sheet.price("message_flight")
    assert leaves > 0


def test_who_is_removed_hears_nothing_more() -> None:
    simulation = Simulation(2)
    gone, stays = observed(simulation), observed(simulation)

    simulation.execution.remove_probe(gone)
    finish(simulation, reschedule(0, 1))

    assert gone.steps == []
    assert any(isinstance(step, Acknowledge) for _, step, _ in stays.steps)


def test_another_sheet_counts_anew_and_no_work_is_negative() -> None:
    simulation = Simulation(2)
    diary = observed(simulation)
    finish(simulation, reschedule(0, 1))

    finish(simulation, SetCostSheet("sapphire-rapids"), reschedule(0, 1))

    assert all(work.cycles >= 0 and work.accesses >= 0 for _, _, work in diary.steps)


def test_every_kind_of_step_is_performed() -> None:
    assert set(Simulation(1).execution.effects.performers) == set(KIND_OF)
