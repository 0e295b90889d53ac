"""A store on an empty data directory; steps that come to an end."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.history.store import Store

#: A disk that is quick to sync. What has to be synced, tests/history/recorded_disk.py watches.
_MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's, in memory where there is such a place: hundreds of commits each wait for the disk."""
    with TemporaryDirectory(prefix="apicscope-", dir=_MEMORY if _MEMORY.is_dir() else None) as directory:
        yield Path(directory)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _steps_that_never_end_soon_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.history.timeline.LONGEST_STEP", 2_000)
