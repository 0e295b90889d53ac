"""A comparison as a page of text, for people."""

from app.measure.comparison import Comparison, Row

_HEADS = ("back end", "overrides", "accesses", "exits", "hypercalls", "cycles", "per native")
_LATENCY = "latency"
_SHARES = ("sends", "EOIs", "timer", "rest")


def report(comparison: Comparison) -> str:
    """What was run, a row for each back end, what its cycles went to, who is missing, and what has to be known."""
    sheet = comparison.sheet
    head = (
        f"{comparison.workload}\n"
        f"{comparison.cpus} CPUs; natively {comparison.sends:,} IPI{_s(comparison.sends)} sent and "
        f"{comparison.eois:,} interrupt{_s(comparison.eois)} ended\n"
        f"costs: {sheet.name} ({sheet.title}), {sheet.gigahertz} GHz"
    )
    parts = [head]
    if comparison.rows:
        parts += [_table(comparison), _shares(comparison), _overrides(comparison)]
    parts.append("\n".join(f"without {missing.backend}: {missing.reason}" for missing in comparison.missing))
    parts.append("\n".join(f"- {remark}" for remark in comparison.remarks))
    return "\n\n".join(part for part in parts if part)


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _table(comparison: Comparison) -> str:
    timed = any(row.latency is not None for row in comparison.rows)
    heads = (*_HEADS, _LATENCY) if timed else _HEADS
    return aligned([heads, *(_cells(row)[: len(heads)] for row in comparison.rows)])


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.backend,
        str(len(row.overrides) or "none"),
        *(f"{number:,}" for number in row.work.as_dict().values()),
        f"{row.cycles / row.native_cycles:.2f}" if row.native_cycles else "–",
        "–" if row.latency is None else f"{row.latency:,}",
    )


def _overrides(comparison: Comparison) -> str:
    return "\n".join(
        f"{row.backend} overrides {', '.join(row.replaced_functions)}" for row in comparison.rows if row.overrides
    )


def _shares(comparison: Comparison) -> str:
    lines: list[tuple[str, ...]] = [("share of cycles", *_SHARES)]
    for row in comparison.rows:
        lines.append((row.backend, *(f"{_percent(part, row.cycles)} %" for part in row.shares)))
    return aligned(lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "–"


def aligned(lines: list[tuple[str, ...]]) -> str:
    """*lines* as columns: the first to the left, the others to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )
