import csv
import io
import json
from dataclasses import replace

from app.backends.cost_sheet import load_cost_sheet
from app.compare.comparison import Comparison, Curve, Missing, Point, Row, Shares, Uses
from app.compare.export import as_csv, as_json, curve_csv
from app.compare.report import report

SHEET = load_cost_sheet("2007")
NOTHING = Shares(0, 0, 0, 0)
FOUND = Comparison(
    "reschedule: each CPU wakes the next one",
    4,
    16,
    16,
    SHEET.with_values({"vm_exit": 5}),
    (
        Row("native-xapic", "linux-2.6.22", (), (), Uses(64, 0, 0), Shares(600, 300, 0, 100), 700, 1000),
        Row("vmi", "linux-2.6.22", ("apic_read",), ("native_apic_read",), Uses(64, 64, 64), NOTHING, None, 0),
    ),
    (Missing("apicv", 'not yet, says "2007"'),),
    ("Waiting costs nothing.",),
)


def test_json_has_the_shape_that_is_promised() -> None:
    assert json.loads(json.dumps(as_json(FOUND))) == {
        "workload": "reschedule: each CPU wakes the next one",
        "cpus": 4,
        "sends": 16,
        "eois": 16,
        "sheet": {"name": "2007-changed", "title": SHEET.title, "gigahertz": 3.8, "changed": ["vm_exit"]},
        "rows": [
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
                "replaced_functions": ["native_apic_read"],
                "accesses": 64,
                "exits": 64,
                "hypercalls": 64,
                "cycles": 0,
                "native_cycles": 0,
                "latency": None,
                "shares": {"sends": 0, "eois": 0, "timer": 0, "rest": 0},
            },
        ],
        "missing": [{"backend": "apicv", "reason": 'not yet, says "2007"'}],
        "remarks": ["Waiting costs nothing."],
    }


def test_csv_has_a_line_for_each_back_end() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(FOUND))))

    assert [line["backend"] for line in lines] == ["native-xapic", "vmi", "apicv"]
    assert (lines[0]["cycles"], lines[0]["latency"], lines[0]["sends_cycles"]) == ("1000", "700", "600")
    assert (lines[1]["overrides"], lines[1]["latency"]) == ("apic_read", "")
    assert (lines[2]["cycles"], lines[2]["missing"]) == ("", 'not yet, says "2007"')
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

    table = lines[lines.index("") + 1 :][:3]
    assert len({len(line) for line in table}) == 1
    assert "native-xapic" in table[1]
    assert "1.00" in table[1]
    assert table[2].endswith("–")  # no latency
    assert "vmi overrides native_apic_read" in lines
    assert 'without apicv: not yet, says "2007"' in lines
    assert "- Waiting costs nothing." in lines
    assert "native-xapic     60.0 %  30.0 %  0.0 %  10.0 %" in lines
    assert "costs: 2007-changed" in report(FOUND)


def test_report_leaves_the_latency_out_where_nothing_has_one() -> None:
    assert "latency" not in report(replace(FOUND, rows=FOUND.rows[1:]))


def test_report_without_rows_says_why() -> None:
    alone = Comparison("storm", 8, 1, 1, SHEET, (), FOUND.missing, ())

    assert report(alone).splitlines()[-1] == 'without apicv: not yet, says "2007"'
