"""All back ends side by side: the same guest, and what each primitive costs it in crossings."""

from collections.abc import Callable

import pytest

from app.backends.backend import Backend
from app.backends.catalogue import BACKENDS, DEFAULT_BACKEND, DEFAULT_SHEETS, backend, generation_for
from app.costs.sheet import cost_sheet_names
from app.guest.apic_ops import Context
from app.guest.functions import CallArguments
from app.guest.generations import GENERATIONS
from app.guest.step_kinds import EXITS
from app.guest.steps import Step, Steps, VmEntry
from tests.backends.by_hand import context_of, done

PAIRS = [
    backend(name, generation)
    for name, definition in BACKENDS.items()
    for generation, kernel in GENERATIONS.items()
    if definition.reason_against(kernel) is None
]
pairs = pytest.mark.parametrize("bound", PAIRS, ids=lambda bound: f"{bound.name}, {bound.generation.name}")

TO_CPU_1 = CallArguments(target=1, mask=0b10, vector=0xFC, wait=False)
Primitive = Callable[[Context], Steps[None]]
PRIMITIVES: dict[str, Primitive] = {
    "unicast": lambda context: context.kernel.generation.functions["smp_send_reschedule"].begin(context, TO_CPU_1),
    "mask": lambda context: context.operations.send_ipi_mask(context, 0b0110, 0xFC),
    "shorthand": lambda context: context.operations.send_ipi_allbutself(context, 0xFC),
    "self": lambda context: context.operations.send_ipi_self(context, 0xFC),
    "eoi": lambda context: context.operations.eoi(context),
}
OLD, NEW = GENERATIONS
#: Back end, kernel, and how often each primitive, in the order above, leaves the guest. Four CPUs; no EOI is spared.
CROSSINGS = [
    ("native-xapic", OLD, (0, 0, 0, 0, 0)),
    ("native-xapic", NEW, (0, 0, 0, 0, 0)),
    ("native-x2apic", NEW, (0, 0, 0, 0, 0)),
    ("trap-emulate", OLD, (3, 3, 2, 2, 1)),
    ("trap-emulate", NEW, (3, 6, 2, 2, 1)),
    ("vmi", OLD, (3, 3, 2, 2, 1)),
    ("kvm-pv", NEW, (1, 1, 1, 1, 1)),
    ("hyperv", NEW, (1, 1, 1, 1, 1)),
    ("xen-evtchn", OLD, (1, 2, 3, 1, 0)),
    ("xen-evtchn", NEW, (1, 2, 3, 1, 0)),
    ("apicv", NEW, (0, 0, 1, 0, 0)),
]


def crossings(steps: list[Step]) -> int:
    return sum(isinstance(step, EXITS) for step in steps)


def test_back_ends_are_found_by_their_names() -> None:
    names = ["native-xapic", "native-x2apic", "trap-emulate", "vmi", "kvm-pv", "hyperv", "xen-evtchn", "apicv"]

    assert list(BACKENDS) == [definition.name for definition in BACKENDS.values()] == names
    assert DEFAULT_BACKEND == "native-xapic"


def test_every_back_end_has_a_title_of_its_own() -> None:
    assert len({definition.title for definition in BACKENDS.values()}) == len(BACKENDS)


def test_every_kernel_has_a_sheet_of_its_time() -> None:
    assert set(DEFAULT_SHEETS) == set(GENERATIONS)
    assert set(DEFAULT_SHEETS.values()) <= set(cost_sheet_names())


@pytest.mark.parametrize("name", BACKENDS)
def test_session_without_a_kernel_gets_one_that_goes_with_its_back_end(name: str) -> None:
    generation = generation_for(name)

    assert backend(name, generation).generation.name == generation
    assert generation == (NEW if name in ("native-x2apic", "kvm-pv", "hyperv", "apicv") else OLD)


@pytest.mark.parametrize(
    ("name", "generation"),
    [("native-x2apic", OLD), ("kvm-pv", OLD), ("hyperv", OLD), ("apicv", OLD), ("vmi", NEW)],
)
def test_pair_that_does_not_go_together_is_refused_with_the_reason(name: str, generation: str) -> None:
    reason = BACKENDS[name].reason_against(GENERATIONS[generation])

    assert reason
    with pytest.raises(ValueError, match=f"^{name}: ") as refused:
        backend(name, generation)
    assert str(refused.value) == f"{name}: {reason}"


def test_unknown_back_end_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        backend("teleport")


@pairs
def test_binding_twice_gives_the_same(bound: Backend) -> None:
    assert backend(bound.name, bound.generation.name) is bound


@pairs
def test_what_is_replaced_is_named_by_the_kernels_own_functions(bound: Backend) -> None:
    assert len(bound.replaced_functions) == len(bound.overrides)
    assert "absent" not in bound.replaced_functions
    assert not bound.replacements & set(bound.replaced_functions)


# Crossings


def test_every_pair_has_its_row() -> None:
    assert [(name, generation) for name, generation, _ in CROSSINGS] == [
        (bound.name, bound.generation.name) for bound in PAIRS
    ]


@pytest.mark.parametrize(
    ("name", "generation", "primitive", "expected"),
    [
        (name, generation, primitive, count)
        for name, generation, counts in CROSSINGS
        for primitive, count in zip(PRIMITIVES, counts, strict=True)
    ],
)
def test_primitive_leaves_the_guest_so_often(name: str, generation: str, primitive: str, expected: int) -> None:
    bound = backend(name, generation)
    context = context_of(bound)

    steps = done(bound, PRIMITIVES[primitive](context), cpu=context.cpu)

    assert crossings(steps) == expected
    assert sum(isinstance(step, VmEntry) for step in steps) == expected


@pytest.mark.parametrize(
    ("name", "cpus", "expected"),
    [("kvm-pv", 128, 1), ("kvm-pv", 129, 2), ("hyperv", 129, 1), ("xen-evtchn", 129, 129), ("trap-emulate", 129, 387)],
)
def test_mask_of_many_cpus_leaves_the_guest_so_often(name: str, cpus: int, expected: int) -> None:
    bound = backend(name, NEW)
    context = context_of(bound, cpus=cpus)

    assert crossings(done(bound, context.operations.send_ipi_mask(context, (1 << cpus) - 1, 0xFC))) == expected
