"""``apicscope serve``: the dashboard."""

import argparse
import re
import sys
from pathlib import Path

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
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
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
    print(f"apicscope: http://{f'[{host}]' if ':' in host else host}:{port}{arguments.root_path}/", flush=True)
    serve(listener, Settings(root_path=arguments.root_path))
    return 0
