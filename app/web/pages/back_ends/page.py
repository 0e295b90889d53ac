"""What each back end overrides in each kernel, and what that comes to: from the tables and by running them."""

from functools import lru_cache
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from app.backends.apicv import APICV, ApicvFeature, apicv
from app.backends.backend import Backend, Turn
from app.backends.catalogue import BACKENDS
from app.backends.vmi import HOOKS, HOOKS_SOURCE
from app.costs.sheet import CostSheet, cost_sheet_names, load_cost_sheet
from app.engine.alone import Code
from app.engine.primitives import (
    crossings,
    mask_send,
    reception,
    send_to_all_others,
    send_to_self,
    task_priority_change,
    timer_arm,
    unicast,
)
from app.engine.work import Work
from app.guest.answers import advance
from app.guest.apic_ops import Generation
from app.guest.generations import GENERATIONS
from app.guest.steps import Dereference, VirtualRead
from app.hw.machine import Machine
from app.web.pages.back_ends.history import HISTORY, LAYERS
from app.web.rendering import templates
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register

router = APIRouter(include_in_schema=False)

_MASKS = (3, 17, 129)


class Operation(NamedTuple):
    """One entry of a kernel's table: the kernel's own functions, and under each back end the one that stands there
    instead; "" where it is the kernel's own."""

    name: str
    own: tuple[str, ...]
    replacing: tuple[str, ...]


class Layer(NamedTuple):
    """A layer of the kernel's way to its APIC. Without operations, *words* say why."""

    number: str
    title: str
    words: str
    operations: tuple[Operation, ...]


class Primitive(NamedTuple):
    """One piece of interrupt work, and what it comes to under each back end."""

    name: str
    cells: tuple[Work, ...]


class KernelOverrides(NamedTuple):
    """One kernel with every back end that goes with it, and why the others do not."""

    generation: Generation
    bound: tuple[Backend, ...]
    entries: int
    layers: tuple[Layer, ...]
    page: tuple[str, ...]
    timer: Operation
    primitives: tuple[Primitive, ...]
    missing: tuple[tuple[str, str], ...]


class Controls(NamedTuple):
    """A set of VM-execution controls, and how often each primitive leaves the guest with them."""

    title: str
    exits: tuple[int, ...]


_CONTROLS = (
    ("virtualize APIC accesses alone", ApicvFeature.NONE),
    ("+ TPR shadow", ApicvFeature.TPR_SHADOW),
    ("+ APIC-register virtualization", ApicvFeature.TPR_SHADOW | ApicvFeature.REGISTER_VIRTUALIZATION),
    (
        "+ virtual-interrupt delivery",
        ApicvFeature.ALL & ~(ApicvFeature.POSTED_INTERRUPTS | ApicvFeature.IPI_VIRTUALIZATION),
    ),
    ("+ posted interrupts", ApicvFeature.ALL & ~ApicvFeature.IPI_VIRTUALIZATION),
    ("+ IPI virtualization", ApicvFeature.ALL),
    ("the same in x2APIC mode", ApicvFeature.ALL | ApicvFeature.X2APIC_MODE),
)


@lru_cache
def kernel_overrides(generation: Generation) -> KernelOverrides:
    """Everything that the page says of one kernel."""
    found = {name: definition.reason_against(generation) for name, definition in BACKENDS.items()}
    bound = tuple(BACKENDS[name].bind(generation) for name, reason in found.items() if reason is None)
    layers = tuple(
        Layer(number, title, words, tuple(_operation(name, bound, generation) for name in _had(names, generation)))
        for number, title, words, names in LAYERS
    )
    return KernelOverrides(
        generation,
        bound,
        len(generation.xapic.entries()),
        layers,
        tuple(_who_answers(back_end) for back_end in bound),
        _timer(bound, generation),
        tuple(_primitives(bound)),
        tuple((name, reason) for name, reason in found.items() if reason is not None),
    )


def _had(names: tuple[str, ...], generation: Generation) -> list[str]:
    entries = generation.xapic.entries()
    return [name for name in names if name in entries]


def _operation(name: str, bound: tuple[Backend, ...], generation: Generation) -> Operation:
    tables = [table for table in (generation.xapic, generation.x2apic_phys, generation.x2apic) if table is not None]
    own = dict.fromkeys(getattr(table, name).__name__ for table in tables)
    replacing = tuple(
        getattr(back_end.operations, name).__name__ if name in back_end.overrides else "" for back_end in bound
    )
    return Operation(name, tuple(own), replacing)


def _timer(bound: tuple[Backend, ...], generation: Generation) -> Operation:
    own = generation.set_next_event
    replacing = tuple("" if back_end.set_next_event is own else back_end.set_next_event.__name__ for back_end in bound)
    return Operation("set_next_event", (own.__name__,), replacing)


def _who_answers(bound: Backend) -> str:
    """Who answers a plain load from the page, which no table can catch."""
    if bound.apic_mode is ApicMode.X2APIC:
        return "nobody: no page in x2APIC mode"
    if bound.hypervisor is None:
        return "the hardware"
    if bound.event_channels:
        return "an empty page"
    cpu = Machine(1).cpus[0]
    host = bound.hypervisor.intercept(Dereference(Register.ID, ""), cpu)
    first = None if host is None else advance(host, None, cpu)
    return "the virtual-APIC page" if isinstance(first, VirtualRead) else "a fault: exit and decode"


def _primitives(bound: tuple[Backend, ...]) -> list[Primitive]:
    def run(name: str, code: Code, cpus: int = 4) -> Primitive:
        return Primitive(name, tuple(crossings(back_end, code, cpus) for back_end in bound))

    received = [reception(back_end) for back_end in bound]
    return [
        run("Send to one CPU", unicast(1)),
        *(run(f"Send to a mask of {targets}", mask_send(targets), targets + 1) for targets in _MASKS),
        run("Send to all others, of 4", send_to_all_others),
        run("Send to itself", send_to_self),
        Primitive("Take an interrupt while running", tuple(one.delivery.work for one in received)),
        Primitive("Handle it and end it", tuple(one.handler.work for one in received)),
        run("Change the task priority", task_priority_change),
        Primitive("Arm the timer", tuple(crossings(back_end, timer_arm(back_end)) for back_end in bound)),
    ]


#: The columns of the table of controls.
CONTROL_PRIMITIVES = ("one CPU", "mask of 3", "all others", "itself", "take", "end", "priority", "timer")


@lru_cache
def controls() -> tuple[Controls, ...]:
    """What each control of hardware virtualisation keeps in the guest."""
    kernel = next(kernel for kernel in GENERATIONS.values() if kernel.x2apic is not None)
    rows = []
    for title, features in _CONTROLS:
        bound = apicv(features).bind(kernel)
        codes = (unicast(1), mask_send(3), send_to_all_others, send_to_self)
        sends = [crossings(bound, code).exits for code in codes]
        received = reception(bound)
        others = [crossings(bound, code).exits for code in (task_priority_change, timer_arm(bound))]
        rows.append(Controls(title, (*sends, received.delivery.work.exits, received.handler.work.exits, *others)))
    return tuple(rows)


@lru_cache
def controls_by_sheet() -> tuple[tuple[str, str], ...]:
    """The name of each sheet, and which controls are on where it prices."""
    return tuple((name, _controls_words(load_cost_sheet(name))) for name in cost_sheet_names())


def _controls_words(sheet: CostSheet) -> str:
    reason = APICV.reason_against_sheet(sheet)
    return f"none at all: {reason}" if reason else APICV.remark_on(sheet) or "all"


@router.get("/back-ends")
def back_ends(request: Request) -> Response:  # no coroutine: its first answer takes a moment, and runs in a thread
    """Both kernels, the controls of hardware virtualisation, and how the argument ended."""
    turns: tuple[Turn, ...] = HISTORY
    context = {
        "kernels": [kernel_overrides(generation) for generation in GENERATIONS.values()],
        "controls": controls(),
        "controls_by_sheet": controls_by_sheet(),
        "control_primitives": CONTROL_PRIMITIVES,
        "inhibit_reasons": APICV.inhibit_reasons,
        "history": turns,
        "vmi_hooks": HOOKS,
        "vmi_source": HOOKS_SOURCE,
    }
    return templates.TemplateResponse(request, "pages/back_ends.html", context)
