"""What the verdict's tests share: evidence and verdict by a sheet, each made once."""

from functools import lru_cache

from app.costs.reference import cost_sheet_of
from app.verdict.evidence import Evidence, gather, recorded_boot
from app.verdict.judgement import Verdict
from app.verdict.since import verdict


@lru_cache
def evidence_by(reference: str) -> Evidence:
    """Everything that is run, by the sheet of that reference."""
    return gather(cost_sheet_of(reference), recorded_boot())


def judged(reference: str) -> Verdict:
    """The verdict by the sheet of that reference."""
    return verdict(evidence_by(reference))
