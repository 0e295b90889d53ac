"""The static files: kept for ever under the address that bears their version, asked for anew under any other."""

from pathlib import Path

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from app.web.addresses import STATIC_VERSION

#: Values of ``Cache-Control``.
FOR_EVER = "public, max-age=31536000, immutable"
ASK_ANEW = "no-cache"


class VersionedFiles(StaticFiles):
    """``NAME`` and ``v-VERSION/NAME`` are the same file. A version that is not ours gets ours, but may not keep it: the
    page that asks is older, or newer, than this process."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        first, *rest = Path(path).parts or ("",)
        versioned = first.startswith("v-") and bool(rest)
        response = await super().get_response(str(Path(*rest)) if versioned else path, scope)
        ours = first == f"v-{STATIC_VERSION}"
        response.headers["Cache-Control"] = FOR_EVER if ours else ASK_ANEW
        return response
