"""What a frame runs is data: with that and the replies, its generators can be made anew where they stood."""

import json
from collections import Counter
from typing import Any

import pytest

from app.backends.trap_emulate import TrapAndEmulate
from app.engine.frames import Elsewhere, rebuild
from app.engine.simulation import Simulation
from app.guest import handler_work
from app.guest.apic_ops import Context
from app.guest.handler_work import DEVICE
from app.guest.steps import EnableInterrupts, Fence, Steps
from app.hw.events import MessageSent
from tests.engine.random_sessions import Choose
from tests.engine.runs import ipi, reschedule, under_every_pair
from tests.engine.test_golden_sessions import GOLDEN, KINDS, hash_of, name_of


def rebuild_all(simulation: Simulation) -> Counter[str]:
    """Makes the generators of every frame anew. Tells how many of which kind there were."""
    kinds: Counter[str] = Counter()
    for processor in simulation.processors:
        for frame in processor.frames:
            kinds[type(frame.code).__name__] += 1
            kinds["host"] += frame.stands is not None
            kinds["kick"] += frame.kick is not None
            kinds["wait"] += frame.spin is not None
            rebuild(frame, processor.cpu, simulation.execution.context(processor, frame.backend))
    return kinds


@pytest.mark.slow
@under_every_pair
@pytest.mark.parametrize("choose", KINDS, ids=lambda choose: choose.__name__)
def test_sessions_whose_generators_are_always_new_give_the_same(
    choose: Choose, generation: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: Counter[str] = Counter()
    run = Simulation.run

    def run_anew(simulation: Simulation, *arguments: Any, **named: Any) -> int:
        kinds.update(rebuild_all(simulation))
        return run(simulation, *arguments, **named)

    monkeypatch.setattr(Simulation, "run", run_anew)

    assert hash_of(choose, generation, backend) == json.loads(GOLDEN.read_text())[name_of(choose, generation, backend)]
    assert sum(kinds.values()) > 20


def serving_a_device(backend: str) -> Simulation:
    """CPU 1 is in the middle of a device's handler, at the work."""
    simulation = Simulation(2, backend)
    simulation.apply(ipi(0, 1, 0x51))
    while simulation.processors[1].last_step != DEVICE:
        simulation.run(operations=1)
    return simulation


def do_irq_with_a_fence(context: Context, vector: int) -> Steps[None]:
    """Another version of the handler."""
    yield from context.operations.eoi(context)
    yield EnableInterrupts()
    yield Fence()
    yield Fence()
    yield DEVICE


def test_frame_whose_function_has_changed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = serving_a_device("native-xapic")
    (frame,) = simulation.processors[1].frames
    monkeypatch.setattr(
        type(frame.backend.generation), "handler_of", property(lambda generation: lambda vector: do_irq_with_a_fence)
    )

    with pytest.raises(Elsewhere, match=r"do_irq under native-xapic stands at Fence\(\), not at Work\("):
        rebuild_all(simulation)


def test_frame_whose_function_ends_sooner_than_it_did_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = serving_a_device("trap-emulate")
    monkeypatch.setattr(handler_work, "DEVICE", EnableInterrupts())

    with pytest.raises(Elsewhere, match="do_irq under trap-emulate stands at EnableInterrupts"):
        rebuild_all(simulation)


def test_step_that_is_not_taken_over_any_more_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(2, "trap-emulate")
    simulation.apply(reschedule(0, 1))
    while not any(frame.stands for frame in simulation.processors[0].frames):
        simulation.run(operations=1)
    monkeypatch.setattr(TrapAndEmulate, "intercept", lambda hypervisor, step, cpu: None)

    with pytest.raises(Elsewhere, match="no longer takes"):
        rebuild_all(simulation)


def test_poll_without_end_keeps_no_replies() -> None:
    """The sender's APIC has sent to a page that nobody has: its delivery status stays set as long as it is on the way.
    A loop without bound does not grow."""
    simulation = Simulation(2, "native-xapic")
    for _ in range(8):
        simulation.apply(ipi(0, 1))
    most = 0
    while not simulation.idle:
        simulation.run(operations=1)
        most = max([most, *(len(frame.point.replies) for frame in simulation.processors[0].frames)])

    sent = sum(isinstance(event, MessageSent) for _, event in simulation.take_log())
    assert sent >= 8
    assert 0 < most < 12
