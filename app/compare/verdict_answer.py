"""The verdict with the benchmarks that stand beside it, computed at one go."""

from typing import NamedTuple

from app.backends.cost_sheet_reference import cost_sheet_of
from app.compare.answer import Tell
from app.compare.validation import Validation, validations
from app.compare.verdict import Verdict
from app.compare.verdict_evidence import gather, recorded_boot
from app.compare.verdict_since import verdict


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
