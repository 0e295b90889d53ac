"""The directory that everything kept lies in: who has it, where the files are, and what was set aside.

    DIRECTORY/apicscope.lock                        held as long as a server runs; says who it is
    DIRECTORY/history/history.sqlite                the database, with SQLite's own -wal and -shm beside it
    DIRECTORY/history/acknowledged                  how many groups of writes have been acknowledged
    DIRECTORY/history/reserve                       room that is given up when something is deleted on a full disk
    DIRECTORY/history.broken-20261130T200310Z/      a history that could not be read, with reason.txt

A directory around the database, so that setting it aside is one renaming, which a crash cannot cut in two.
"""

import errno
import fcntl
import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from app.history.store_errors import Held, Holder, SetAside

#: More than it takes to write down that a session is gone.
RESERVE_BYTES = 1 << 20
_MAY_NOT_WRITE = {errno.EROFS, errno.EACCES, errno.EPERM}


class DataDirectory:
    """The files of one data directory. Nothing is touched until it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._history = path / "history"
        self.database = self._history / "history.sqlite"
        self._acknowledged = self._history / "acknowledged"
        self._reserve = self._history / "reserve"
        self._lock: int | None = None
        self._tide: int | None = None

    def hold(self) -> None:
        """Takes it, until ``release`` or the end of the process. Held where another process has it; OSError where
        there is none and none can be made. Without the right to write, or to lock, there may be nothing to take."""
        self._make()
        if self._lock is not None:
            return
        lock = self._open_lock()
        if lock is None:
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(os.pread(lock, 4096, 0))
            os.close(lock)
            raise Held(self.path, holder) from None
        except OSError:
            os.close(lock)
            raise
        self._lock = lock
        with suppress(OSError):  # a full disk, or one that can only be read: it is ours, though nobody is told whose
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(Holder(os.getpid(), os.uname().nodename, time.time())._asdict()).encode(), 0)

    def _make(self) -> None:
        with suppress(FileExistsError):
            self._history.mkdir(0o700, parents=True)  # others are not to read what the owners' keys hash to
            _sync(self.path)
            _sync(self.path.parent)

    def _open_lock(self) -> int | None:
        path = self.path / "apicscope.lock"
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            if error.errno not in _MAY_NOT_WRITE:
                raise
        with suppress(OSError):
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return None

    def release(self) -> None:
        """Lets others have it."""
        for descriptor in (self._tide, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._tide = self._lock = None

    # A broken history

    def set_aside(self, reason: str) -> None:
        """Renames the history, as it is; the next one begins empty. OSError where that cannot be."""
        with suppress(OSError):  # no room, perhaps; better without its reason than in the way
            (self._history / "reason.txt").write_text(reason + "\n", encoding="utf-8")
        moment = datetime.now(UTC)
        name, number = f"history.broken-{moment:%Y%m%dT%H%M%SZ}", 1
        while (aside := self.path / (name if number == 1 else f"{name}-{number}")).exists():
            number += 1
        self._history.rename(aside)
        _sync(self.path)
        self._make()

    def set_asides(self) -> tuple[SetAside, ...]:
        """All that was ever set aside and is still there, oldest first."""
        return tuple(
            SetAside(path, _reason(path)) for path in sorted(self.path.glob("history.broken-*")) if path.is_dir()
        )

    # What was acknowledged

    def acknowledged(self) -> int:
        """How many groups of writes were acknowledged at least, 0 where nothing says so.

        The number outlives the process, not the machine: writing it waits for no disk. So it may be too small, and
        never is too large.
        """
        try:
            return int(self._acknowledged.read_bytes())
        except (OSError, ValueError):
            return 0

    def note_acknowledged(self, groups: int) -> None:
        """Says that so many have been. Where that cannot be written, less will be known after a crash."""
        with suppress(OSError):
            if self._tide is None:
                self._tide = os.open(self._acknowledged, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            os.pwrite(self._tide, b"%020d\n" % groups, 0)

    # Room to make room

    def reserve(self) -> None:
        """Takes room that nobody else can have. On a disk that is full already there is none."""
        with suppress(OSError):
            if not self._reserve.exists() or self._reserve.stat().st_size < RESERVE_BYTES:
                self._reserve.write_bytes(bytes(RESERVE_BYTES))

    def spend_reserve(self) -> None:
        """Gives that room up."""
        with suppress(OSError):
            self._reserve.unlink()


def _holder(text: bytes) -> Holder | None:
    try:
        said = json.loads(text)
        return Holder(int(said["pid"]), str(said["host"]), float(said["since"]))
    except (ValueError, KeyError, TypeError):  # it is just about to write it
        return None


def _reason(aside: Path) -> str:
    try:
        return (aside / "reason.txt").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "the reason could not be written down"


def _sync(directory: Path) -> None:
    """Makes new names in it durable, where the file system can."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
