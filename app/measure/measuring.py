"""Compares: one workload under several back ends, by one cost sheet."""

from collections.abc import Callable, Sequence

from app.backends.catalogue import BACKENDS, DEFAULT_SHEETS, reason_against
from app.backends.catalogue import backend as backend_of
from app.backends.native import NATIVE_XAPIC
from app.costs.sheet import CHANGED, CostSheet, load_cost_sheet
from app.guest.generations import GENERATIONS
from app.measure.comparison import Comparison, Missing, Row
from app.measure.recosting import measure_recording
from app.measure.remarks import remarks
from app.measure.running import Measured, run_workload
from app.measure.workloads import Workload, cpus_of_workload, words_for
from app.trace.check.census import Census

#: The sheet that has a figure for everything, so that all back ends can stand beside each other.
DEFAULT_SHEET = "sapphire-rapids"
_NATIVE = NATIVE_XAPIC.name


def compare(
    workload: Workload,
    backends: Sequence[str] | None = None,
    sheet: CostSheet | None = None,
    generation: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """*workload* under *backends* (default: all). KeyError for an unknown back end. *on_progress* hears how many of how
    many runs are done.

    Without *generation*, each back end gets the kernel of the sheet's time, or the other one where it never met that.
    """
    sheet = sheet or load_cost_sheet(DEFAULT_SHEET)
    runs = _Runs(workload, sheet)
    rows: list[Row] = []
    missing: list[Missing] = []
    names = list(backends or BACKENDS)
    for done, name in enumerate(names):
        if on_progress is not None:
            on_progress(done, len(names))
        kernel = generation or kernel_for(name, sheet)
        reason = reason_against(name, kernel, sheet)
        if reason is None:
            rows.append(runs.row(name, kernel))
        else:
            missing.append(Missing(name, reason))
    native = runs.measured(_NATIVE, generation or kernel_for(_NATIVE, sheet))
    return Comparison(
        words_for(workload),
        cpus_of_workload(workload),
        native.sends,
        native.eois,
        sheet,
        tuple(rows),
        tuple(missing),
        remarks(workload, rows, sheet),
    )


def kernel_for(backend: str, sheet: CostSheet) -> str:
    """The generation of *sheet*'s time; the other one when *backend* never met that kernel."""
    name = sheet.name.removesuffix(CHANGED)
    of_its_time = next((kernel for kernel, default in DEFAULT_SHEETS.items() if default == name), list(GENERATIONS)[-1])
    kernels = sorted(GENERATIONS, key=lambda kernel: kernel != of_its_time)
    return next(kernel for kernel in kernels if BACKENDS[backend].reason_against(GENERATIONS[kernel]) is None)


class _Runs:
    """Runs of one workload, each made once."""

    def __init__(self, workload: Workload, sheet: CostSheet) -> None:
        self._workload = workload
        self._sheet = sheet
        self._made: dict[tuple[str, str], Measured] = {}

    def measured(self, backend: str, kernel: str) -> Measured:
        """As ``measure``."""
        key = backend, kernel
        if key not in self._made:
            self._made[key] = measure(self._workload, backend, kernel, self._sheet)
        return self._made[key]

    def row(self, backend: str, kernel: str) -> Row:
        """The row of *backend*. ValueError as from ``measure``."""
        bound = backend_of(backend, kernel, self._sheet)
        work, shares, latency, _, _, paid, polls = self.measured(backend, kernel)
        native = self.measured(_NATIVE, kernel).shares.total
        overridden = bound.overrides, bound.replaced_functions
        unused = tuple(feature for feature in bound.definition.features if feature.entry not in paid)
        return Row(backend, kernel, *overridden, work, shares, latency, native, bound.definition.lacks, unused, polls)


def measure(workload: Workload, backend: str, generation: str, sheet: CostSheet) -> Measured:
    """*workload* under one back end. ValueError for a kernel that the back end never met or a sheet that cannot
    price it."""
    if isinstance(workload, Census):
        return measure_recording(workload, backend, generation, sheet)
    return run_workload(workload, backend, generation, sheet)
