"""``apicscope bench``: how fast it is, here and now."""

import argparse
import json
import sys
from collections.abc import Callable

from app.bench import fanout, frame, growth, ipi, page, ping, qemu, record, replay, seek, soak, start, storm
from app.bench.result import Figure, NotMeasured

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "ipi": ipi.measure,
    "ping": ping.measure,
    "qemu": qemu.measure,
    "storm": storm.measure,
    "growth": growth.measure,
    "record": record.measure,
    "seek": seek.measure,
    "soak": soak.measure,
    "replay": replay.measure,
    "frame": frame.measure,
    "fanout": fanout.measure,
    "start": start.measure,
    "page": page.measure,
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser(
        "bench",
        help="measure how fast it is",
        description="Measures how fast it is, here and now: by the benchmarks that are named, or by all.",
    )
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--hours", type=_hours, metavar="N", help="soak for so long, and not for a million operations")
    parser.add_argument("--json", action="store_true", help='print a list of {"name", "value", "unit"}')
    parser.set_defaults(run=run)


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(BENCHMARKS)}")
    return text


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours < 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours above 0")
    return hours


def run(arguments: argparse.Namespace) -> int:
    """Runs the benchmarks that were named, or all."""
    figures: list[Figure] = []
    for name in arguments.names or BENCHMARKS:
        try:
            measured = soak.measure(arguments.hours) if name == "soak" else BENCHMARKS[name]()
        except NotMeasured as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            continue
        figures += measured
        if not arguments.json:
            print(name)
            for figure in measured:
                print(f"  {figure.line()}", flush=True)
    if arguments.json:
        print(json.dumps([figure.as_json() for figure in figures], indent=2))
    return 0
