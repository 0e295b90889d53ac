"""An answer as JSON: the comparison, and what the page shows beside it."""

from typing import Any

from app.costs.reference import reference_of
from app.measure.export import as_json
from app.web.pages.compare.view import View

Json = dict[str, Any]


def everything_as_json(view: View) -> Json:
    """As ``compare --json``, with the curves, the steps of one IPI, and each entry of the sheet that these rest on."""
    return {
        **as_json(view.comparison),
        "sheet_reference": reference_of(view.sheet),
        "ratio_to_native": {row.backend: view.ratio(row) for row in view.comparison.rows},
        "assumed_share_of_one_ipi": {
            waterfall.backend: view.guessed(waterfall.backend) for waterfall in view.waterfalls
        },
        "curves": [
            {
                "backend": curve.backend,
                "points": [point._asdict() for point in curve.points],
                "steps": [{"targets": targets, "reason": reason} for targets, reason in curve.steps],
            }
            for curve in view.curves
        ],
        "one_ipi": [
            {"backend": waterfall.backend, "steps": [bar._asdict() for bar in waterfall.bars]}
            for waterfall in view.waterfalls
        ],
        "entries_used": [
            {
                "name": used.name,
                "cycles": used.entry.cycles,
                "value": used.entry.value,
                "unit": used.entry.unit,
                "range": used.entry.range,
                "confidence": used.entry.confidence,
                "source": used.entry.source,
            }
            for used in view.used
        ],
        "entries_unavailable": view.sheet.unavailable,
    }
