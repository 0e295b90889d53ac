"""``apicscope conformance``: recorded conformance sets, held against the model."""

import argparse
import json
from pathlib import Path

from app.cli.printed import one_line, say_unusable
from app.cli.profile_option import add_profile_option
from app.cli.progress import Progress
from app.hw.profile import PROFILES
from app.trace.check.conformance import Conformance, run_conformance
from app.trace.errors import UnusableRecording
from app.trace.readers.text import COMMAND_LINE_LIMITS

_NO_MISMATCH, _MISMATCHES, _UNUSABLE = 0, 1, 2
#: Mismatches printed for each file; all are counted.
_PRINTED = 10


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser(
        "conformance",
        help="run recorded conformance sets through the model",
        description="Runs recorded conformance sets (JSON lines, plain or gzip-compressed) through the model. "
        "Exit status: 0 no mismatch, 1 some, 2 unusable input.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a conformance set")
    parser.add_argument("--json", action="store_true", help="print the results as one JSON array")
    add_profile_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs each set. 0 when none has a mismatch, 1 when some have, 2 when a file is unusable; the others still run."""
    results: list[Conformance] = []
    status = _NO_MISMATCH
    progress = Progress()
    for place, path in enumerate(arguments.files):
        progress.show("checking", place, len(arguments.files))
        try:
            with Path(path).open("rb") as source:
                result = run_conformance(Path(path).name, source, COMMAND_LINE_LIMITS, PROFILES[arguments.profile])
        except (UnusableRecording, OSError) as error:
            progress.clear()
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            say_unusable(f"{path}: {reason}")
            status = _UNUSABLE
            continue
        progress.clear()
        results.append(result)
        if result.mismatches:
            status = max(status, _MISMATCHES)
        if not arguments.json:
            _print(result)
    if arguments.json:
        print(json.dumps([_as_json(result) for result in results], indent=1))
    return status


def _print(result: Conformance) -> None:
    print(f"{one_line(result.name)} checks={result.checks} mismatches={len(result.mismatches)}")
    for mismatch in result.mismatches[:_PRINTED]:
        recorded = f"recorded {mismatch.recorded}, model {mismatch.model}"
        print(f"  line {mismatch.line}: {mismatch.operation}: {recorded}")
    if len(result.mismatches) > _PRINTED:
        print(f"  … and {len(result.mismatches) - _PRINTED} more")


def _as_json(result: Conformance) -> dict[str, object]:
    return {
        "name": result.name,
        "oracle": result.oracle,
        "checks": result.checks,
        "mismatched": len(result.mismatches),
        "mismatches": [mismatch._asdict() for mismatch in result.mismatches],
    }
