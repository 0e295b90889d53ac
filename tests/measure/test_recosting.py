"""Recordings under other back ends: each access at its price, each IPI in the way that its destination asks for."""

from dataclasses import replace

import pytest

from app.backends.catalogue import BACKENDS
from app.costs.sheet import load_cost_sheet
from app.measure.comparison import Comparison, Row, Shares
from app.measure.measuring import compare
from app.trace.check.census import Census, CensusTaker, Sent
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording
from app.x86.icr import DestinationMode
from tests.cli.commands import ROOT
from tests.engine.runs import counts
from tests.trace.log_lines import EOI, ICR_HIGH, ICR_LOW, SVR, TIMER_INITIAL_COUNT, LogLines

pytestmark = pytest.mark.slow

BOOT = ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
SHEET = load_cost_sheet("sapphire-rapids")
PRICE = SHEET.cycles
ALL_EXCLUDING_SELF, SELF, LOGICAL, NMI = 0xC_0000, 0x4_0000, 0x800, 0x400
#: A running guest is kicked out, injected into and entered; the gate and IRET are the CPU's own.
GATE = PRICE["interrupt_entry"] + PRICE["interrupt_return"]


def census(log: LogLines | None = None) -> Census:
    recording = log.recording() if log else read_recording(BOOT.name, BOOT.read_bytes())
    taker = CensusTaker(Replay(recording))
    taker.run(taker.replay.length)
    return taker.census()


def difference(before: LogLines, after: LogLines, backend: str) -> Row:
    """What the lines of *after* beyond those of *before* add under *backend*."""
    old, new = (compare(census(log), [backend]).rows[0] for log in (before, after))
    shares = tuple(b - a for a, b in zip(old.shares, new.shares, strict=True))
    return replace(new, work=new.work - old.work, shares=Shares(*shares))


def log(cpus: int = 4) -> LogLines:
    return LogLines().started(cpus)


@pytest.fixture(scope="module")
def boot() -> Comparison:
    return compare(census())


# One thing at a time


@pytest.mark.parametrize(
    ("backend", "accesses", "exits", "hypercalls"),
    [
        ("native-xapic", 3, 0, 0),
        ("native-x2apic", 1, 0, 0),
        ("trap-emulate", 3, 3, 0),
        ("vmi", 3, 3, 3),
        ("kvm-pv", 1, 1, 0),  # a single target is sent to through ICR
        ("hyperv", 0, 1, 1),
        ("xen-evtchn", 0, 1, 1),
        ("apicv", 3, 0, 0),  # one physical target: hardware posts it
    ],
)
def test_send_to_one_cpu(backend: str, accesses: int, exits: int, hypercalls: int) -> None:
    row = difference(log(), log().read(0, ICR_LOW, 0).ipi(0, 2, 0xFB), backend)

    assert counts(row.work) == (accesses, exits, hypercalls)
    assert row.shares.total == row.shares.sends > 0


@pytest.mark.parametrize(
    ("backend", "accesses", "exits", "hypercalls"),
    [
        ("native-xapic", 5, 0, 0),  # one APIC ID after the other: two more polls, and pairs of ICR
        ("native-x2apic", 1, 0, 0),  # both targets are in one cluster
        ("kvm-pv", 0, 1, 1),
        ("hyperv", 0, 1, 1),
        ("xen-evtchn", 0, 2, 2),
        ("apicv", 5, 0, 0),  # and each of them is posted by hardware
    ],
)
def test_send_to_a_mask(backend: str, accesses: int, exits: int, hypercalls: int) -> None:
    idle = log().read(0, ICR_LOW, 0)
    masked = log().read(0, ICR_LOW, 0).write(0, ICR_HIGH, 0b1100 << 24).write(0, ICR_LOW, LOGICAL | 0xFB)

    found = difference(idle, masked, backend).work

    assert counts(found) == (accesses, exits, hypercalls)


def test_kernel_with_logical_destinations_sends_the_mask_as_it_was_recorded() -> None:
    masked = log().read(0, ICR_LOW, 0).write(0, ICR_HIGH, 0b1100 << 24).write(0, ICR_LOW, LOGICAL | 0x41)

    assert counts(difference(log(), masked, "vmi").work) == (3, 3, 3)  # with the kernel that VMI was in


def test_every_send_of_a_physical_mask_pays_for_one_target() -> None:
    masked = log().read(0, ICR_LOW, 0).write(0, ICR_HIGH, 0b1100 << 24).write(0, ICR_LOW, LOGICAL | 0x41)

    row = difference(log(), masked, "trap-emulate")

    accesses = 2 * PRICE["emulate_read"] + 4 * PRICE["emulate_write"]
    crossings = 6 * (PRICE["vm_exit"] + PRICE["decode"] + PRICE["vm_entry"])
    flag = PRICE["disable_interrupts"] + PRICE["enable_interrupts"]
    assert row.shares.sends == accesses + crossings + flag + 2 * PRICE["send_ipi_target"]


@pytest.mark.parametrize(
    ("backend", "exits", "hypercalls"),
    [("native-x2apic", 0, 0), ("kvm-pv", 1, 0), ("hyperv", 1, 1), ("xen-evtchn", 3, 3), ("apicv", 1, 0)],
)
def test_send_by_shorthand(backend: str, exits: int, hypercalls: int) -> None:
    row = difference(log(), log().write(0, ICR_LOW, ALL_EXCLUDING_SELF | 0xFB), backend)

    assert (row.work.exits, row.work.hypercalls) == (exits, hypercalls)


@pytest.mark.parametrize(("backend", "exits"), [("hyperv", 1), ("kvm-pv", 1), ("xen-evtchn", 1), ("apicv", 0)])
def test_send_to_oneself(backend: str, exits: int) -> None:
    assert difference(log(), log().write(0, ICR_LOW, SELF | 0xFB), backend).work.exits == exits


def test_send_to_oneself_that_exits_pays_for_its_target_by_whichever_register() -> None:
    row = difference(log(), log().write(0, ICR_LOW, SELF | 0xFB), "kvm-pv")

    assert row.cycles == sum(PRICE[name] for name in ("vm_exit", "emulate_write", "send_ipi_target", "vm_entry"))


def test_nmi_is_too_low_a_vector_for_hyperv_s_hypercall() -> None:
    masked = log().write(0, ICR_HIGH, 1 << 24).write(0, ICR_LOW, NMI)

    row = difference(log(), masked, "hyperv")

    assert (row.work.hypercalls, row.work.exits) == (0, 3)  # poll and both halves, on the page that traps


@pytest.mark.parametrize(
    ("backend", "eoi", "exits"),
    [
        ("native-xapic", PRICE["mmio_write"], 0),
        ("native-x2apic", PRICE["msr_write"], 0),
        ("kvm-pv", PRICE["memory_write"], 1),
        ("hyperv", PRICE["memory_write"], 1),
        ("xen-evtchn", 0, 1 + 1),  # the handler goes back by a hypercall
        ("apicv", PRICE["virtual_eoi"], 0),
    ],
)
def test_delivery_and_a_lone_eoi(backend: str, eoi: int, exits: int) -> None:
    row = difference(log().ipi(0, 1, 0x41), log().ipi(0, 1, 0x41).handled(1, 0x41), backend)

    assert row.shares.eois == eoi
    assert row.work.exits == exits
    assert row.shares.rest >= GATE
    assert (row.shares.sends, row.shares.timer) == (0, 0)


def test_eoi_that_is_not_spared_tries_the_word_first() -> None:
    before = log().ipi(0, 1, 0x41).taken(1, 0x41).read(1, SVR, 0x1FF)
    after = log().ipi(0, 1, 0x41).taken(1, 0x41).read(1, SVR, 0x1FF).write(1, EOI, 0)

    row = difference(before, after, "kvm-pv")

    emulated = PRICE["vm_exit"] + PRICE["emulate_write"] + PRICE["vm_entry"]
    assert row.shares.eois == PRICE["memory_write"] + emulated


@pytest.mark.parametrize(
    ("backend", "exits", "hypercalls"),
    [("native-xapic", 0, 0), ("trap-emulate", 1, 0), ("kvm-pv", 1, 0), ("xen-evtchn", 1, 1), ("apicv", 1, 0)],
)
def test_arming_the_timer(backend: str, exits: int, hypercalls: int) -> None:
    row = difference(log(), log().write(0, TIMER_INITIAL_COUNT, 1000), backend)

    assert (row.work.exits, row.work.hypercalls) == (exits, hypercalls)
    assert row.shares.total == row.shares.timer > 0


def test_reading_what_is_no_register_costs_nothing() -> None:
    assert difference(log(), log().read(0, 0x050, 0), "trap-emulate").shares.total == 0


# A whole boot


def test_a_boot_is_priced_under_all_back_ends(boot: Comparison) -> None:
    assert [row.backend for row in boot.rows] == list(BACKENDS)
    assert boot.workload == BOOT.name
    assert (boot.cpus, boot.sends, boot.eois) == (4, 782, 2184)
    assert {row.latency for row in boot.rows} == {None}


def test_back_ends_stand_in_the_order_of_their_crossings(boot: Comparison) -> None:
    cycles = {row.backend: row.cycles for row in boot.rows}

    assert cycles["native-x2apic"] < cycles["native-xapic"] < cycles["apicv"] < cycles["kvm-pv"]
    assert cycles["kvm-pv"] < cycles["vmi"] < cycles["trap-emulate"]


def test_trapping_leaves_once_an_access_and_once_a_delivery_of_a_boot(boot: Comparison) -> None:
    native, trapped = boot.row("native-xapic"), boot.row("trap-emulate")

    assert native is not None
    assert trapped is not None
    # What was recorded, and a poll and a pair of ICR more for each target of a logical mask but the first.
    further = sum(
        count * (kind.targets.bit_count() - 1)
        for kind, count in census().kinds.items()
        if isinstance(kind, Sent) and kind.targets and kind.icr.destination_mode is DestinationMode.LOGICAL
    )
    assert further == 30
    assert counts(native.work) == (5705 + 3 * further, 0, 0)
    assert counts(trapped.work) == (5705 + 3 * further, 5705 + 3 * further + 2189, 0)


def test_every_assumption_is_a_remark(boot: Comparison) -> None:
    said = " ".join(boot.remarks)

    for words in (
        "are not merged into masks",
        "as into a running guest",
        "vanish",
        "spares",
        "synthetic timers are not modelled",
        "one hypercall",
    ):
        assert words in said


def test_remarks_are_of_the_back_ends_that_take_part() -> None:
    said = " ".join(compare(census(), ["native-xapic"]).remarks)

    assert "hyperv" not in said
    assert "xen" not in said
    assert "spares" not in said


def test_unexplained_lines_are_told() -> None:
    found = compare(census(log(1).read(0, SVR, 0)), ["vmi"])

    assert "does not explain 1 of its lines" in " ".join(found.remarks)


def test_a_sheet_of_2007_does_without_what_came_later() -> None:
    found = compare(census(log(1)), sheet=load_cost_sheet("2007"))

    assert {row.backend for row in found.rows} >= {"native-xapic", "trap-emulate", "vmi", "xen-evtchn"}
    assert "native-x2apic" in {missing.backend for missing in found.missing}
