"""A record says which program made it."""

from pathlib import Path

import pytest

from app.history import versions
from app.history.versions import fingerprint


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model with two files of it."""
    for name in ("hw/bus.py", "costs/sheets/2007.toml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    monkeypatch.setattr(versions, "_APP", tmp_path)
    return tmp_path


def taken() -> str:
    fingerprint.cache_clear()
    try:
        return fingerprint()
    finally:
        fingerprint.cache_clear()


@pytest.mark.parametrize("name", ["hw/bus.py", "costs/sheets/2007.toml"])
def test_every_source_and_every_cost_sheet_counts(copy: Path, name: str) -> None:
    before = taken()
    (copy / name).write_text("another")

    assert taken() != before


def test_name_of_a_file_counts(copy: Path) -> None:
    before = taken()
    (copy / "hw/bus.py").rename(copy / "hw/wires.py")

    assert taken() != before


def test_what_is_not_of_the_model_does_not_count(copy: Path) -> None:
    before = taken()
    for name in ("web/server.py", "hw/__pycache__/bus.cpython-311.pyc"):
        path = copy / name
        path.parent.mkdir()
        path.write_text("another")

    assert taken() == before


def test_model_is_found_where_it_is() -> None:
    assert versions._APP.joinpath("history", "versions.py").is_file()
    assert all(versions._APP.joinpath(room).is_dir() for room in versions._ROOMS)
