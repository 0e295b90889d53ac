"""The experiments' numbers as tables."""

from app.backends.catalogue import backend as backend_of
from app.guest.generations import GENERATIONS
from app.measure.comparison import Comparison, Row
from app.verdict.code import overriding, touching
from app.verdict.evidence import BROADCAST, IPI, MASK, OF_THE_ARGUMENT, REGISTERS, REPLACED, THEN, Evidence
from app.verdict.judgement import Table
from app.verdict.words import percent, row_of, share


def comparison_table(caption: str, comparison: Comparison, base: str) -> Table:
    """All rows of a comparison, with their cycles against those of the back end *base*."""
    whole = row_of(comparison, base).cycles
    return Table(
        caption,
        ("back end", "overrides", "exits", "hypercalls", "cycles", f"of {base}"),
        tuple(_cells(row, whole) for row in comparison.rows),
    )


def _cells(row: Row, whole: int) -> tuple[str, ...]:
    return (
        row.backend,
        f"{len(row.overrides) or 'none'}",
        f"{row.work.exits:,}",
        f"{row.work.hypercalls:,}",
        f"{row.cycles:,}",
        percent(share(row.cycles, whole)),
    )


def access_table(found: Evidence) -> Table:
    """One access under each back end that has them."""
    rows = tuple((name, f"{exits}", f"{cost:,}") for name, (cost, exits) in found.access.items())
    return Table("One write of a register that does nothing else", ("back end", "exits", "cycles"), rows)


def parts_table(caption: str, found: Evidence) -> Table:
    """Cycles of sending and of ending, for one IPI, a mask of 64, and a script of broadcasts."""
    rows = []
    for name in OF_THE_ARGUMENT:
        cells = [name]
        for workload in (IPI, MASK, BROADCAST):
            row = row_of(found.then[workload], name)
            cells += [f"{row.shares.sends:,}", f"{row.shares.eois:,}"]
        rows.append(tuple(cells))
    heads = ("one IPI", "64 by mask", f"{broadcasts(found)} broadcasts to {found.then[BROADCAST].cpus - 1}")
    columns = ("back end", *(f"{head}: {part}" for head in heads for part in ("sends", "EOIs")))
    return Table(caption, columns, tuple(rows))


def code_table() -> Table:
    """What each way of overriding writes anew."""
    kernel = touching(GENERATIONS[THEN])
    functions = len(kernel.directly) + len(kernel.indirectly)
    rows = [("every function that ends in a register", f"{functions}", f"{kernel.lines}", f"{functions}")]
    for name in (REGISTERS, REPLACED):
        own = overriding(backend_of(name, THEN))
        rows.append((name, f"{len(own.operations)}", f"{own.lines}", f"{len(own.copies)}"))
    return Table(
        f"Code to be written, by what is overridden ({THEN})",
        ("overridden", "functions", "lines", "that repeat the kernel's"),
        tuple(rows),
    )


def broadcasts(found: Evidence) -> int:
    """How many the script of broadcasts has: each ends once at every other CPU."""
    script = found.then[BROADCAST]
    return max(1, script.eois // max(1, script.cpus - 1))
