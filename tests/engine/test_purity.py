"""Guest and host code knows its arguments and the replies to what it yields, and nothing else.

While such code runs, every attribute of the CPU, its APIC, its event channels, the kernel's memory and the kernel
itself reports whoever touches it. What never changes may be read; it stands below by name.
"""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType, MemberDescriptorType
from typing import Any

import pytest

from app.backends.catalogue import BACKENDS
from app.engine.programs import Once, Program
from app.engine.simulation import Simulation
from app.guest.apic_ops import KernelState
from app.guest.memory import CallData, CallFunctionData, CallSingleData, CallSingleQueue, Word
from app.guest.steps import Steps, Work
from app.hw.cpu import Cpu, RunState
from app.hw.event_channels import EventChannels
from app.hw.local_apic import LocalApic
from tests.engine.random_sessions import Choose, anything, play, storm
from tests.engine.runs import under_every_pair

#: What is the same from the start of a machine to its end: numbers, tables, and the objects that make up the kernel's
#: memory (what they hold is not).
CONSTANT = {
    Word: {"name", "names_cpus"},
    CallData: {"started", "finished", "wait"},
    CallSingleData: {"lock", "source"},
    CallFunctionData: {"_source", "_requests"},  # each request is made when it is first wanted
    CallSingleQueue: {"name"},
    KernelState: {
        *("cpu_count", "generation", "call_lock", "call_data", "tlbstate_lock", "flush_cpumask"),
        *("call_single_queues", "cfd_data", "eoi_words"),
    },
    Cpu: {"number"},
    LocalApic: set[str](),
    EventChannels: set[str](),
}
_SESSIONS = 3

Found = Counter[str]


class _Watched:
    """A generator of guest or host code that is looked at while it runs, and not while its asks are answered."""

    inside = 0

    def __init__(self, code: Any) -> None:
        self._code = code

    def send(self, reply: object) -> object:
        _Watched.inside += 1
        try:
            return self._code.send(reply)
        finally:
            _Watched.inside -= 1


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    """What was touched while guest or host code ran, from now on: where, what, and how."""
    places: Found = Counter()
    for kind, constants in CONSTANT.items():
        for name in slots_of(kind) - constants:
            monkeypatch.setattr(kind, name, reporting(kind, name, places))
    for holder in (Program, Once):
        monkeypatch.setattr(holder, "_generator", watched(vars(holder)["_generator"]))
    for hypervisor in {type(definition.hypervisor) for definition in BACKENDS.values() if definition.hypervisor}:
        monkeypatch.setattr(hypervisor, "intercept", watched_function(hypervisor.intercept))
    return places


def slots_of(kind: type) -> set[str]:
    """The attributes of *kind*: every class here says them by ``__slots__``."""
    return {name for name, slot in vars(kind).items() if isinstance(slot, MemberDescriptorType)}


def reporting(kind: type, name: str, places: Found) -> property:
    slot = vars(kind)[name]

    def note(how: str) -> None:
        if _Watched.inside and sys._getframe(2).f_code.co_name != "__init__":  # what is being made is nobody's yet
            places[f"{place_of(sys._getframe(2))} {how} {kind.__name__}.{name}"] += 1

    def read(self: object) -> object:
        note("reads")
        return slot.__get__(self, type(self))

    def write(self: object, value: object) -> None:
        note("writes")
        slot.__set__(self, value)

    return property(read, write)


def place_of(frame: FrameType | None) -> str:
    """The innermost function of the guest or a back end."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith(("app.guest.", "app.backends.", "tests.")):
            return f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "nobody"


def watched(slot: Any) -> property:
    def read(self: object) -> object:
        code = slot.__get__(self)
        return None if code is None else _Watched(code)

    return property(read, slot.__set__)


def watched_function(function: Callable[..., object]) -> Callable[..., object]:
    """What makes host code is looked at, too."""

    def inside(*arguments: object) -> object:
        _Watched.inside += 1
        try:
            return function(*arguments)
        finally:
            _Watched.inside -= 1

    return inside


@pytest.mark.slow
@under_every_pair
@pytest.mark.parametrize("choose", [anything, storm], ids=lambda choose: choose.__name__)
def test_guest_and_host_code_touches_nothing(choose: Choose, generation: str, backend: str, found: Found) -> None:
    for seed in range(_SESSIONS):
        play(choose, generation, backend, seed, looks=False)

    assert found == {}


def impure(cpu: Cpu, word: Word) -> Steps[None]:
    """What no guest function may do: it asks nobody."""
    while True:
        yield Work("handler_device", f"has seen that interrupts are {cpu.interrupt_flag}")
        word.value = 1


def test_code_that_looks_or_writes_by_itself_is_found_out(found: Found) -> None:
    simulation = Simulation(2)
    processor, word = simulation.processors[1], Word("word")
    processor.cpu.run_state = RunState.RUNNING
    simulation.execution.begin(processor, "impure", lambda _: impure(processor.cpu, word))
    simulation.execution.turn(processor)
    simulation.execution.turn(processor)

    here = f"{__name__}.impure"
    assert found.keys() == {f"{here} reads Cpu.interrupt_flag", f"{here} writes Word.value"} | {
        place
        for place in found
        if f"{here} reads Cpu." in place  # the flag is made of others
    }


def test_all_that_is_excepted_is_there_and_what_changes_is_not_among_it() -> None:
    assert all(slots_of(kind) >= constants for kind, constants in CONSTANT.items())
    assert {"irr", "isr", "tmr", "icr", "mode"} <= slots_of(LocalApic)
