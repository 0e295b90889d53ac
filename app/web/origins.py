"""Whose page a request comes from, as far as the browser tells."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit


def is_foreign(origins: Sequence[str], host: str | None, allowed: Collection[str] = ()) -> bool:
    """Whether *origins*, the request's ``Origin`` headers, name a page of another site than *host*, and none *allowed*.

    No origin at all is no browser, and no danger of being used by one. More than one is nothing that a browser sends.
    """
    if not origins:
        return False
    if len(origins) > 1:
        return True
    return origins[0].lower() not in allowed and not _is_at(origins[0], host)


def _is_at(origin: str, host: str | None) -> bool:
    try:
        authority = urlsplit(origin).netloc.lower()
    except ValueError:
        return False  # "http://[" is nowhere
    return authority != "" and host is not None and authority == host.lower()
