"""The verdict with the benchmarks that stand beside it, computed at one go."""

from typing import NamedTuple

from app.costs.reference import cost_sheet_of
from app.measure.answer import Tell
from app.verdict.evidence import gather, recorded_boot
from app.verdict.judgement import Verdict
from app.verdict.since import verdict
from app.verdict.validation.experiments import Validation, validations


class Judged(NamedTuple):
    """What the verdict's page shows."""

    verdict: Verdict
    validations: tuple[Validation, ...]


def judge(tell: Tell, reference: str) -> Judged:
    """The verdict by the sheet of that *reference*."""
    tell("counting the recorded boot", 0, 0)
    evidence = gather(cost_sheet_of(reference), recorded_boot(), tell)
    tell("the benchmarks that were published", 0, 0)
    return Judged(verdict(evidence), validations())
