"""Which names this server answers to.

A page of another site can have its own name lead here (DNS rebinding) and is then of one origin with us in the eyes of
the browser. What gives it away is the name in ``Host``: browsers send the one that the page was opened by.
"""

import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import pairwise
from pathlib import Path

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s:/?#@\[\]\\]+))(?::[0-9]{0,5})?")
_ALL_ADDRESSES = frozenset({"0.0.0.0", "::"})

Address = IPv4Address | IPv6Address


def host_in(authority: str) -> str:
    """The name or address in ``NAME:PORT``, as ``Host`` and ``Origin`` have it: in lower case, without brackets or the
    dot of a full name. Empty when it is none."""
    found = _AUTHORITY.fullmatch(authority.strip())
    return (found["v6"] or found["name"].removesuffix(".")).lower() if found else ""


def address_of(text: str) -> Address | None:
    """The address that *text* is, an IPv4 address within IPv6 as itself and without a zone; None when it is a name."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_everywhere(host: str) -> bool:
    """Whether to listen on *host* is to listen on all addresses of the machine."""
    return host in _ALL_ADDRESSES or host == ""


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches *host*."""
    address = address_of(host)
    return address.is_loopback if address is not None else f".{host}".endswith(".localhost")


class Hosts:
    """The names and addresses that may stand in ``Host``: loopback, what is listened on, and what *allowed* adds:
    names, addresses, or ``*.example.org`` for all names below one."""

    def __init__(self, listened_on: str, allowed: Iterable[str] = ()) -> None:
        given = [host.lower().removesuffix(".") for host in (listened_on, *allowed)]
        if is_everywhere(listened_on):
            given += [*own_names(), *map(str, own_addresses())]
        self._below = tuple(host.removeprefix("*") for host in given if host.startswith("*."))
        self._addresses = {address for host in given if (address := address_of(host)) is not None}
        self._names = {host for host in given if address_of(host) is None}

    def admit(self, authority: str, came_to: str) -> bool:
        """Whether we answer to *authority* on a connection that came to *came_to*, which is an address of ours."""
        host = host_in(authority)
        address = address_of(host)
        if address is not None:
            return address.is_loopback or address in self._addresses or address == address_of(came_to)
        return host in self._names or f".{host}".endswith(".localhost") or host.endswith(self._below)


def own_names() -> list[str]:
    """What others may call this machine: its name, in full and short, and that by which mDNS announces it."""
    full = socket.gethostname().lower().removesuffix(".")
    short = full.partition(".")[0]
    return [full, short, f"{short}.local"]


def own_addresses() -> list[Address]:
    """The machine's addresses that others can reach: none of loopback, none that hold on one link only."""
    found = {address for text in _addresses_told() if (address := address_of(text)) is not None}
    reachable = [one for one in found if not (one.is_loopback or one.is_link_local or one.is_unspecified)]
    return sorted(reachable, key=lambda address: (address.version, int(address)))


def _addresses_told() -> Iterator[str]:
    """By the kernel, where it is Linux; by the name service; and by the way that a packet to elsewhere would take."""
    with suppress(OSError):
        lines = Path("/proc/net/fib_trie").read_text().splitlines()
        yield from (above.split()[-1] for above, line in pairwise(lines) if "/32 host LOCAL" in line)
    with suppress(OSError):
        for line in Path("/proc/net/if_inet6").read_text().splitlines():
            yield str(IPv6Address(int(line.split()[0], 16)))
    with suppress(OSError):
        yield from (str(told[4][0]) for told in socket.getaddrinfo(socket.gethostname(), None))
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))  # sends nothing
            yield str(probe.getsockname()[0])
