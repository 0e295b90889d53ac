"""The addresses of the program's own pages and files, wherever a proxy has put them.

Every address that goes out, in a page, a header or an answer, comes from ``link`` or ``static``.
"""

import hashlib
from contextvars import ContextVar

from app.web.rendering import STATIC_FOLDER, templates

#: What stands before every path of the request that is being answered: ``--root-path``, without a slash at its end.
root_path: ContextVar[str] = ContextVar("root_path", default="")


def link(path: str) -> str:
    """The address of *path*, which begins with a slash, as a browser must ask for it."""
    return root_path.get() + path


def _version() -> str:
    """A text that is another one as soon as any static file is another one."""
    digest = hashlib.blake2b(digest_size=6)
    for file in sorted(STATIC_FOLDER.rglob("*")):
        if file.is_file():
            digest.update(f"{file.relative_to(STATIC_FOLDER).as_posix()}\0".encode())
            digest.update(hashlib.blake2b(file.read_bytes()).digest())
    return digest.hexdigest()


#: Of all static files together, so that a module finds those that it imports beside itself, in the same version.
STATIC_VERSION = _version()


def static(name: str) -> str:
    """The address of a static file in its present version, which browsers may keep for ever."""
    return link(f"/static/v-{STATIC_VERSION}/{name}")


templates.env.globals |= {"link": link, "static": static, "root_path": root_path.get}
