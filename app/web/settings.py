"""What ``apicscope serve`` is told about where it stands, and whom it lets in how far."""

from dataclasses import dataclass

from app.session.registry import ROOM
from app.session.sleep import SLEEP_AFTER


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of ``serve`` that the web application needs, checked."""

    #: Stands before every path, without a slash at its end: ``/apicscope`` behind a proxy that passes on only what is
    #: below that.
    root_path: str = ""
    #: The key of the session that is always open; "" for one that nobody is told.
    first_key: str = ""
    #: Seconds without a viewer and without a question after which a session or a pair sleeps; 0 is never.
    sleep_after: float = SLEEP_AFTER
    #: Bytes that all sessions may take together, and all pairs again.
    memory: int = ROOM.bytes
