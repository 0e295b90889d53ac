"""Where templates and static files are: beside the package when installed, in the project's folder otherwise."""

from pathlib import Path

from fastapi.templating import Jinja2Templates

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


STATIC_FOLDER = _folder("static")
templates = Jinja2Templates(directory=_folder("templates"))
