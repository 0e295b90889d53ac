"""The command line: ``apicscope`` and ``python -m app``."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

#: Each command is a module of ``app.cli``, loaded only when it is asked for: replay need not wait for a web server.
COMMANDS = ("serve", "replay", "conformance", "compare", "run", "lesson", "bench")
DEFAULT_COMMAND = "serve"
#: What a shell reports of a program that SIGPIPE ended.
_PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    asks_for_help = bool(given) and given[0] in ("-h", "--help")
    if not asks_for_help and (not given or given[0].startswith("-")):
        given.insert(0, DEFAULT_COMMAND)
    parser = argparse.ArgumentParser(prog="apicscope", description="Watch x86 interrupts being delivered.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    chosen = given[0]
    for name in (chosen,) if chosen in COMMANDS else COMMANDS:
        import_module(f"app.cli.{name}").add_parser(subparsers)
    parsed = parser.parse_args(given)
    if isinstance(sys.stdout, TextIOWrapper):  # a name that is no text there is written as its bytes, as stderr does it
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status


if __name__ == "__main__":
    sys.exit(main())
