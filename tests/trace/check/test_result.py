import json

import pytest

from app.backends.catalogue import BY_REGISTERS
from app.costs.sheet import load_cost_sheet
from app.engine.alone import access_cost
from app.measure.recosting import measure_recording
from app.trace.check import deviations
from app.trace.check.census import CensusTaker
from app.trace.check.findings import LISTED
from app.trace.check.replay import Replay
from app.trace.check.result import ReplayResult, result_of
from tests.trace.log_lines import ICR_HIGH, ICR_LOW, LDR, LVT_LINT0, SVR, LogLines


def result(log: LogLines) -> ReplayResult:
    return result_of(log.replay())


def test_the_promised_shape() -> None:
    log = LogLines().started(2).line("RAX=1").ipi(0, 1, 0x41).handled(1, 0x41).read(0, SVR, 0x1FF)

    shape = result(log).as_json()

    assert json.loads(json.dumps(shape)) == shape
    assert (shape["source"], shape["format"], shape["cpus"]) == ("test.log", "qemu", 2)
    assert (shape["lines"], shape["ignored_lines"]) == (14, 1)
    assert shape["limits"] == []
    assert shape["register_reads"] == {"checked": 1, "mismatched": 0, "skipped": 0, "unseen": 0, "mismatches": []}
    sources = {"timer": 0, "legacy_pic": 0, "spurious": 0}
    vectors = {"checked": 1, "mismatched": 0, "unseen": 0, **sources, "mismatches": []}
    assert shape["vectors_taken"] == vectors
    assert shape["taken"] == {"0x41": [0, 1]}
    assert shape["ipis_sent"] == 3
    assert shape["cost"].keys() == set(BY_REGISTERS)
    assert shape["unexplained"] == 0


def test_a_known_deviation_carries_its_name_and_is_explained() -> None:
    log = LogLines().started(1).write(0, LVT_LINT0, 0x8700).write(0, SVR, 0xFF).read(0, LVT_LINT0, 0x8700)

    found = result(log)

    assert found.explained
    assert found.as_json()["register_reads"]["mismatches"] == [
        {
            "line": 5,
            "cpu": 0,
            "register": "0x350",
            "recorded": "0x00008700",
            "model": "0x00018700",
            "known_deviation": deviations.LVT_MASKS_NOT_FORCED,
        }
    ]


def test_a_vector_that_the_model_does_not_have_is_unexplained() -> None:
    found = result(LogLines().started(1).taken(0, 0x41))

    assert not found.explained
    (mismatch,) = found.as_json()["vectors_taken"]["mismatches"]
    assert mismatch["recorded"] == "0x41"
    assert mismatch["model"] is None
    assert mismatch["known_deviation"] is None


def test_every_kind_of_difference_counts() -> None:
    log = LogLines().read(0, SVR, 0xFF).started(1).io_apic_read(0x10, 0).write(1, SVR, 0x1FF)
    log.route(4, 0x41).pin(5, 1).msi(0, 0x41)

    shape = result(log).as_json()

    assert shape["io_apic_reads"]["mismatched"] == 1
    assert shape["io_apic_messages"]["mismatched"] == 1
    assert [difference["line"] for difference in shape["other_differences"]] == [6]
    assert shape["unexplained"] == 3


def test_cost_is_the_price_of_each_access_times_their_number() -> None:
    log = LogLines().started(1).read(0, SVR, 0x1FF).read(0, SVR, 0x1FF).read(0, 0x050, 0)

    cost = result(log).as_json()["cost"]

    for backend in BY_REGISTERS:
        made = [(SVR, True), (LDR, True), (SVR, False), (SVR, False)]
        prices = [access_cost(backend, register, write) for register, write in made]
        assert cost[backend]["accesses"] == len(made)
        for name in ("exits", "hypercalls", "cycles"):
            assert cost[backend][name] == sum(getattr(price, name) for price in prices)


def cycles(log: LogLines) -> dict[str, int]:
    return {backend: cost["cycles"] for backend, cost in result(log).as_json()["cost"].items()}


@pytest.mark.parametrize(
    ("icr", "targets"),
    [(0x40041, 1), (0xC0041, 3), (0x80041, 4), (0x00041, 1), (0x40001, 0)],  # self, others, all, one by name, illegal
)
def test_a_send_pays_for_each_cpu_that_it_reaches(icr: int, targets: int) -> None:
    sent = cycles(LogLines().started(4).write(0, ICR_HIGH, 2 << 24).write(0, ICR_LOW, icr))
    before = cycles(LogLines().started(4).write(0, ICR_HIGH, 2 << 24))

    for backend in BY_REGISTERS:
        price = access_cost(backend, ICR_LOW, write=True, targets=targets).cycles
        assert sent[backend] - before[backend] == price
    one = access_cost("vmi", ICR_LOW, write=True).cycles - access_cost("vmi", ICR_LOW, write=True, targets=0).cycles
    assert one == load_cost_sheet("2007").price("send_ipi_target")


def test_a_comparison_of_the_same_log_charges_the_same_for_its_shorthands() -> None:
    """What names its targets is sent by the priced kernel's own function there, and by the recorded accesses here."""
    log = LogLines().started(4).write(0, ICR_HIGH, 2 << 24)
    for icr in (0x40041, 0xC0042, 0x80043, 0x40001):
        log.write(0, ICR_LOW, icr)
    taker = CensusTaker(Replay(log.recording()))
    taker.run(taker.replay.length)

    for backend, spent in cycles(log).items():
        measured = measure_recording(taker.census(), backend, "linux-2.6.22", load_cost_sheet("2007"))
        assert spent == measured.shares.total


def test_differences_beyond_the_listed_are_counted() -> None:
    log = LogLines().started(1)
    for _ in range(LISTED + 5):
        log.read(0, SVR, 0)

    reads = result(log).as_json()["register_reads"]

    assert reads["mismatched"] == LISTED + 5
    assert len(reads["mismatches"]) == LISTED
