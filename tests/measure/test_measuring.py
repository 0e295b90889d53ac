"""Scripts and functions, really run: what must hold whatever the figures are."""

from functools import lru_cache

import pytest

from app.backends.catalogue import BACKENDS
from app.costs.sheet import load_cost_sheet
from app.guest.generations import GENERATIONS
from app.measure.comparison import Comparison
from app.measure.measuring import compare, kernel_for
from app.measure.scenarios import SCENARIOS
from app.measure.workloads import workload_of

pytestmark = pytest.mark.slow

WORKLOADS = (*SCENARIOS, "smp_call_function:3", "smp_call_function:64", "flush_tlb_others:20", "smp_send_reschedule:2")
each_workload = pytest.mark.parametrize("name", WORKLOADS)


@lru_cache
def compared(name: str, sheet: str = "sapphire-rapids", generation: str | None = None) -> Comparison:
    return compare(workload_of(name), None, load_cost_sheet(sheet), generation)


def cycles(found: Comparison) -> dict[str, int]:
    return {row.backend: row.cycles for row in found.rows}


@each_workload
def test_every_back_end_takes_part_where_everything_has_a_price(name: str) -> None:
    found = compared(name)

    assert [row.backend for row in found.rows] == list(BACKENDS)
    assert found.missing == ()
    assert found.sheet.name == "sapphire-rapids"


@each_workload
def test_native_guests_never_leave(name: str) -> None:
    for row in compared(name).rows:
        if row.backend.startswith("native"):
            assert (row.work.exits, row.work.hypercalls, row.overrides) == (0, 0, ())


@each_workload
def test_hypercalls_are_exits(name: str) -> None:
    assert all(row.work.hypercalls <= row.work.exits for row in compared(name).rows)


@each_workload
def test_a_guest_without_an_apic_accesses_none(name: str) -> None:
    row = compared(name).row("xen-evtchn")

    assert row is not None
    assert row.work.accesses == 0


@each_workload
def test_every_virtual_row_costs_more_than_its_native_one(name: str) -> None:
    found = compared(name)
    for row in found.rows:
        if not row.backend.startswith("native"):
            native = found.row("native-xapic")
            assert native is not None
            # A message on its way keeps ICR busy natively alone: what the sender polls meanwhile is not paid elsewhere.
            polls = native.polls * load_cost_sheet("sapphire-rapids").price("mmio_read")
            assert row.cycles > row.native_cycles - polls


@each_workload
def test_register_calls_cost_less_than_traps_with_the_same_kernel(name: str) -> None:
    found = compared(name, "2007", "linux-2.6.22")
    trapped, called = found.row("trap-emulate"), found.row("vmi")

    assert trapped is not None
    assert called is not None
    assert trapped.work.accesses == called.work.accesses
    assert trapped.work.exits == pytest.approx(called.work.exits, rel=0.01), (
        "whom a kick finds closed is a matter of time"
    )
    assert called.work.hypercalls == called.work.accesses
    assert called.cycles < trapped.cycles


def test_trapping_leaves_once_an_access_and_once_a_delivery() -> None:
    row = compared("smp_call_function:64").row("trap-emulate")

    assert row is not None
    assert row.work.exits == row.work.accesses + 64
    assert row.work.accesses == 64 * 3 + 64


@pytest.mark.parametrize(
    ("backend", "hypercalls", "exits"),
    [
        ("native-x2apic", 0, 0),
        ("trap-emulate", 0, 64 * 3 + 64 + 64),
        ("kvm-pv", 1, 1 + 64),
        ("hyperv", 1, 1 + 64),
        ("xen-evtchn", 64 + 64, 64 + 64 + 64),  # each handler goes back by one
        ("apicv", 0, 0),
    ],
)
def test_mask_of_64_crosses_as_the_back_end_s_design_says(backend: str, hypercalls: int, exits: int) -> None:
    row = compared("smp_call_function:64").row(backend)

    assert row is not None
    assert (row.work.hypercalls, row.work.exits) == (hypercalls, exits)


def test_a_second_window_is_a_second_hypercall() -> None:
    found = compare(workload_of("smp_call_function:129"), ["kvm-pv", "hyperv"])

    assert [row.work.hypercalls for row in found.rows] == [2, 1]


def test_scenarios_order_the_back_ends_as_their_crossings_do() -> None:
    spent = cycles(compared("reschedule"))

    assert spent["native-xapic"] < spent["apicv"] < spent["kvm-pv"] < spent["vmi"] < spent["trap-emulate"]


def test_latency_is_longest_where_every_access_traps() -> None:
    latency = {row.backend: row.latency or 0 for row in compared("reschedule").rows}

    assert max(latency, key=lambda name: latency[name]) == "trap-emulate"
    assert min(latency, key=lambda name: latency[name]) == "native-x2apic"


def test_devices_have_no_sender_and_so_no_latency() -> None:
    found = compared("devices")

    assert (found.sends, found.eois) == (0, 16)
    assert {row.latency for row in found.rows} == {None}
    assert {row.shares.sends for row in found.rows} == {0}


def test_latency_ends_with_the_handler_s_first_instruction() -> None:
    sheet_2007 = load_cost_sheet("2007")
    found = compare(workload_of("smp_send_reschedule:1"), ["native-xapic"], sheet_2007, "linux-2.6.22")

    sheet = sheet_2007.cycles
    # With interrupts off; the second write, which sends, included.
    sent = sheet["disable_interrupts"] + sheet["mmio_read"] + 2 * sheet["mmio_write"]
    assert found.rows[0].latency == sent + sheet["message_flight"] + sheet["interrupt_entry"]


def test_sends_and_eois_are_the_native_ones() -> None:
    assert (compared("call-function").sends, compared("call-function").eois) == (16, 48)
    found = compare(workload_of("call-function"), ["xen-evtchn"])
    assert (found.sends, found.eois, len(found.rows)) == (16, 48, 1)


def test_a_back_end_without_a_price_is_missing_with_the_sheet_s_reason() -> None:
    found = compared("storm", "2007")

    assert {row.backend for row in found.rows} == {"native-xapic", "trap-emulate", "vmi", "xen-evtchn"}
    reasons = {missing.backend: missing.reason for missing in found.missing}
    assert reasons["native-x2apic"].startswith("2007 has no figure for ")
    assert "There is no x2APIC mode before Nehalem" in reasons["kvm-pv"] + reasons["native-x2apic"]
    assert "VMCALL needs VT-x" in reasons["hyperv"]


def test_a_back_end_that_never_met_the_kernel_is_missing_with_the_reason() -> None:
    missing = {missing.backend: missing.reason for missing in compared("reschedule", generation="linux-6").missing}

    assert missing == {"vmi": "VMI left the kernel with 2.6.37"}


def test_unknown_back_end_is_an_error() -> None:
    with pytest.raises(KeyError):
        compare(workload_of("reschedule"), ["teleport"])


@pytest.mark.parametrize(
    ("backend", "sheet", "generation"),
    [
        ("native-xapic", "2007", "linux-2.6.22"),
        ("native-xapic", "skylake-sp", "linux-6"),
        ("native-x2apic", "2007", "linux-6"),
        ("vmi", "sapphire-rapids", "linux-2.6.22"),
    ],
)
def test_the_kernel_is_that_of_the_sheet_s_time_unless_the_back_end_never_met_it(
    backend: str, sheet: str, generation: str
) -> None:
    assert kernel_for(backend, load_cost_sheet(sheet)) == generation
    assert kernel_for(backend, load_cost_sheet(sheet).with_values({"vm_exit": 1})) == generation
    assert generation in GENERATIONS


def test_remarks_say_which_kernel_runs_where_and_that_cpus_poll() -> None:
    said = " ".join(compared("smp_call_function:64").remarks)

    assert "linux-2.6.22 under vmi" in said
    assert "idle=poll" in said
    assert "256 CPUs" in said


def test_progress_is_told_one_back_end_after_the_other() -> None:
    heard: list[tuple[int, int]] = []

    compare(workload_of("reschedule"), ["native-xapic", "vmi"], on_progress=lambda *step: heard.append(step))

    assert heard == [(0, 2), (1, 2)]


def test_controls_that_a_sheet_lacks_are_off_and_the_remarks_say_so() -> None:
    found = compared("smp_call_function:3", "skylake-sp", "linux-6")
    row = found.row("apicv")

    assert row is not None
    assert (row.lacks, row.work.exits) == (("IPI virtualisation",), 3)
    assert "apicv runs without IPI virtualisation: skylake-sp has none." in found.remarks
    assert all(other.lacks == () for other in found.rows if other.backend != "apicv")


def test_accesses_that_only_poll_are_counted_and_said() -> None:
    found = compared("smp_call_function:64")
    polls = {row.backend: row.polls for row in found.rows}
    accesses = {row.backend: row.work.accesses for row in found.rows}

    one_each = accesses["trap-emulate"]
    assert polls["trap-emulate"] == polls["vmi"] == polls["native-x2apic"] == polls["apicv"] == 0
    assert accesses["native-xapic"] - polls["native-xapic"] == accesses["apicv"] == one_each
    assert polls["native-xapic"] > 0
    [said] = [remark for remark in found.remarks if "delivery status" in remark]
    assert f"{polls['native-xapic']:,} under native-xapic" in said
    assert "trap-emulate" not in said
    assert "apicv" not in said  # the virtual page's ICR is memory, and nothing sets its delivery status


def test_one_send_waits_for_none_before_it_and_nothing_is_said() -> None:
    assert not [remark for remark in compared("smp_send_reschedule:1").remarks if "delivery status" in remark]


def test_a_way_of_its_own_that_the_work_never_takes_is_named() -> None:
    def said(workload: str) -> list[str]:
        return [remark for remark in compared(workload).remarks if "never uses" in remark]

    assert said("smp_send_reschedule:1") == [
        "kvm-pv: this work never uses the SEND_IPI hypercall, "
        "meant for sends to several CPUs, by mask or to all but self."
    ]
    assert [one.split(",")[0] for one in said("reschedule")] == [
        "kvm-pv: this work never uses the SEND_IPI hypercall",
        "apicv: this work never uses posted interrupts",
    ]
    assert said("smp_call_function:255") != said("smp_call_function:3")


def test_a_sheet_of_other_hardware_has_no_row_of_apicv() -> None:
    found = compared("smp_call_function:3", "amd-zen3", "linux-6")

    assert found.row("apicv") is None
    [missing] = [each for each in found.missing if each.backend == "apicv"]
    assert "AVIC is not modelled" in missing.reason


def test_latency_of_a_broadcast_grows_with_its_targets_and_only_one_shorthand_instead_of_254_writes_is_a_step() -> None:
    sheet = load_cost_sheet("sapphire-rapids")
    names = ["trap-emulate", "kvm-pv", "apicv", "hyperv"]
    found = {
        targets: {
            row.backend: row.latency or 0
            for row in compare(workload_of(f"smp_call_function:{targets}"), names, sheet).rows
        }
        for targets in (64, 254, 255)
    }

    for backend, latency in found[255].items():
        least = sheet.cycles["post_interrupt" if backend == "apicv" else "send_ipi_target"]
        assert latency > 255 * least, backend
    for backend in ("kvm-pv", "hyperv"):
        assert found[255][backend] == pytest.approx(found[254][backend], rel=0.01)
        assert found[254][backend] == pytest.approx(found[64][backend] * 254 / 64, rel=0.1)
    # 254 writes of ICR are one by shorthand: 254 exits less, and no other difference.
    assert found[254]["trap-emulate"] > 10 * found[255]["trap-emulate"]
