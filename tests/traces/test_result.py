import json

from app.sim.costing import BACKEND_NAMES, access_cost
from app.traces import deviations
from app.traces.findings import LISTED
from app.traces.result import ReplayResult, result_of
from tests.traces.log_lines import LDR, LVT_LINT0, SVR, LogLines


def result(log: LogLines) -> ReplayResult:
    return result_of(log.replay())


def test_the_promised_shape() -> None:
    log = LogLines().started(2).line("RAX=1").ipi(0, 1, 0x41).handled(1, 0x41).read(0, SVR, 0x1FF)

    shape = result(log).as_json()

    assert json.loads(json.dumps(shape)) == shape
    assert (shape["source"], shape["format"], shape["cpus"]) == ("test.log", "qemu", 2)
    assert (shape["lines"], shape["ignored_lines"]) == (14, 1)
    assert shape["register_reads"] == {"checked": 1, "mismatched": 0, "skipped": 0, "mismatches": []}
    vectors = {"checked": 1, "mismatched": 0, "timer": 0, "legacy_pic": 0, "spurious": 0, "mismatches": []}
    assert shape["vectors_taken"] == vectors
    assert shape["taken"] == {"0x41": [0, 1]}
    assert shape["ipis_sent"] == 3
    assert shape["cost"].keys() == set(BACKEND_NAMES)
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
    log = LogLines().started(1).io_apic_read(0x10, 0).write(1, SVR, 0x1FF).route(4, 0x41).msi(0, 0x41)

    shape = result(log).as_json()

    assert shape["io_apic_reads"]["mismatched"] == 1
    assert shape["io_apic_messages"]["mismatched"] == 1
    assert [difference["line"] for difference in shape["other_differences"]] == [5]
    assert shape["unexplained"] == 3


def test_cost_is_the_price_of_each_access_times_their_number() -> None:
    log = LogLines().started(1).read(0, SVR, 0x1FF).read(0, SVR, 0x1FF).read(0, 0x050, 0)

    cost = result(log).as_json()["cost"]

    for backend in BACKEND_NAMES:
        made = [(SVR, True), (LDR, True), (SVR, False), (SVR, False)]
        prices = [access_cost(backend, register, write) for register, write in made]
        assert cost[backend]["accesses"] == len(made)
        for name in ("exits", "hypercalls", "cycles"):
            assert cost[backend][name] == sum(getattr(price, name) for price in prices)


def test_differences_beyond_the_listed_are_counted() -> None:
    log = LogLines().started(1)
    for _ in range(LISTED + 5):
        log.read(0, SVR, 0)

    reads = result(log).as_json()["register_reads"]

    assert reads["mismatched"] == LISTED + 5
    assert len(reads["mismatches"]) == LISTED
