"""What ``apicscope serve`` is told about where it stands, and whom it lets in how far."""

from dataclasses import dataclass, field

from app.session.archive import KEPT_BYTES
from app.session.registry import ROOM
from app.session.sleep import SLEEP_AFTER


@dataclass(frozen=True, slots=True)
class Limits:
    """What one address may have of what there is for everybody: enough for a class behind one address."""

    sockets: int = 500
    commands_per_second: int = 200
    sessions: int = 100
    #: Comparisons, verdicts and recordings that wait for their turn.
    places: int = 40


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of ``serve`` that the web application needs, checked."""

    #: The name or address that is listened on.
    host: str = "127.0.0.1"
    #: Other names and addresses by which people come.
    allowed_hosts: tuple[str, ...] = ()
    #: Origins of pages, besides our own, that may send commands and open sockets; in lower case.
    allowed_origins: tuple[str, ...] = ()
    #: Stands before every path, without a slash at its end: ``/apicscope`` behind a proxy that passes on only what is
    #: below that.
    root_path: str = ""
    #: The key of the session that is always open; "" for one that nobody is told.
    first_key: str = ""
    #: The proxies whose ``X-Forwarded-*`` headers are believed: addresses and networks.
    trusted_proxies: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    #: Seconds without a viewer and without a question after which a session or a pair sleeps; 0 is never.
    sleep_after: float = SLEEP_AFTER
    #: Bytes that all sessions may take together, and all pairs again.
    memory: int = ROOM.bytes
    #: Bytes that everything in the data directory may take.
    kept_bytes: int = KEPT_BYTES
    #: What is said on the page of every session; "" for nothing.
    remark: str = ""
