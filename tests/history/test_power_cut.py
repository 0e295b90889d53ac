"""Acknowledged is on disk: whenever the power goes, nothing that was acknowledged is missing."""

import os
from functools import partial
from pathlib import Path
from random import Random

import pytest

from app.history import opening
from app.history.store import Store
from tests.history.recorded_disk import Note, RecordedDisk, after_power_cut
from tests.history.records import a_branch, a_command, a_keyframe, a_moment, a_session

pytestmark = pytest.mark.slow

#: Cuts that a run tries. There are about four for each command, and two ways for each to go.
CUTS = int(os.environ.get("APICSCOPE_POWER_CUTS", "40"))
COMMANDS = 60


def say(disk: RecordedDisk, acknowledged: int, _: object) -> None:
    disk.mark(f"{acknowledged} acknowledged")


def a_run(directory: Path, ending: bool) -> list[Note]:
    """A store's life on a disk that is written down; each command with a mark when it was acknowledged."""
    with RecordedDisk().in_use() as disk:
        store = Store(directory)
        store.keep(a_session(), a_branch()).result()
        say(disk, 0, None)
        for number in range(COMMANDS):
            future = store.keep(a_command(number), a_keyframe(10 * number))
            future.add_done_callback(partial(say, disk, number + 1))
            if number % 3 == 0:  # what comes while the disk is busy makes groups of several sizes
                future.result()
        store.keep(a_moment("m1")).result()
        notes = list(disk.notes)
        store.close()
    return list(disk.notes) if ending else notes


def acknowledged(notes: list[Note]) -> int | None:
    """How many commands had been acknowledged, None before the session was."""
    marks = [int(note.path.split()[0]) for note in notes if note.kind == "mark"]
    return marks[-1] if marks else None


def restarted(files: dict[Path, bytes], there: Path) -> Store:
    """A store on what the disk has left."""
    (there / "history").mkdir(parents=True)
    for path, content in files.items():
        (there / "history" / path.name).write_bytes(content)
    return Store(there)


def lost(notes: list[Note], luck: Random | None, there: Path) -> int:
    """How many acknowledged commands are missing after a cut behind *notes*."""
    expected = acknowledged(notes)
    with restarted(after_power_cut(notes, luck), there) as store:
        if expected is None:  # nothing had been promised; but it must go on
            assert store.condition.state == "open"
            return 0
        assert store.condition.set_aside == ()
        present = store.commands("ABC234", 0).result()
        assert present == tuple(a_command(number) for number in range(len(present)))
        return max(0, expected - len(present))


def cuts(notes: list[Note], chance: Random) -> list[int]:
    places = range(1, len(notes) + 1)
    return sorted(chance.sample(places, min(CUTS, len(places))))


@pytest.mark.parametrize("ending", [False, True], ids=["at work", "stopped"])
@pytest.mark.parametrize(
    "lucky",
    [pytest.param(False, id="all unsynced lost"), pytest.param(True, id="some unsynced lost", marks=pytest.mark.slow)],
)
def test_no_acknowledged_command_is_lost_wherever_the_power_goes(
    ending: bool, lucky: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CHECKPOINT_PAGES", 20)  # so that the log is carried over and begun again
    notes = a_run(tmp_path / "data", ending)
    assert [note.kind for note in notes if note.path.endswith(".sqlite")].count("write") > 20

    for cut in cuts(notes, chance := Random(0)):
        there = tmp_path / str(cut)
        assert lost(notes[:cut], chance if lucky else None, there) == 0, f"cut behind note {cut}: {notes[cut - 1]}"


def test_test_notices_a_store_that_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SYNCHRONOUS", "NORMAL")
    notes = a_run(tmp_path / "data", ending=False)

    assert lost(notes, None, tmp_path / "after") > 0
