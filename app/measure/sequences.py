"""What each function of a guest does, step by step in its order, under one back end: by having a machine do it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from app.backends.backend import Backend
from app.backends.catalogue import DEFAULT_SHEETS
from app.backends.catalogue import backend as backend_of
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin, SendMsi
from app.costs.reference import cost_sheet_of
from app.engine.probe import Probe
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.apic_ops import ENTRIES, Context, Generation, Handler
from app.guest.asks import ASKS
from app.guest.functions import DO_BOOT_CPU, GuestFunction, KernelFunction
from app.guest.generations import GENERATIONS
from app.guest.linux_2_6_22 import irq_vectors as vectors_2_6_22
from app.guest.linux_6 import irq_vectors as vectors_6
from app.guest.places import Place
from app.guest.step_kinds import ACCESSES
from app.guest.steps import Step, Steps

_CPUS = 4
_VECTOR = 0x51
#: A device's message to CPU 1, and a vector that no APIC accepts: its error interrupt comes.
_MSI_TO_CPU_1, _ILLEGAL_VECTOR = 0xFEE0_1000, 0x05
#: An edge-triggered and a level-triggered pin of the kernels' own set-up.
_EDGE_PIN, _LEVEL_PIN = 4, 18
#: Messages arrive at once: a send that finds the one before still under way polls more often.
_AT_ONCE = "{}?message_flight=0"
#: More than any of them takes.
_MOST_OPERATIONS = 20_000


class Done(NamedTuple):
    """One step of a guest function, and how often it made the CPU leave the guest."""

    step: Step
    exits: int


class Sequence(NamedTuple):
    """A guest function: what it was asked, the function of this model that ran, where that stands in the kernel, and
    what it did. No steps: it has nothing to do; None: it never comes about under this back end."""

    title: str
    function: str
    place: Place | None
    steps: tuple[Done, ...] | None

    @property
    def accesses(self) -> int:
        """Those of its steps that reach for the APIC."""
        return sum(isinstance(done.step, ACCESSES) for done in self.steps or ())


class _Asked(NamedTuple):
    """What a machine is told to do, and whose steps are looked at: those of the function *name*, on *cpu* if that is
    not None. *called*: it is one of the kernel's table, and not what that leads to."""

    title: str
    commands: tuple[Stimulus, ...]
    name: str
    cpu: int | None = None
    called: bool = False

    def never_runs(self, kernel: Generation, bound: Backend) -> bool:
        """Over event channels ``smp_ops.cpu_up`` is the hypervisor's, and nothing of the kernel's writes ICR."""
        return self.called and bound.event_channels and kernel.functions[self.name].function.writes_icr


def _called(kernel: Generation, *, writes_icr: bool) -> Iterator[_Asked]:
    """The examples of the kernel's functions: entries of its table first, from the register upwards."""
    functions = sorted((row.function for row in kernel.functions.values()), key=_height)
    for function in functions:
        for title, (target, mask, vector, wait) in function.examples if function.writes_icr is writes_icr else ():
            command = CallGuest(0, function.name, target, mask, vector, wait)
            yield _Asked(title, (command,), function.name, called=True)


def _height(function: GuestFunction) -> int:
    return ENTRIES.index(function.name) if function.name in ENTRIES else len(ENTRIES)


def _received(generation: Generation) -> Iterator[_Asked]:
    vectors = vectors_2_6_22 if generation.name == "linux-2.6.22" else vectors_6
    named = generation.handler_of

    def handled(title: str, vector: int, *commands: Stimulus) -> _Asked:
        return _Asked(title, commands, named(vector).__name__)

    def message(title: str, vector: int) -> _Asked:
        return handled(title, vector, SendMsi(_MSI_TO_CPU_1, vector))

    yield message("A reschedule comes", vectors.RESCHEDULE_VECTOR)
    call = CallGuest(0, "smp_call_function", wait=True)
    yield handled("A function call comes", vectors.CALL_FUNCTION_VECTOR, call)
    if generation.name == "linux-2.6.22":
        flush = CallGuest(0, "flush_tlb_others", mask=0b10)
        yield handled("A TLB flush comes", vectors_2_6_22.INVALIDATE_TLB_VECTOR, flush)
    yield message("The local timer's vector comes", vectors.LOCAL_TIMER_VECTOR)
    yield message("Vector 0xff was really sent", vectors.SPURIOUS_APIC_VECTOR)
    if generation.name == "linux-6":
        yield message("A system vector comes that nothing is behind", vectors_6.UNUSED_SYSTEM_VECTORS[0])
    illegal = SendMsi(_MSI_TO_CPU_1, _ILLEGAL_VECTOR)
    yield handled("The APIC reports an error", vectors.ERROR_APIC_VECTOR, illegal)
    for title, pin in (("An edge-triggered device interrupts", _EDGE_PIN), ("A level-triggered device", _LEVEL_PIN)):
        yield handled(title, _VECTOR, RaisePin(pin), LowerPin(pin))


def _started() -> _Asked:
    command = CallGuest(0, DO_BOOT_CPU.name, target=1)
    return _Asked("Start CPU 1: the CPU that is started", (command,), "start_secondary", cpu=1)


@lru_cache(maxsize=32)
def sequences(generation: str, backend: str) -> tuple[Sequence, ...]:
    """Every function of that kernel under that back end. KeyError for an unknown name, ValueError (why) for what does
    not go together."""
    kernel = GENERATIONS[generation]
    everything = (
        *_called(kernel, writes_icr=False),
        *_received(kernel),
        *_called(kernel, writes_icr=True),
        _started(),
    )
    return tuple(_observed(asked, kernel, backend) for asked in everything)


def _observed(asked: _Asked, kernel: Generation, backend: str) -> Sequence:
    observer = _Observer(kernel)
    simulation = Simulation(
        _CPUS, backend, cost_sheet_of(_AT_ONCE.format(DEFAULT_SHEETS[kernel.name])), generation=kernel.name
    )
    simulation.run(until_idle=True)
    execution = simulation.execution
    execution.replace_guest(replace(execution.backend, generation=observer.generation))
    execution.add_probe(observer)
    for command in asked.commands:
        simulation.apply(command)
    simulation.run(operations=_MOST_OPERATIONS, until_idle=True)
    never = asked.never_runs(kernel, execution.backend)
    steps = None if never else observer.steps_of(asked.name, asked.cpu)
    function = _function(asked, kernel, backend)
    own = kernel.functions[asked.name].place if asked.called else None
    place = own or (execution.backend.definition.places | kernel.places).get(function)
    return Sequence(asked.title, function.__name__, place, steps)


def _function(asked: _Asked, kernel: Generation, backend: str) -> Callable[..., object]:
    """The function of this model that does it."""
    bound = backend_of(backend, kernel.name)
    if asked.called and asked.name in ENTRIES:
        entry = asked.name if asked.name in bound.operations.entries() else "send_ipi_mask"
        return getattr(bound.operations, entry)  # type: ignore[no-any-return]
    if asked.called:
        return kernel.functions[asked.name].code
    return next(function for function in kernel.places if function.__name__ == asked.name)


class _Run:
    """One time that a function ran, on one CPU."""

    def __init__(self, name: str, cpu: int) -> None:
        self.name = name
        self.cpu = cpu
        self.steps: list[Done] = []


class _Observer(Probe):
    """A kernel whose functions and handlers tell what they do."""

    def __init__(self, kernel: Generation) -> None:
        self._runs: list[_Run] = []
        self._under_way: dict[int, list[_Run]] = {}
        functions = {name: self._function(name, row) for name, row in kernel.functions.items()}
        self.generation = replace(
            kernel,
            functions=functions,
            handler_of=lambda vector: self._handler(kernel.handler_of(vector)),
            start_secondary=lambda context: self._noted("start_secondary", context, kernel.start_secondary(context)),
        )

    def steps_of(self, name: str, cpu: int | None) -> tuple[Done, ...] | None:
        """Of the first run of *name*, on *cpu* if that is not None."""
        found = (run for run in self._runs if run.name == name and cpu in (None, run.cpu))
        return next((tuple(run.steps) for run in found), None)

    def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
        """Counts the ways out of the guest. A frame has no name while what it serves has not arrived."""
        under_way = self._under_way.get(processor.cpu.number)
        if under_way and frame.name and work.exits:
            steps = under_way[-1].steps
            steps[-1] = steps[-1]._replace(exits=steps[-1].exits + work.exits)

    def _function(self, name: str, row: KernelFunction) -> KernelFunction:
        def noted(context: Context, *arguments: int) -> Steps[None]:
            return self._noted(name, context, row.code(context, *arguments))

        return replace(row, code=noted)

    def _handler(self, handler: Handler) -> Handler:
        def noted(context: Context, vector: int) -> Steps[None]:
            return self._noted(handler.__name__, context, handler(context, vector))

        noted.__name__ = handler.__name__
        return noted

    def _noted(self, name: str, context: Context, code: Steps[None]) -> Steps[None]:
        run = _Run(name, context.number)
        self._runs.append(run)
        under_way = self._under_way.setdefault(context.number, [])
        under_way.append(run)
        reply: int | None = None
        try:
            while True:
                try:
                    step = code.send(reply)  # type: ignore[arg-type]  # None starts it
                except StopIteration:
                    return
                if not isinstance(step, ASKS):
                    run.steps.append(Done(step, 0))
                reply = yield step
        finally:
            under_way.remove(run)
