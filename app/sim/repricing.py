"""Another cost sheet for a guest that runs already."""

from app.backends.catalogue import reason_against
from app.backends.cost_sheet import CostSheet
from app.sim.execution import Execution


def cycles_a_microsecond(sheet: CostSheet) -> int:
    """By the frequency of the sheet's time-stamp counter."""
    return round(sheet.gigahertz * 1000)


def reason_against_sheet(execution: Execution, sheet: CostSheet) -> str | None:
    """Why *sheet* cannot price what runs, or is about to; None when it can."""
    for name in sorted(execution.backends_in_use):
        if reason := reason_against(name, execution.kernel.generation.name, sheet):
            return f"{name}: {reason}"
    return None


def reprice(execution: Execution, sheet: CostSheet) -> None:
    """Prices what is done from now on by *sheet*. Two sheets mixed would be the cost of no machine, so everything is
    counted anew. ValueError says why the sheet cannot."""
    if reason := reason_against_sheet(execution, sheet):
        raise ValueError(reason)
    execution.counters.reset()
    execution.effects.set_prices(sheet.cycles, cycles_a_microsecond(sheet))
