"""``apicscope serve``: the dashboard."""

import argparse
import re
import sys
from pathlib import Path

from app.session.owner import new_key
from app.session.registry import ROOM
from app.session.sleep import SLEEP_AFTER
from app.web.server import listen, serve
from app.web.settings import Settings


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser("serve", help="start the dashboard (this is the default)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on, 0 for any (default: 8000)")
    parser.add_argument("--data-dir", type=Path, help="folder for what outlives the process; nothing does yet")
    parser.add_argument(
        "--root-path", type=_root_path, default="", metavar="PATH", help="what a proxy has put before every path"
    )
    _add_bounds(parser)
    parser.set_defaults(run=run)


def _add_bounds(parser: argparse.ArgumentParser) -> None:
    bounds = parser.add_argument_group("what sessions and pairs may take")
    bounds.add_argument(
        "--sleep-after",
        type=_seconds,
        default=SLEEP_AFTER,
        metavar="SECONDS",
        help="without a viewer and without a question a session sleeps after so long, 0 is never "
        f"(default: {SLEEP_AFTER:g})",
    )
    bounds.add_argument(
        "--session-memory",
        type=_mebibytes,
        default=ROOM.bytes,
        metavar="MIB",
        help=f"for all sessions together, and for all pairs again (default: {ROOM.bytes >> 20})",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 on")
    return seconds


def _mebibytes(text: str) -> int:
    if not text.isdecimal() or not 16 <= int(text) <= 1 << 20:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of MiB from 16 on")
    return int(text) << 20


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535)")
    return int(text)


def _root_path(text: str) -> str:
    path = text.rstrip("/")
    if path and not re.fullmatch(r"(/[\w.~-]+)+", path, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no path, such as /apicscope")
    return path


def run(arguments: argparse.Namespace) -> int:
    """Serves until told to stop. 0 after a clean stop, 2 when the address cannot be had."""
    try:
        listener = listen(arguments.host, arguments.port)
    except OSError as error:
        print(f"apicscope: {arguments.host} port {arguments.port}: {error.strerror or error}", file=sys.stderr)
        return 2
    host, port = listener.getsockname()[:2]
    print(f"apicscope: http://{f'[{host}]' if ':' in host else host}:{port}{arguments.root_path}/")
    first_key = new_key()
    print(f"apicscope: {first_key} is the key to end the session that is open there", flush=True)
    settings = Settings(
        first_key=first_key,
        root_path=arguments.root_path,
        sleep_after=arguments.sleep_after,
        memory=arguments.session_memory,
    )
    serve(listener, settings)
    return 0
