"""What became of the argument: paravirtualisation against hardware that virtualises the APIC."""

from app.backends.backend import remark_on
from app.measure.comparison import Comparison, Row
from app.verdict.claims import emulation_is_enough, override_two, real_devices
from app.verdict.evidence import BOOT, EMULATED, HARDWARE, IPI, MASK, PARAVIRTUAL_NOW, Evidence
from app.verdict.judgement import Claim, Finding, Tone, Verdict
from app.verdict.replacement import replacement
from app.verdict.tables import comparison_table
from app.verdict.words import changed, cheaper, cycles, row_of

_WORKLOADS = ((IPI, "One IPI"), (MASK, "A call of 64 CPUs"), (BOOT, "The recorded boot"))


def verdict(found: Evidence) -> Verdict:
    """All claims, judged by the evidence."""
    claims = (emulation_is_enough, real_devices, override_two, replacement, since_then)
    return Verdict(found.sheet, tuple(claim(found) for claim in claims))


def since_then(found: Evidence) -> Claim:
    """Whether overriding still pays where hardware answers."""
    return Claim(
        key="since",
        title="Since then: does overriding still pay?",
        speaker="A question of later years, not of that thread.",
        quotations=(),
        test="It does where the cheapest back end that overrides operations takes fewer cycles than a kernel "
        "that overrides "
        "nothing on hardware that virtualises its APIC (apicv).",
        tables=tuple(comparison_table(f"{what}, today's kernel", found.now[key], EMULATED) for key, what in _WORKLOADS),
        findings=_findings(found),
        cannot_say=(
            "The model's hardware is Intel's, always awake and never contended; that AMD's loses with broadcasts "
            "has been "
            "measured and is not reproduced (see the table below).",
            "Many of the figures behind it are assumed. The sheet says which.",
        ),
    )


def _findings(found: Evidence) -> tuple[Finding, ...]:
    """One for each workload; one alone where the sheet's hardware has no such thing, which is so for all of them."""
    if any(comparison.row(HARDWARE) is None for comparison in found.now.values()):
        return (Finding(f"Not on this hardware. {_reason(found.now[IPI], HARDWARE)}", Tone.OPEN),)
    signs = (_sign(found.now[key], what) for key, what in _WORKLOADS)
    return (*_controls(found), *signs, _few_overrides(found))


def _controls(found: Evidence) -> tuple[Finding, ...]:
    """What the hardware lacks, where it lacks something."""
    lacks = row_of(found.now[IPI], HARDWARE).lacks
    return (Finding(f"Here {HARDWARE} runs {remark_on(lacks, found.sheet)}.", Tone.OPEN),) if lacks else ()


def _sign(comparison: Comparison, what: str) -> Finding:
    hardware, best = row_of(comparison, HARDWARE), _cheapest(comparison)
    return Finding(
        f"{what} takes {cycles(hardware.cycles)} under {HARDWARE}, which overrides nothing, and {cycles(best.cycles)} "
        f"under {best.backend}, the cheapest that overrides: {changed(hardware.cycles, best.cycles)}.",
        cheaper(hardware.cycles, best.cycles),
    )


def _cheapest(comparison: Comparison) -> Row:
    """Event channels need nothing that a sheet may lack, so there is always one."""
    rows = [row for row in comparison.rows if row.backend in PARAVIRTUAL_NOW]
    return min(rows, key=lambda row: row.cycles)


def _reason(comparison: Comparison, backend: str) -> str:
    return next(missing.reason for missing in comparison.missing if missing.backend == backend)


def _few_overrides(found: Evidence) -> Finding:
    """Both sides of the argument at once: few operations, and high ones."""
    boot = found.now[BOOT]
    few, emulated = boot.row(PARAVIRTUAL_NOW[0]), row_of(boot, EMULATED)
    if few is None:
        return Finding(f"Few overrides, but high ones: {_reason(boot, PARAVIRTUAL_NOW[0])}", Tone.OPEN)
    return Finding(
        f"Neither two registers nor everything: {few.backend} overrides {len(few.overrides)} operations, and the "
        "boot takes "
        f"{changed(emulated.cycles, few.cycles)} cycles than emulated, in {few.work.exits:,} exits and not "
        f"{emulated.work.exits:,}.",
        Tone.OPEN,
    )
