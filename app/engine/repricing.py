"""Another cost sheet for a guest that runs already."""

from app.backends.backend import Backend
from app.backends.catalogue import backend as backend_of
from app.backends.catalogue import reason_against
from app.costs.sheet import CostSheet
from app.engine.execution import Execution


def cycles_a_microsecond(sheet: CostSheet) -> int:
    """By the frequency of the sheet's time-stamp counter."""
    return round(sheet.gigahertz * 1000)


def reason_against_sheet(execution: Execution, sheet: CostSheet) -> str | None:
    """Why *sheet* cannot price what runs, or is about to; None when it can.

    A lesser back end may take over from the one at work, but what is under way goes on as it began: where that has a
    step without a price, the change has to wait for its end.
    """
    for backend in (execution.backend, execution.following):
        if backend and (reason := reason_against(backend.name, backend.generation.name, sheet)):
            return f"{backend.name}: {reason}"
    for frame in execution.under_way:
        if reason := frame.backend.definition.lacking_in(sheet):
            what = f"{frame.name}()" if frame.name else "an interrupt"
            return f"{frame.backend.name}: {reason} {what} is under way with it: let that end first."
    return None


def reprice(execution: Execution, sheet: CostSheet) -> None:
    """Prices what is done from now on by *sheet*, under as much of the back end as it has prices for. Two sheets mixed
    would be the cost of no machine, so everything is counted anew. ValueError says why the sheet cannot."""
    if reason := reason_against_sheet(execution, sheet):
        raise ValueError(reason)
    execution.count_anew()
    execution.effects.set_prices(sheet.cycles, cycles_a_microsecond(sheet))
    execution.backend = _by_sheet(execution.backend, sheet)
    execution.following = execution.following and _by_sheet(execution.following, sheet)


def _by_sheet(backend: Backend, sheet: CostSheet) -> Backend:
    """The same name and the same kind of APIC, so that it can take over at once."""
    return backend_of(backend.name, backend.generation.name, sheet)
