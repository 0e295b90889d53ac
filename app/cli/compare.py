"""``apicscope compare``: the same workload under each back end."""

import argparse
import gc
import json
from collections.abc import Sequence
from pathlib import Path

from app.backends.catalogue import BACKENDS
from app.cli.printed import say_unusable
from app.cli.progress import Progress
from app.costs.reference import UnusableReference, cost_sheet_of
from app.costs.sheet import CostSheet, UnusableCostSheet, cost_sheet_names, parse_cost_sheet
from app.guest.generations import GENERATIONS
from app.measure.comparison import Comparison
from app.measure.export import as_csv, as_json
from app.measure.functions import MEASURED_FUNCTIONS
from app.measure.measuring import DEFAULT_SHEET, compare
from app.measure.report import report
from app.measure.scenarios import SCENARIOS
from app.measure.workloads import MOST_TARGETS, UnknownWorkload, Workload, workload_of
from app.trace.check.census import Census, CensusTaker
from app.trace.check.replay import Replay
from app.trace.errors import UnusableRecording
from app.trace.readers.registry import read_recording_from
from app.trace.readers.text import COMMAND_LINE_LIMITS

_DONE, _UNUSABLE = 0, 2
_STEPS_BETWEEN_REPORTS = 4096


class _Refused(Exception):
    """What was asked for cannot be; the message says what and where."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser(
        "compare",
        help="compare back ends by one workload",
        description="Runs or prices one workload under each back end: functions overridden, accesses, exits, "
        "hypercalls, cycles, latency. Exit status: 0 done, 2 unusable input.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("workload", metavar="WORKLOAD", help="a scenario, FUNCTION:TARGETS, or a recorded log")
    parser.add_argument("--backends", metavar="A,B", help=f"some of {','.join(BACKENDS)} (default: all)")
    parser.add_argument(
        "--costs",
        metavar="SHEET",
        default=DEFAULT_SHEET,
        help=f"a cost sheet ({', '.join(cost_sheet_names())}), NAME?ENTRY=VALUE for one with other figures, "
        "or a TOML file (default: %(default)s)",
    )
    parser.add_argument(
        "--generation", choices=tuple(GENERATIONS), help="the guest's kernel (default: of the sheet's time)"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one JSON object")
    shape.add_argument("--csv", action="store_true", help="print one line for each back end")
    parser.set_defaults(run=run)


def _epilog() -> str:
    scenarios = "\n".join(f"  {scenario.name:16}{scenario.title}" for scenario in SCENARIOS.values())
    functions = ", ".join(MEASURED_FUNCTIONS)
    return f"scenarios:\n{scenarios}\n\nfunctions, for 1 to {MOST_TARGETS} targets each:\n  {functions}"


def run(arguments: argparse.Namespace) -> int:
    """Compares. 0 when done, 2 when something that was named is unusable."""
    progress = Progress()
    gc.disable()  # many small tuples without cycles: looking for garbage among them takes a third of the time
    try:
        found = _compared(arguments, progress)
    except _Refused as refused:
        progress.clear()
        say_unusable(str(refused))
        return _UNUSABLE
    finally:
        gc.enable()
    progress.clear()
    if arguments.csv:
        print(as_csv(found), end="")
    else:
        print(json.dumps(as_json(found), indent=1) if arguments.json else report(found))
    return _DONE


def _compared(arguments: argparse.Namespace, progress: Progress) -> Comparison:
    backends = _backends(arguments.backends)
    sheet = sheet_of(arguments.costs)
    workload = _workload(arguments.workload, progress)
    try:
        found = compare(
            workload, backends, sheet, arguments.generation, lambda done, total: progress.show("comparing", done, total)
        )
    except ValueError as unpriced:  # not even native-xapic, which all are held against
        raise _Refused(f"--costs: {unpriced}") from None
    if not found.rows:
        reasons = "; ".join(f"{missing.backend}: {missing.reason}" for missing in found.missing)
        raise _Refused(f"there is nothing to compare: {reasons}")
    return found


def _backends(names: str | None) -> Sequence[str]:
    chosen = list(dict.fromkeys(names.split(","))) if names is not None else list(BACKENDS)
    for name in chosen:
        if name not in BACKENDS:
            raise _Refused(f"--backends: there is no back end {name!r}; there are {', '.join(BACKENDS)}")
    return chosen


def sheet_of(reference: str) -> CostSheet:
    """The cost sheet that *reference* names: one that comes along, a copy with other figures, or a file."""
    path = Path(reference)
    try:
        if reference not in cost_sheet_names() and _exists(path):
            return parse_cost_sheet(path.name.removesuffix(".toml"), path.read_text(encoding="utf-8"))
        return cost_sheet_of(reference)
    except UnusableReference as unusable:
        if _means_a_file(reference):
            raise _Refused(f"--costs: {reference}: no such file") from None
        raise _Refused(f"--costs: {unusable}") from None
    except UnusableCostSheet as unusable:
        first = str(unusable).partition("\n")[0].removeprefix(f"{unusable.sheet}: ")
        more = len(unusable.errors) - 1
        raise _Refused(f"--costs: {reference}: {first}" + (f" (and {more} more)" if more else "")) from None
    except OSError as error:
        raise _Refused(f"--costs: {reference}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _Refused(f"--costs: {reference}: not UTF-8 text") from None


def _exists(path: Path) -> bool:
    """Whether there is such a file; what is too long for a file's name is none, nor is nothing, which `Path` takes for
    the folder that one is in."""
    try:
        return path != Path() and path.exists()
    except OSError:
        return False


def _means_a_file(text: str) -> bool:
    """Whether *text*, which names nothing that there is, looks like the path of a file."""
    path = text.partition("?")[0]
    address = path.startswith(("/costs/", "http://", "https://"))
    return not address and ("/" in path or path.endswith((".toml", ".log", ".gz")))


def _workload(name: str, progress: Progress) -> Workload:
    path = Path(name)
    if name not in SCENARIOS and _exists(path):
        return _census(path, progress)
    try:
        return workload_of(name)
    except UnknownWorkload as unknown:
        raise _Refused(f"{name}: no such file" if _means_a_file(name) else str(unknown)) from None


def _census(path: Path, progress: Progress) -> Census:
    try:
        size = path.stat().st_size
        with path.open("rb") as source:
            recording = read_recording_from(
                str(path), source, COMMAND_LINE_LIMITS, lambda consumed: progress.show("reading", consumed, size)
            )
    except (UnusableRecording, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise _Refused(f"{path}: {reason}") from None
    try:
        taker = CensusTaker(Replay(recording))
    except UnusableRecording as unseen:
        raise _Refused(f"{path}: {unseen}") from None
    while not taker.replay.finished:
        taker.run(_STEPS_BETWEEN_REPORTS)
        progress.show("replaying", taker.replay.position, taker.replay.length)
    return taker.census()
