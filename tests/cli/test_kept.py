"""Where ``apicscope serve`` keeps what outlives it: where it was told, else in the user's data directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.kept import open_store, usual_directory
from app.history.store import Store
from app.history.store_errors import Held
from tests.web.serving import data_directory


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with data_directory() as directory:
        monkeypatch.delenv("XDG_DATA_HOME")
        monkeypatch.setenv("HOME", str(directory))
        yield directory


def test_usual_directory_is_below_the_home_or_where_xdg_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usual_directory() == home / ".local/share/apicscope"
    monkeypatch.setenv("XDG_DATA_HOME", "relative, which the specification has ignored")
    assert usual_directory() == home / ".local/share/apicscope"
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    assert usual_directory() == Path("/elsewhere/apicscope")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "")
    assert usual_directory() is None


def test_usual_directory_is_made_where_there_is_none(home: Path) -> None:
    remark, store = open_store(None)

    assert store is not None
    store.close()
    assert remark == ""
    assert (home / ".local/share/apicscope/history").is_dir()


def test_home_that_cannot_be_used_is_done_without_and_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("HOME", str(home / "file"))

    remark, store = open_store(None)

    assert store is None
    assert remark.startswith("Nothing here outlives the server: the data directory cannot be used")
    assert capsys.readouterr().err == f"apicscope: {remark}\n"


def test_usual_directory_of_another_server_is_done_without_and_said(home: Path) -> None:
    with Store(home / ".local/share/apicscope"):
        remark, store = open_store(None)

    assert store is None
    assert "is held by process" in remark


def test_directory_that_was_asked_for_and_that_another_server_has_is_refused(home: Path) -> None:
    with Store(home), pytest.raises(Held, match="is held by process"):
        open_store(home)


def test_directory_that_was_asked_for_and_cannot_be_used_is_waited_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").write_text("")

    remark, store = open_store(home / "file")

    assert store is not None
    assert store.condition.state == "unreadable"
    store.close()
    assert remark == ""
    assert capsys.readouterr().err.startswith("apicscope: Nothing can be kept at present: ")
