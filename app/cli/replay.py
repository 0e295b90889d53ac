"""``apicscope replay``: a recorded trace, held against the model."""

import argparse
import gc
import json
from pathlib import Path

from app.cli.printed import one_line, say_unusable
from app.cli.profile_option import add_profile_option
from app.cli.progress import Progress
from app.hw.profile import PROFILES, Profile
from app.trace.check.findings import Findings
from app.trace.check.recipe import RECORD_A_LOG
from app.trace.check.replay import Replay
from app.trace.check.result import ReplayResult, refused_json, result_of
from app.trace.check.sentences import difference_words
from app.trace.errors import UnusableRecording
from app.trace.operations import Recording
from app.trace.readers.registry import read_recording_from
from app.trace.readers.text import COMMAND_LINE_LIMITS

_EXPLAINED, _UNEXPLAINED, _UNUSABLE = 0, 1, 2
_NOTHING_CHECKED = "nothing in this log could be checked; `apicscope replay --help` says how to record one that can be"
_STEPS_BETWEEN_REPORTS = 4096
#: Differences that the report prints; all are counted, and ``--json`` has more.
_PRINTED = 10
_EPILOG = f"""\
A log that says all that can be checked is made by QEMU 5.2 or newer, of any guest in xAPIC mode:

{RECORD_A_LOG}

Under KVM it is `-accel kvm -machine kernel-irqchip=off`; then vectors that CPUs take are not recorded, and are taken
when they are ended. What a log cannot show is said under "limits", and is neither checked nor counted as a difference.
"""
#: CPUs whose columns fit beside each other.
_COLUMNS = 8


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser(
        "replay",
        help="replay a recorded trace through the model",
        description="Replays a QEMU log through the model and reports how well the model explains it. "
        "Exit status: 0 all that could be checked is explained, 1 unexplained differences, 2 nothing could be checked.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("log", metavar="LOG", help="a QEMU log with APIC events, plain or gzip-compressed")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    add_profile_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Replays one log. 0 when all that was checked is explained, 1 when not, 2 when nothing could be checked."""
    path: str = arguments.log
    # Hundreds of thousands of small tuples without cycles: looking for garbage among them costs a third of the time.
    gc.disable()
    progress = Progress()
    try:
        result = result_of(_replayed(_read(path, progress), PROFILES[arguments.profile], progress))
    except (UnusableRecording, OSError) as error:
        progress.clear()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        say_unusable(f"{path}: {reason}")
        if arguments.json and isinstance(error, UnusableRecording):
            print(json.dumps(refused_json(path, error), indent=1))
        return _UNUSABLE
    finally:
        gc.enable()
    print(json.dumps(result.as_json(), indent=1) if arguments.json else report(result))
    if not result.findings.checked:
        say_unusable(f"{path}: {_NOTHING_CHECKED}")
        return _UNUSABLE
    return _EXPLAINED if result.explained else _UNEXPLAINED


def _read(path: str, progress: Progress) -> Recording:
    size = Path(path).stat().st_size
    with Path(path).open("rb") as source:
        return read_recording_from(
            path,
            source,
            COMMAND_LINE_LIMITS,
            lambda consumed: progress.show("reading", consumed, size),
            even_if_mute=True,
        )


def _replayed(recording: Recording, profile: Profile, progress: Progress) -> Replay:
    replay = Replay(recording, profile)
    while not replay.finished:
        for _ in range(min(_STEPS_BETWEEN_REPORTS, replay.length - replay.position)):
            replay.step()
        replay.machine.events.clear()
        progress.show("replaying", replay.position, replay.length)
    progress.clear()
    return replay


# The report for people


def report(result: ReplayResult) -> str:
    """A page of text: what was checked, what differs, who took what, what it would cost."""
    cpus = f"{result.cpus} CPU{'s' if result.cpus != 1 else ''}"
    ignored = f", {result.ignored_lines:,} of them ignored" if result.ignored_lines else ""
    head = f"{one_line(result.source)}\nQEMU log, {cpus}, {result.lines:,} lines{ignored}"
    limits = "\n".join(f"from line {limit.line}: {limit.says}" for limit in result.limits)
    parts = [head, limits, _checks(result.findings), _differences(result.findings), _taken(result), _cost(result)]
    return "\n\n".join(part for part in [*parts, _verdict(result)] if part)


def _checks(found: Findings) -> str:
    rows = [f"{'':24}{'checked':>10}{'different':>11}{'unexplained':>13}"]
    for name, tally in (
        ("register reads", found.reads),
        ("vectors taken", found.vectors),
        ("I/O APIC reads", found.io_apic_reads),
        ("I/O APIC messages", found.messages),
    ):
        rows.append(f"{name:24}{tally.checked:>10,}{tally.mismatched:>11,}{tally.unexplained:>13,}")
    if found.others.mismatched:
        rows.append(f"{'other differences':34}{found.others.mismatched:>11,}{found.others.unexplained:>13,}")
    rows.append(f"not checked: {found.reads_skipped:,} reads that depend on time")
    if found.reads_unseen or found.vectors_unseen:
        unseen = f"{found.reads_unseen:,} reads and {found.vectors_unseen:,} vectors taken"
        rows.append(f"not checked: {unseen} that hang on what the log does not show")
    return "\n".join(rows)


def _differences(found: Findings) -> str:
    listed = found.differences
    unexplained = [difference for difference in listed if difference.known_deviation is None]
    rows = [f"line {d.line}: {difference_words(d)}" for d in unexplained[:_PRINTED]]
    if len(unexplained) > _PRINTED:
        rows.append(f"… and {found.unexplained - _PRINTED:,} more")
    known: dict[str, list[int]] = {}
    for difference in listed:
        if difference.known_deviation is not None:
            known.setdefault(difference.known_deviation, []).append(difference.line)
    for name, lines in known.items():
        also = f" and {len(lines) - 1:,} more" if len(lines) > 1 else ""
        rows.append(f"line {lines[0]}{also}: known deviation, {name}")
    return "\n".join(rows)


def _taken(result: ReplayResult) -> str:
    found = result.findings
    rows: list[str] = []
    if not found.taken:
        return ""
    for first in range(0, result.cpus, _COLUMNS):
        last = min(first + _COLUMNS, result.cpus)
        rows.append(f"{'vectors taken':16}" + "".join(f"{f'CPU {cpu}':>9}" for cpu in range(first, last)))
        for vector, counts in sorted(found.taken.items()):
            if any(counts[first:last]):
                cells = "".join(f"{count or '':>9}" for count in counts[first:last])
                rows.append(f"{f'{vector:#04x}':16}{cells}")
    sources = f"of these {found.timer:,} by local timers and {found.legacy_pic:,} by the 8259"
    return "\n".join([*rows, f"{sources}; {found.ipis_sent:,} IPIs sent"])


def _cost(result: ReplayResult) -> str:
    rows = [f"{'the same accesses':24}{'accesses':>10}{'exits':>11}{'hypercalls':>13}{'cycles':>14}"]
    for name, cost in result.cost.items():
        rows.append(f"{name:24}{cost.accesses:>10,}{cost.exits:>11,}{cost.hypercalls:>13,}{cost.cycles:>14,}")
    return "\n".join(rows)


def _verdict(result: ReplayResult) -> str:
    count = result.findings.unexplained
    if not result.findings.checked:
        return f"Nothing in this log could be checked. A log that can be is made by:\n\n{RECORD_A_LOG}"
    if not count:
        if result.limits:
            return "The model explains all of this recording that could be checked."
        return "The model explains this recording."
    return f"{count:,} difference{'s' if count != 1 else ''} that the model does not explain."
