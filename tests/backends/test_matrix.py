"""The matrix of back ends, cell by cell: what each primitive of interrupt work comes to, counted by running it.

A cell is (accesses, ways out of the guest, hypercalls among these). Sources: Linux, the SDM's "APIC Virtualization and
Virtual Interrupts", the specifications that each back end's module names.
"""

from dataclasses import replace

import pytest

from app.backends.backend import Backend
from app.backends.catalogue import backend
from app.backends.kvm_pv import KVM_PV
from app.backends.trap_emulate import TRAP_EMULATE
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
from app.guest.linux_6.kernel import LINUX_6
from app.x86.model_specific_registers import ApicMode
from tests.engine.runs import counts

pytestmark = pytest.mark.slow

OLD, NEW = "linux-2.6.22", "linux-6"
FLAT_LIMIT = 8
COUNTS = (1, 2, 17, 64, 129, 200)
Cell = tuple[int, int, int]
NOTHING: Cell = (0, 0, 0)


def clusters(targets: int) -> int:
    """Clusters of 16 that CPUs 1 to *targets* lie in."""
    return targets // 16 + 1


def windows(targets: int) -> int:
    """Windows of 128 APIC IDs."""
    return -(-targets // 128)


def cell(name: str, generation: str, code: Code, cpus: int = 4) -> Cell:
    return counts(crossings(backend(name, generation), code, cpus))


def received(bound: Backend) -> tuple[Cell, Cell]:
    found = reception(bound)
    return counts(found.delivery.work), counts(found.handler.work)


# Unicast, all others, self, TPR, timer

#: Back end, kernel: unicast, all others (3), self, TPR, timer.
ROWS: list[tuple[str, str, tuple[Cell, Cell, Cell, Cell, Cell]]] = [
    ("native-xapic", OLD, ((3, 0, 0), (2, 0, 0), (2, 0, 0), (1, 0, 0), (1, 0, 0))),
    ("native-xapic", NEW, ((3, 0, 0), (2, 0, 0), (2, 0, 0), (1, 0, 0), (1, 0, 0))),
    ("native-x2apic", NEW, ((1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0))),
    ("trap-emulate", OLD, ((3, 3, 0), (2, 2, 0), (2, 2, 0), (1, 1, 0), (1, 1, 0))),
    ("trap-emulate", NEW, ((3, 3, 0), (2, 2, 0), (2, 2, 0), (1, 1, 0), (1, 1, 0))),
    # The timer could be VMI's own, an alarm: one call as well.
    ("vmi", OLD, ((3, 3, 3), (2, 2, 2), (2, 2, 2), (1, 1, 1), (1, 1, 1))),
    # Only mask sends are hypercalls: everyone else is an ICR shorthand here, and one exit.
    ("kvm-pv", NEW, ((1, 1, 0), (1, 1, 0), (1, 1, 0), (1, 1, 0), (1, 1, 0))),
    ("hyperv", NEW, ((0, 1, 1), (0, 1, 1), (0, 1, 1), (1, 1, 0), (1, 1, 0))),
    ("xen-evtchn", OLD, ((0, 1, 1), (0, 3, 3), (0, 1, 1), NOTHING, (0, 1, 1))),
    ("xen-evtchn", NEW, ((0, 1, 1), (0, 3, 3), (0, 1, 1), NOTHING, (0, 1, 1))),
    # IPI virtualisation knows one target by its ID: the shorthand exits, and the timer's deadline always does.
    ("apicv", NEW, ((3, 0, 0), (2, 1, 0), (2, 0, 0), (1, 0, 0), (1, 1, 0))),
]


def primitives(bound: Backend) -> tuple[Code, ...]:
    return unicast(1), send_to_all_others, send_to_self, task_priority_change, timer_arm(bound)


@pytest.mark.parametrize(
    ("name", "generation", "primitive", "expected"),
    [
        pytest.param(name, generation, place, expected, id=f"{name}, {generation}: {word}")
        for name, generation, cells in ROWS
        for place, (word, expected) in enumerate(
            zip(("unicast", "all others", "self", "TPR", "timer"), cells, strict=True)
        )
    ],
)
def test_primitive(name: str, generation: str, primitive: int, expected: Cell) -> None:
    assert cell(name, generation, primitives(backend(name, generation))[primitive]) == expected


# Mask sends


@pytest.mark.parametrize("targets", COUNTS)
@pytest.mark.parametrize(("name", "exits", "calls"), [("native-xapic", 0, 0), ("trap-emulate", 1, 0), ("vmi", 1, 1)])
def test_mask_of_2007_is_one_send_in_the_flat_model_and_one_a_target_beyond(
    name: str, exits: int, calls: int, targets: int
) -> None:
    accesses = 3 if targets < FLAT_LIMIT else 3 * targets

    found = cell(name, OLD, mask_send(targets), targets + 1)

    assert found == (accesses, accesses * exits, accesses * calls)


@pytest.mark.parametrize("targets", COUNTS)
@pytest.mark.parametrize(("name", "exits"), [("native-xapic", 0), ("trap-emulate", 1), ("apicv", 0)])
def test_mask_of_today_is_one_send_a_target_by_the_page(name: str, exits: int, targets: int) -> None:
    """Physical destinations: there is no flat model any more. IPI virtualisation posts each of them."""
    assert cell(name, NEW, mask_send(targets), targets + 1) == (3 * targets, 3 * targets * exits, 0)


@pytest.mark.parametrize("targets", COUNTS)
def test_mask_by_msr_is_one_write_a_cluster(targets: int) -> None:
    assert cell("native-x2apic", NEW, mask_send(targets), targets + 1) == (clusters(targets), 0, 0)


@pytest.mark.parametrize("targets", COUNTS)
def test_mask_under_kvm_is_one_hypercall_for_128_ids(targets: int) -> None:
    calls = windows(targets)

    assert cell("kvm-pv", NEW, mask_send(targets), targets + 1) == (0, calls, calls)


@pytest.mark.parametrize("targets", COUNTS)
def test_mask_under_hyperv_is_one_hypercall(targets: int) -> None:
    """Beyond 64 processors it is the EX form: still one."""
    assert cell("hyperv", NEW, mask_send(targets), targets + 1) == (0, 1, 1)


@pytest.mark.parametrize("targets", COUNTS)
@pytest.mark.parametrize("generation", [OLD, NEW])
def test_mask_under_xen_is_one_hypercall_a_target(generation: str, targets: int) -> None:
    assert cell("xen-evtchn", generation, mask_send(targets), targets + 1) == (0, targets, targets)


# Reception

#: Back end, kernel: until the handler runs, and from there through EOI.
RECEPTIONS: list[tuple[str, str, Cell, Cell]] = [
    ("native-xapic", OLD, NOTHING, (1, 0, 0)),
    ("native-xapic", NEW, NOTHING, (1, 0, 0)),
    ("native-x2apic", NEW, NOTHING, (1, 0, 0)),
    ("trap-emulate", OLD, (0, 1, 0), (1, 1, 0)),
    ("trap-emulate", NEW, (0, 1, 0), (1, 1, 0)),
    ("vmi", OLD, (0, 1, 0), (1, 1, 1)),
    ("kvm-pv", NEW, (0, 1, 0), NOTHING),
    ("hyperv", NEW, (0, 1, 0), NOTHING),
    ("xen-evtchn", OLD, (0, 1, 0), NOTHING),
    ("xen-evtchn", NEW, (0, 1, 0), (0, 1, 1)),  # iret
    ("apicv", NEW, NOTHING, (1, 0, 0)),
]


@pytest.mark.parametrize(("name", "generation", "delivery", "handler"), RECEPTIONS)
def test_reception_and_eoi_on_a_running_cpu(name: str, generation: str, delivery: Cell, handler: Cell) -> None:
    assert received(backend(name, generation)) == (delivery, handler)


# What no back end of the catalogue is


def test_trapped_x2apic_exits_once_for_each_of_send_delivery_and_eoi() -> None:
    bound = replace(TRAP_EMULATE, apic_mode=ApicMode.X2APIC).bind(LINUX_6)

    assert counts(crossings(bound, unicast(1))) == (1, 1, 0)
    assert received(bound) == ((0, 1, 0), (1, 1, 0))


def test_kvm_guest_without_the_shared_word_exits_at_its_eoi() -> None:
    bound = replace(KVM_PV, paravirtualise=lambda native: native).bind(LINUX_6)

    assert received(bound)[1] == (1, 1, 0)


def test_every_pair_of_back_end_and_kernel_has_its_rows() -> None:
    assert [row[:2] for row in ROWS] == [row[:2] for row in RECEPTIONS]
    assert len({name for name, _, _ in ROWS}) == 8
