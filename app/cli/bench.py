"""``apicscope bench``: how fast it is, here and now."""

import argparse
import json

from app.bench import fanout, frame, ipi, replay

BENCHMARKS = {"ipi": ipi.measure, "replay": replay.measure, "frame": frame.measure, "fanout": fanout.measure}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser("bench", help="measure how fast it is")
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(BENCHMARKS)}")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Runs the benchmarks that were named, or all."""
    results = {}
    for name in arguments.names or BENCHMARKS:
        figures = BENCHMARKS[name]()
        results[name] = [figure._asdict() for figure in figures]
        if not arguments.json:
            print(name)
            for figure in figures:
                print(f"  {figure.line()}", flush=True)
    if arguments.json:
        print(json.dumps(results, indent=2))
    return 0
