"""Which methods a path knows: for ``Allow``, and for the answer to OPTIONS."""

from starlette.routing import Match, Mount
from starlette.types import Scope

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_of(scope: Scope) -> list[str]:
    """The methods that the path of *scope* takes, none when there is no such path. HEAD wherever there is GET."""
    scope = {
        **scope,
        "root_path": scope.get("app_root_path", scope["root_path"]),
    }  # within the static files it is theirs
    routes = scope["app"].router.routes
    files = any(isinstance(route, Mount) and route.matches(scope)[0] is not Match.NONE for route in routes)
    known = ["GET"] if files else [method for method in _METHODS if _takes(routes, {**scope, "method": method})]
    if "GET" in known:
        known.insert(1, "HEAD")
    return [*known, "OPTIONS"] if known else []


def _takes(routes: list[object], scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in routes)  # type: ignore[attr-defined]
