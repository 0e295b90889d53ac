"""A comparison as JSON and as CSV, for users' scripts and spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from app.measure.comparison import Comparison, Curve, Row

Json = dict[str, Any]
_CHANGED = "yours"
_COLUMNS = (
    *(
        "backend",
        "generation",
        "overrides",
        "replaced_functions",
        "accesses",
        "exits",
        "hypercalls",
        "cycles",
        "native_cycles",
    ),
    *("latency", "sends_cycles", "eois_cycles", "timer_cycles", "rest_cycles", "missing"),
)


def as_json(comparison: Comparison) -> Json:
    """The shape that ``compare --json`` promises. Cycles are those of the TSC; no latency is null."""
    sheet = comparison.sheet
    changed = sorted(name for name, entry in sheet.entries.items() if entry.confidence == _CHANGED)
    return {
        "workload": comparison.workload,
        "cpus": comparison.cpus,
        "sends": comparison.sends,
        "eois": comparison.eois,
        "sheet": {"name": sheet.name, "title": sheet.title, "gigahertz": sheet.gigahertz, "changed": changed},
        "rows": [_row(row) for row in comparison.rows],
        "missing": [{"backend": missing.backend, "reason": missing.reason} for missing in comparison.missing],
        "remarks": list(comparison.remarks),
    }


def _row(row: Row) -> Json:
    return {
        "backend": row.backend,
        "generation": row.generation,
        "overrides": list(row.overrides),
        "replaced_functions": list(row.replaced_functions),
        **row.work.as_dict(),
        "native_cycles": row.native_cycles,
        "latency": row.latency,
        "shares": row.shares._asdict(),
    }


def as_csv(comparison: Comparison) -> str:
    """One line for each back end, those that could not take part behind the others. Lists are parted by blanks."""
    lines: list[Sequence[object]] = [_COLUMNS]
    for row in comparison.rows:
        functions = " ".join(row.overrides), " ".join(row.replaced_functions)
        latency = "" if row.latency is None else row.latency
        lines.append(
            (
                row.backend,
                row.generation,
                *functions,
                *row.work.as_dict().values(),
                row.native_cycles,
                latency,
                *row.shares,
                "",
            )
        )
    for missing in comparison.missing:
        lines.append((missing.backend, *[""] * (len(_COLUMNS) - 2), missing.reason))
    return _csv(lines)


def curve_csv(curves: Iterable[Curve]) -> str:
    """One line for each back end and number of targets; ``step`` says why the sender's way changes there."""
    lines: list[Sequence[object]] = [
        ("backend", "targets", "sender_cycles", "all_cycles", "exits", "hypercalls", "step")
    ]
    for curve in curves:
        steps = dict(curve.steps)
        lines += [(curve.backend, *point, steps.get(point.targets, "")) for point in curve.points]
    return _csv(lines)


def _csv(lines: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
