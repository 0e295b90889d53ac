"""What can be compared: a script, a guest function at a number of targets, a recorded log."""

from dataclasses import dataclass

from app.hw.machine import MAX_CPUS
from app.measure.functions import MEASURED_FUNCTIONS, MeasuredFunction
from app.measure.scenarios import SCENARIOS, Scenario
from app.trace.check.census import Census

MOST_TARGETS = MAX_CPUS - 1
_MOST_DIGITS = 3


class UnknownWorkload(ValueError):
    """The name of a workload that means nothing; the message says what would."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One call of *function* for *targets* CPUs, which are running (``idle=poll``)."""

    function: MeasuredFunction
    targets: int


Workload = Scenario | FunctionCall | Census


def workload_of(name: str) -> Scenario | FunctionCall:
    """The workload that *name* stands for: ``storm``, ``smp_call_function:64``. UnknownWorkload says what is wrong."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    function, colon, targets = name.partition(":")
    if function not in MEASURED_FUNCTIONS:
        raise UnknownWorkload(
            f"{name!r} is no scenario, function or file; scenarios: {', '.join(SCENARIOS)}; "
            f"functions, as smp_call_function:64: {', '.join(MEASURED_FUNCTIONS)}"
        )
    if not colon:
        targets = "1"
    counted = targets.isascii() and targets.isdigit() and len(targets) <= _MOST_DIGITS
    if not counted or not 1 <= int(targets) <= MOST_TARGETS:
        raise UnknownWorkload(f"{name!r}: the number of targets must be from 1 to {MOST_TARGETS}, not {targets!r}")
    if function.endswith("_single") and int(targets) != 1:
        raise UnknownWorkload(f"{name!r}: {function} has one target")
    return FunctionCall(MEASURED_FUNCTIONS[function], int(targets))


def words_for(workload: Workload) -> str:
    """A line that says what is run."""
    match workload:
        case Scenario(name, title):
            return f"{name}: {title}"
        case FunctionCall(function, targets):
            return f"{function.name} to {targets} CPU{'s' if targets != 1 else ''}"
        case Census():
            return workload.name


def cpus_of_workload(workload: Workload) -> int:
    """On how many CPUs it runs."""
    return MAX_CPUS if isinstance(workload, FunctionCall) else workload.cpus
