"""What the numbers say about the argument of March 2007: claims, findings, and a judgement that follows from them.

Source of every quotation: Daniel Arai, "Re: + stupid-hack-to-make-mainline-build.patch added to -mm tree", LKML, 7
March 2007, which quotes Thomas Gleixner's message before it.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.costs.sheet import CostSheet


class Tone(StrEnum):
    """For which side of its claim a finding speaks."""

    FOR = "for"
    AGAINST = "against"
    #: Worth knowing, and no argument either way.
    OPEN = "open"


class Judgement(StrEnum):
    """What the findings of one claim come to."""

    HOLDS = "holds"
    IN_PART = "in part"
    FAILS = "fails"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence or two that the numbers made, and for which side they speak."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Table:
    """An experiment's numbers. The first column names the back end."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that was said, or asked since, and what became of it here. ``test`` says what would count as what."""

    key: str
    title: str
    speaker: str
    #: Pieces of the message, word for word; none where nobody said it.
    quotations: tuple[str, ...]
    test: str
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    cannot_say: tuple[str, ...]

    @property
    def judgement(self) -> Judgement:
        """All findings that take a side take the same: it holds, or fails. Both: in part. None: silent."""
        match {finding.tone for finding in self.findings} - {Tone.OPEN}:
            case taken if not taken:
                return Judgement.SILENT
            case taken if taken == {Tone.FOR}:
                return Judgement.HOLDS
            case taken if taken == {Tone.AGAINST}:
                return Judgement.FAILS
            case _:
                return Judgement.IN_PART

    def count(self, tone: Tone) -> int:
        """How many findings speak so."""
        return sum(finding.tone == tone for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All claims, by one sheet."""

    sheet: CostSheet
    claims: tuple[Claim, ...]

    def claim(self, key: str) -> Claim:
        """The claim of that key. KeyError when there is none."""
        found = {claim.key: claim for claim in self.claims}
        return found[key]
