"""What import-linter cannot say about the rooms; its contracts are in pyproject.toml."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def model_rooms() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    modules: list[str] = next(contract["source_modules"] for contract in contracts if contract["id"] == "model")
    return [*modules, "app.score"]


def imported(path: Path) -> Iterator[str]:
    """The top-level packages that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case _:
                pass


@pytest.mark.parametrize("room", model_rooms())
def test_model_room_uses_the_standard_library_alone(room: str) -> None:
    allowed = sys.stdlib_module_names | {"app"}
    files = sorted((ROOT / room.replace(".", "/")).rglob("*.py"))

    foreign = {f"{path.relative_to(ROOT)}: {name}" for path in files for name in imported(path) if name not in allowed}

    assert files
    assert foreign == set()


def test_every_folder_of_modules_is_a_package() -> None:
    # A folder without __init__.py is invisible to import-linter, and with it every rule about its imports.
    folders = {path.parent for path in (ROOT / "app").rglob("*.py")}

    assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()
