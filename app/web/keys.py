"""Keys: who has made a session or pair may end it, and nobody else.

A program gets the key in the answer that makes it, and sends it as ``Authorization: Bearer KEY`` (RFC 6750). The page
keeps it in a cookie that scripts cannot read and that is sent to that page alone.
"""

import re

from fastapi import Request, Response

from app.session.owner import Owner, new_key
from app.web.addresses import link
from app.web.errors import Problem

_COOKIE = "key"
#: Of everything that a browser begins on pages; its name is another, since the path is, too.
_OWNER = "owner"
_A_KEY = re.compile(r"[\w-]{24}", re.ASCII)
#: Browsers keep no cookie for longer.
_REMEMBERED = 400 * 24 * 3600
_CHALLENGE = 'Bearer realm="apicscope"'


def check_key(request: Request, owner: Owner) -> None:
    """Problem 401 when the request names no key, 403 when it is not that of *owner*."""
    if not owner.opens_to(bearer_of(request, f"Ending a {owner.kind}")):
        raise Problem(403, "Another key", f"That is not the key of this {owner.kind}.")


def bearer_of(request: Request, what: str) -> str:
    """The key that comes with the request. Problem 401 when none does: *what* takes one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        detail = f"{what} takes the key that making it has answered: Authorization: Bearer KEY."
        raise Problem(401, "The key is missing", detail, headers={"WWW-Authenticate": _CHALLENGE})
    return key.strip()


def holds_key(request: Request, owner: Owner) -> bool:
    """Whether the browser that asks keeps the key of *owner*."""
    return owner.opens_to(request.cookies.get(_COOKIE, ""))


def check_cookie(request: Request, owner: Owner) -> None:
    """Problem 403 when the browser that asks does not keep the key of *owner*."""
    if not holds_key(request, owner):
        said = f"Only the browser in which this {owner.kind} was begun can end it here."
        raise Problem(403, "Not yours to end", said)


def owner_key(request: Request) -> str:
    """The key of all sessions that the browser begins on pages; a new one where it has none that anybody could use."""
    known = request.cookies.get(_OWNER, "")
    return known if _A_KEY.fullmatch(known) else new_key()


def keep_key(request: Request, response: Response, owner: Owner, page: str) -> Response:
    """*response*, with which the browser keeps the key of *owner* for everything below *page*."""
    response.set_cookie(
        _COOKIE, owner.key, path=link(page), httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


def keep_owner_key(request: Request, response: Response, owner: Owner) -> None:
    """Has the browser keep the key of *owner* as that of everything that it begins."""
    response.set_cookie(
        _OWNER,
        owner.key,
        max_age=_REMEMBERED,
        path=link("/"),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
