import csv
import io
import json
from dataclasses import replace

from app.costs.sheet import load_cost_sheet
from app.engine.work import Work
from app.measure.comparison import Comparison, Curve, Missing, Point, Row, Shares
from app.measure.export import as_csv, as_json, curve_csv
from app.measure.report import report

SHEET = load_cost_sheet("2007")
NOTHING = Shares(0, 0, 0, 0)
#: No two numbers of its row are equal, so that none can stand in for another.
SHARES = Shares(900, 500, 200, 300)
FOUND = Comparison(
    "reschedule: each CPU wakes the next one",
    4,
    16,
    17,
    SHEET.with_values({"vm_exit": 5}),
    (
        Row("native-xapic", "linux-2.6.22", (), (), Work(64, 0, 0, 1000), Shares(600, 300, 0, 100), 700, 1000),
        Row("vmi", "linux-2.6.22", ("apic_read",), ("vmi_apic_read",), Work(64, 63, 62, 1900), SHARES, 800, 1100),
        Row("xen-evtchn", "linux-2.6.22", (), (), Work(0, 9, 9), NOTHING, None, 0),
    ),
    (Missing("apicv", 'not yet, says "2007"'),),
    ("Waiting costs nothing.",),
)
#: Its rows in JSON.
ROWS = [
    {
        "backend": "native-xapic",
        "generation": "linux-2.6.22",
        "overrides": [],
        "replaced_functions": [],
        "accesses": 64,
        "exits": 0,
        "hypercalls": 0,
        "cycles": 1000,
        "native_cycles": 1000,
        "latency": 700,
        "shares": {"sends": 600, "eois": 300, "timer": 0, "rest": 100},
    },
    {
        "backend": "vmi",
        "generation": "linux-2.6.22",
        "overrides": ["apic_read"],
        "replaced_functions": ["vmi_apic_read"],
        "accesses": 64,
        "exits": 63,
        "hypercalls": 62,
        "cycles": 1900,
        "native_cycles": 1100,
        "latency": 800,
        "shares": {"sends": 900, "eois": 500, "timer": 200, "rest": 300},
    },
    {
        "backend": "xen-evtchn",
        "generation": "linux-2.6.22",
        "overrides": [],
        "replaced_functions": [],
        "accesses": 0,
        "exits": 9,
        "hypercalls": 9,
        "cycles": 0,
        "native_cycles": 0,
        "latency": None,
        "shares": {"sends": 0, "eois": 0, "timer": 0, "rest": 0},
    },
]


def test_json_has_the_shape_that_is_promised() -> None:
    assert json.loads(json.dumps(as_json(FOUND))) == {
        "workload": "reschedule: each CPU wakes the next one",
        "cpus": 4,
        "sends": 16,
        "eois": 17,
        "sheet": {"name": "2007-changed", "title": SHEET.title, "gigahertz": 3.8, "changed": ["vm_exit"]},
        "rows": ROWS,
        "missing": [{"backend": "apicv", "reason": 'not yet, says "2007"'}],
        "remarks": ["Waiting costs nothing."],
    }


def test_csv_has_a_line_for_each_back_end() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(FOUND))))

    assert [line["backend"] for line in lines] == ["native-xapic", "vmi", "xen-evtchn", "apicv"]
    assert lines[1] == {
        "backend": "vmi",
        "generation": "linux-2.6.22",
        "overrides": "apic_read",
        "replaced_functions": "vmi_apic_read",
        "accesses": "64",
        "exits": "63",
        "hypercalls": "62",
        "cycles": "1900",
        "native_cycles": "1100",
        "latency": "800",
        "sends_cycles": "900",
        "eois_cycles": "500",
        "timer_cycles": "200",
        "rest_cycles": "300",
        "missing": "",
    }
    assert (lines[2]["cycles"], lines[2]["latency"]) == ("0", "")
    assert (lines[3]["cycles"], lines[3]["missing"]) == ("", 'not yet, says "2007"')
    assert all(None not in line and None not in line.values() for line in lines)  # as many cells as heads


def test_csv_of_curves_has_a_line_for_each_point() -> None:
    points = (Point(1, 10, 30, 2, 1), Point(2, 20, 60, 4, 2))

    text = curve_csv([Curve("kvm-pv", points, ((2, "a second hypercall"),))])

    assert text.splitlines() == [
        "backend,targets,sender_cycles,all_cycles,exits,hypercalls,step",
        "kvm-pv,1,10,30,2,1,",
        "kvm-pv,2,20,60,4,2,a second hypercall",
    ]


def test_report_is_aligned_and_says_what_is_missing() -> None:
    lines = report(FOUND).splitlines()

    table = lines[lines.index("") + 1 :][:4]
    assert len({len(line) for line in table}) == 1
    assert "native-xapic" in table[1]
    assert "1.00" in table[1]
    assert table[2].split() == ["vmi", "1", "64", "63", "62", "1,900", "1.73", "800"]
    assert table[3].endswith("–")  # no latency
    assert "vmi overrides vmi_apic_read" in lines
    assert 'without apicv: not yet, says "2007"' in lines
    assert "- Waiting costs nothing." in lines
    shares = [line.split() for line in lines if line.endswith(" %")]
    assert shares[0] == ["native-xapic", "60.0", "%", "30.0", "%", "0.0", "%", "10.0", "%"]
    assert shares[1] == ["vmi", "47.4", "%", "26.3", "%", "10.5", "%", "15.8", "%"]
    assert "costs: 2007-changed" in report(FOUND)


def test_report_leaves_the_latency_out_where_nothing_has_one() -> None:
    assert "latency" not in report(replace(FOUND, rows=FOUND.rows[2:]))


def test_report_without_rows_says_why() -> None:
    alone = Comparison("storm", 8, 1, 1, SHEET, (), FOUND.missing, ())

    assert report(alone).splitlines()[-1] == 'without apicv: not yet, says "2007"'
