"""The rival's claim, with what the numbers say to it. Every sentence follows from the evidence."""

from app.backends.catalogue import backend as backend_of
from app.verdict.code import overriding
from app.verdict.evidence import BOOT, BROADCAST, EMULATED, IPI, MASK, REGISTERS, REPLACED, THEN, Evidence
from app.verdict.judgement import Claim, Finding, Tone
from app.verdict.tables import comparison_table
from app.verdict.words import changed, cheaper, cycles, row_of

GLEIXNER = "Thomas Gleixner, as Arai quotes him"


def replacement(found: Evidence) -> Claim:
    """The rival's: a small and sane replacement."""
    return Claim(
        key="replacement",
        title="A small and sane replacement",
        speaker=GLEIXNER,
        quotations=("substituting it by a small and sane replacement",),
        test="It holds if replacing everything above the register costs less than overriding the register, in "
        "cycles and "
        "in crossings, and if it is no larger. Whether it is sane is not for numbers.",
        tables=(
            comparison_table("One IPI: smp_send_reschedule", found.then[IPI], EMULATED),
            comparison_table("smp_call_function to 64 CPUs", found.then[MASK], EMULATED),
        ),
        findings=(
            _against_registers(found, IPI, "One IPI"),
            _against_registers(found, MASK, "A call of 64 CPUs"),
            _against_registers(found, BROADCAST, f"A script of broadcasts to {found.then[BROADCAST].cpus - 1}"),
            _against_registers(found, BOOT, "The recorded boot"),
            _fewer_crossings(found),
            *_size(),
        ),
        cannot_say=(
            "Event channels stand for any replacement: they are the one that Linux got. Nobody here measured another.",
            "In Linux, Xen's smp_call_function repeated the kernel's bookkeeping; the model calls the kernel's "
            "own, so that "
            "its count of lines is kind to the replacement.",
        ),
    )


def _against_registers(found: Evidence, workload: str, what: str) -> Finding:
    rows = found.then[workload]
    registers, replaced = row_of(rows, REGISTERS), row_of(rows, REPLACED)
    return Finding(
        f"{what} takes {changed(registers.cycles, replaced.cycles)} cycles than over {REGISTERS}: "
        f"{cycles(replaced.cycles)}, "
        f"not {cycles(registers.cycles)}."
        if registers.cycles != replaced.cycles
        else f"{what} takes as many cycles as over {REGISTERS}: {cycles(replaced.cycles)}.",
        cheaper(registers.cycles, replaced.cycles),
    )


def _fewer_crossings(found: Evidence) -> Finding:
    before, after = (row_of(found.then[BOOT], name).work.exits for name in (REGISTERS, REPLACED))
    return Finding(
        f"Over the boot the hypervisor is entered {after:,} times instead of {before:,}: {changed(before, after)}.",
        cheaper(before, after),
    )


def _size() -> tuple[Finding, Finding]:
    two, all_of_it = (overriding(backend_of(name, THEN)) for name in (REGISTERS, REPLACED))
    bigger = Finding(
        f"It replaces {len(all_of_it.operations)} operations in {all_of_it.lines} lines; {REGISTERS} replaces "
        f"{len(two.operations)} in {two.lines}.",
        cheaper(two.lines, all_of_it.lines),
    )
    copies = len(all_of_it.copies)
    repeats = "None of its functions repeats" if not copies else f"{copies} of its functions repeat"
    return bigger, Finding(
        f"{repeats} the one that it replaces, instruction by instruction, with another call inside.",
        Tone.AGAINST if copies else Tone.FOR,
    )
