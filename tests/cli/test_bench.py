"""``apicscope bench``: each benchmark says what it measured, in one form."""

import json

import pytest

from app.backends.catalogue import BACKENDS
from app.bench import soak
from tests.cli.commands import apicscope

pytestmark = pytest.mark.slow

_OTHERS = (("storm", "IPIs/s"), ("growth", "x"))


@pytest.mark.timeout(600)  # it measures for half a minute of processor time
def test_json_is_a_list_of_figures_each_with_the_back_end_in_its_name() -> None:
    done = apicscope("bench", "ping", "storm", "growth", "--json", within=600)

    figures = json.loads(done.stdout)
    assert all(set(figure) == {"name", "value", "unit"} for figure in figures)
    pings = [f"ping.{backend}{how}" for backend in BACKENDS for how in ("", ".unread", ".model", ".followed")]
    others = [(f"{kind}.{backend}", unit) for kind, unit in _OTHERS for backend in BACKENDS]
    assert [(figure["name"], figure["unit"]) for figure in figures] == [*((ping, "IPIs/s") for ping in pings), *others]
    assert all(figure["value"] > 0 for figure in figures)


def test_without_a_browser_no_frame_is_measured_and_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")

    done = apicscope("bench", "page", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout) == []
    assert done.stderr == "page: no Chromium here; install it or name it in $CHROMIUM\n"


def test_without_qemu_there_is_nothing_to_compare_with_and_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    done = apicscope("bench", "qemu", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout) == []
    assert done.stderr == "qemu: no qemu-system-x86_64 here: it is not installed\n"


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "soon"])
def test_soaking_for_no_time_is_refused(hours: str) -> None:
    done = apicscope("bench", "soak", "--hours", hours)

    assert done.returncode == 2
    assert "is no number of hours above 0" in done.stderr


def test_a_session_that_nobody_watches_takes_no_more_memory_than_one_that_is_watched() -> None:
    figures = {figure.name: figure.value for figure in soak.measure(hours=0.003)}

    assert figures["soak.unwatched"] > 10
    assert figures["soak.watched"] > 10
    assert figures["soak.difference"] < 10
