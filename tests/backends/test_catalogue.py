"""All back ends side by side: the same guest, and what each primitive costs it in crossings."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from app.backends.backend import Backend
from app.backends.catalogue import BACKENDS, DEFAULT_BACKEND
from app.guest.apic_ops import Context
from app.guest.interrupts import handler_of
from app.guest.steps import Decode, HypervisorCall, Load, Step, Steps, Store, VmEntry, VmExit
from tests.backends.helpers import context_of, done


class Crossings(NamedTuple):
    accesses: int
    exits: int
    hypercalls: int


def crossings(steps: list[Step]) -> Crossings:
    return Crossings(
        sum(isinstance(step, Load | Store | Decode | HypervisorCall) for step in steps),
        sum(isinstance(step, VmExit) for step in steps),
        sum(isinstance(step, HypervisorCall) for step in steps),
    )


Primitive = Callable[[Context], Steps[None]]
PRIMITIVES: dict[str, tuple[Primitive, int]] = {
    "unicast": (lambda context: context.operations.send_ipi_mask(context, 0b10, 0xFC), 3),
    "shorthand": (lambda context: context.operations.send_ipi_allbutself(context, 0xFB), 2),
    "self": (lambda context: context.operations.send_ipi_self(context, 0x41), 2),
    "eoi": (lambda context: context.operations.ack_apic_irq(context), 1),
    "error handler": (lambda context: handler_of(0xFE)(context, 0xFE), 4),
}
primitives = pytest.mark.parametrize(("primitive", "accesses"), PRIMITIVES.values(), ids=PRIMITIVES.keys())


def test_back_ends_are_found_by_their_names() -> None:
    assert list(BACKENDS) == ["native-xapic", "trap-emulate", "vmi"]
    assert [backend.name for backend in BACKENDS.values()] == list(BACKENDS)
    assert DEFAULT_BACKEND == "native-xapic"


def test_every_back_end_has_a_title_of_its_own() -> None:
    assert len({backend.title for backend in BACKENDS.values()}) == len(BACKENDS)


@primitives
def test_natively_nothing_crosses(primitive: Primitive, accesses: int) -> None:
    native = BACKENDS["native-xapic"]

    assert crossings(done(native, primitive(context_of(native)))) == (accesses, 0, 0)


@primitives
def test_trap_and_emulate_exits_once_an_access(primitive: Primitive, accesses: int) -> None:
    trapped = BACKENDS["trap-emulate"]

    assert crossings(done(trapped, primitive(context_of(trapped)))) == (accesses, accesses, 0)


@primitives
def test_vmi_calls_once_an_access(primitive: Primitive, accesses: int) -> None:
    vmi = BACKENDS["vmi"]

    assert crossings(done(vmi, primitive(context_of(vmi)))) == (accesses, 0, accesses)


@primitives
@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS.keys())
def test_whoever_leaves_the_guest_comes_back(backend: Backend, primitive: Primitive, accesses: int) -> None:
    steps = done(backend, primitive(context_of(backend)))

    left = sum(isinstance(step, VmExit | HypervisorCall) for step in steps)

    assert sum(isinstance(step, VmEntry) for step in steps) == left
    assert left in (0, accesses)


@primitives
def test_every_back_end_does_the_same_to_the_apic(primitive: Primitive, accesses: int) -> None:
    done_to_apic = {
        name: [
            (getattr(step, "register"), getattr(step, "value", None))  # noqa: B009  # HypervisorCall and Load differ
            for step in done(backend, primitive(context_of(backend)))
            if type(step).__name__ in ("Load", "Store", "EmulatedRead", "EmulatedWrite")
        ]
        for name, backend in BACKENDS.items()
    }

    assert len(done_to_apic["native-xapic"]) == accesses
    assert done_to_apic["native-xapic"] == done_to_apic["trap-emulate"] == done_to_apic["vmi"]
