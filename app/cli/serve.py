"""``apicscope serve``: the dashboard."""

import argparse
import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from app.cli.kept import open_store
from app.cli.printed import say_unusable
from app.history.store_errors import Held
from app.session.archive import KEPT_BYTES
from app.session.owner import new_key
from app.session.registry import ROOM
from app.session.sleep import SLEEP_AFTER
from app.web.hosts import host_in, is_everywhere, is_loopback, own_addresses
from app.web.server import listen, serve
from app.web.settings import Limits, Settings

_WARNING = "Whoever can reach it may watch and drive every session; app/EXPOSURE.md says how to let in fewer."


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser("serve", help="start the dashboard (this is the default)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on, 0 for any (default: 8000)")
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder for sessions, branches and linked moments, which outlive the server (default: "
        "$XDG_DATA_HOME/apicscope or ~/.local/share/apicscope)",
    )
    _add_way_in(parser)
    _add_shares(parser)
    _add_bounds(parser)
    parser.set_defaults(run=run)


def _add_way_in(parser: argparse.ArgumentParser) -> None:
    way_in = parser.add_argument_group("who may come in, and by which way")
    way_in.add_argument(
        "--allow-host",
        type=_allowed_host,
        action="append",
        default=[],
        metavar="NAME",
        help="a name or address by which people come, besides this machine's own; *.example.org is all below one; "
        "may be given again",
    )
    way_in.add_argument(
        "--allow-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site, such as https://example.org, whose pages may send commands and open sockets; may be given again",
    )
    way_in.add_argument(
        "--root-path", type=_root_path, default="", metavar="PATH", help="what a proxy has put before every path"
    )
    way_in.add_argument(
        "--proxy-headers",
        action="store_true",
        help="believe a proxy's X-Forwarded-For, -Proto and -Host headers (default: nobody's)",
    )
    way_in.add_argument(
        "--forwarded-allow-ips",
        type=_networks,
        default=("127.0.0.1", "::1"),
        metavar="ADDRESSES",
        help="the proxies to believe: addresses and networks, with commas (default: 127.0.0.1,::1)",
    )


def _add_shares(parser: argparse.ArgumentParser) -> None:
    usual = Limits()
    shares = parser.add_argument_group("how much one address may have at a time")
    for name, default, words in (
        ("sockets", usual.sockets, "streams that are watched"),
        ("commands", usual.commands_per_second, "commands per second"),
        ("sessions", usual.sessions, "sessions and pairs in use"),
        ("places", usual.places, "comparisons, verdicts and recordings that wait for their turn"),
    ):
        shares.add_argument(
            f"--{name}-per-address",
            type=_count,
            default=default,
            metavar="COUNT",
            help=f"{words} (default: {default})",
        )


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
    bounds.add_argument(
        "--kept",
        type=_mebibytes,
        default=KEPT_BYTES,
        metavar="MIB",
        help="for all that is kept in the data directory; over it, what can be computed again goes first, then what "
        f"is over, the oldest first (default: {KEPT_BYTES >> 20})",
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


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1,000,000")
    return int(text)


def _allowed_host(text: str) -> str:
    bare = text.strip("[]").lower().removesuffix(".")
    host = host_in(f"[{bare}]" if ":" in bare else bare.removeprefix("*."))
    if not host or "*" in host or (":" in text and "]:" in text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name or address, without a port; *.example.org is one")
    return bare


def _origin(text: str) -> str:
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or not host_in(parts.netloc) or parts.path or parts.query:
        raise argparse.ArgumentTypeError(f"{text!r} is no origin, such as https://example.org")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _root_path(text: str) -> str:
    path = text.rstrip("/")
    if path and not re.fullmatch(r"(/[\w.~-]+)+", path, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no path, such as /apicscope")
    return path


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in text.split(","))
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
    return networks


def run(arguments: argparse.Namespace) -> int:
    """Serves until told to stop. 0 after a clean stop, 2 when the address, or the data directory, cannot be had."""
    try:
        listener = listen(arguments.host, arguments.port)
    except OSError as error:
        say_unusable(f"{arguments.host} port {arguments.port}: {error.strerror or error}")
        return 2
    try:
        opened = open_store(arguments.data_dir)
    except Held as held:
        listener.close()
        say_unusable(str(held))
        return 2
    host, port = listener.getsockname()[:2]
    first_key = new_key()
    _say_where(host, port, arguments.root_path, first_key)
    try:
        serve(listener, settings_of(arguments, first_key, opened.remark), opened.store)
    finally:
        if opened.store is not None:
            opened.store.close()
    return 0


def settings_of(arguments: argparse.Namespace, first_key: str, remark: str = "") -> Settings:
    """What the command line asks for; *remark* is said on every session's page."""
    return Settings(
        host=arguments.host,
        first_key=first_key,
        allowed_hosts=tuple(arguments.allow_host),
        allowed_origins=tuple(arguments.allow_origin),
        root_path=arguments.root_path,
        trusted_proxies=arguments.forwarded_allow_ips if arguments.proxy_headers else (),
        limits=Limits(
            sockets=arguments.sockets_per_address,
            commands_per_second=arguments.commands_per_address,
            sessions=arguments.sessions_per_address,
            places=arguments.places_per_address,
        ),
        sleep_after=arguments.sleep_after,
        memory=arguments.session_memory,
        kept_bytes=arguments.kept,
        remark=remark,
    )


def _say_where(host: str, port: int, root_path: str, first_key: str) -> None:
    """The address to open here, the key of what is open there, then the addresses that others can open, if they can."""
    everywhere = is_everywhere(host)
    here = ("::1" if ":" in host else "127.0.0.1") if everywhere else host
    print(f"apicscope: {_url(here, port, root_path)}")
    print(f"apicscope: {first_key} is the key to end the session that is open there", flush=True)
    if is_loopback(host):
        return
    others = [str(one) for one in own_addresses() if ":" in host or one.version == 4] if everywhere else [host]
    for other in others:
        print(f"apicscope: others can open {_url(other, port, root_path)}")
    print(f"apicscope: {_WARNING}", flush=True)


def _url(host: str, port: int, root_path: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{root_path}/"
