"""SQLite's file system with a notebook, and with faults when asked for.

SQLite reaches files through a table of functions (a VFS, https://sqlite.org/vfs.html). ``RecordedDisk`` registers a
copy of the usual one as the default, in which what changes a file is written down, in order, before it is done. From
the notes ``after_power_cut`` makes what a disk may hold when the power goes: all that had been synced, and of the rest
what chance says. No compiler is needed, but SQLite must be a library that ctypes can look into.
"""

import _sqlite3
import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Literal, NamedTuple

import pytest

_OK = 0
_POINTER, _INT, _INT64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
#: What a disk writes at once or not at all.
SECTOR = 512


class _Vfs(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        ("iVersion", _INT),
        ("szOsFile", _INT),
        ("mxPathname", _INT),
        ("pNext", _POINTER),
        ("zName", ctypes.c_char_p),
        ("pAppData", _POINTER),
        ("xOpen", _POINTER),
        ("xDelete", _POINTER),
        *((name, _POINTER) for name in ("xAccess", "xFullPathname", "xDlOpen", "xDlError", "xDlSym", "xDlClose")),
        *((name, _POINTER) for name in ("xRandomness", "xSleep", "xCurrentTime", "xGetLastError")),
        *((name, _POINTER) for name in ("xCurrentTimeInt64", "xSetSystemCall", "xGetSystemCall", "xNextSystemCall")),
    ]


class _Methods(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        ("iVersion", _INT),
        *((name, _POINTER) for name in ("xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize", "xLock")),
        *((name, _POINTER) for name in ("xUnlock", "xCheckReservedLock", "xFileControl", "xSectorSize")),
        *((name, _POINTER) for name in ("xDeviceCharacteristics", "xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap")),
        *((name, _POINTER) for name in ("xFetch", "xUnfetch")),
    ]


class _File(ctypes.Structure):
    _fields_: ClassVar[Any] = [("pMethods", _POINTER)]


_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, _POINTER)
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT)
_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _INT64)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _INT64)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)


class Note(NamedTuple):
    """One thing that was done to a file, or that somebody marked."""

    kind: Literal["create", "write", "truncate", "sync", "delete", "mark"]
    path: str
    offset: int = 0
    data: bytes = b""


class RecordedDisk:
    """What SQLite does to its files, in ``notes``. ``refuse`` says what it is answered instead."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        #: SQLite's result code by kind of note, as long as it stands here.
        self.refuse: dict[str, int] = {}
        self._paths: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        self._callbacks: list[Any] = []

    def mark(self, text: str) -> None:
        """Notes that *text* is so at this moment."""
        self.notes.append(Note("mark", text))

    @contextmanager
    def in_use(self) -> Iterator["RecordedDisk"]:
        """Every connection that is opened now goes over this disk."""
        library = _library()
        usual = _Vfs.from_address(library.sqlite3_vfs_find(None))
        recorded = _Vfs.from_buffer_copy(usual)
        recorded.zName = b"recorded"
        recorded.xOpen = self._address(_OPEN(self._opening(usual)))
        recorded.xDelete = self._address(_DELETE(self._deleting(usual)))
        self._callbacks.append(recorded)  # its address stays in SQLite's hands
        assert library.sqlite3_vfs_register(ctypes.byref(recorded), 1) == _OK
        try:
            yield self
        finally:
            library.sqlite3_vfs_unregister(ctypes.byref(recorded))
            library.sqlite3_vfs_register(ctypes.byref(usual), 1)

    def _address(self, callback: Any) -> Any:
        self._callbacks.append(callback)
        return ctypes.cast(callback, _POINTER)

    def _note(self, note: Note, do: Callable[[], int]) -> int:
        if note.kind in self.refuse:
            return self.refuse[note.kind]
        self.notes.append(note)
        return do()

    def _opening(self, usual: _Vfs) -> Callable[..., int]:
        original = _OPEN(usual.xOpen)

        def opened(_: int, name: int | None, file: int, flags: int, outcome: int | None) -> int:
            path = ctypes.string_at(name).decode() if name else ""
            is_new = bool(path) and not os.path.exists(path)  # noqa: PTH110 - a text, as SQLite has it
            code: int = original(ctypes.addressof(usual), name, file, flags, outcome)
            if code != _OK:
                return code
            if path:
                self._paths[file] = path
                handle = _File.from_address(file)
                handle.pMethods = ctypes.addressof(self._recording(handle.pMethods))
            if is_new:
                self.notes.append(Note("create", path))
            return _OK

        return opened

    def _deleting(self, usual: _Vfs) -> Callable[..., int]:
        original = _DELETE(usual.xDelete)

        def deleted(_: int, name: int, durably: int) -> int:
            note = Note("delete", ctypes.string_at(name).decode(), durably)
            return self._note(note, lambda: original(ctypes.addressof(usual), name, durably))

        return deleted

    def _recording(self, address: int) -> _Methods:
        """The functions of a file, of which there are few kinds, with ours among them."""
        if address in self._tables:
            return self._tables[address]
        usual = _Methods.from_address(address)
        table = _Methods.from_buffer_copy(usual)
        write, truncate, sync = _WRITE(usual.xWrite), _TRUNCATE(usual.xTruncate), _SYNC(usual.xSync)

        def written(file: int, data: int, size: int, offset: int) -> int:
            note = Note("write", self._paths[file], offset, ctypes.string_at(data, size))
            return self._note(note, lambda: write(file, data, size, offset))

        def truncated(file: int, size: int) -> int:
            return self._note(Note("truncate", self._paths[file], size), lambda: truncate(file, size))

        def synced(file: int, flags: int) -> int:
            return self._note(Note("sync", self._paths[file]), lambda: sync(file, flags))

        table.xWrite = self._address(_WRITE(written))
        table.xTruncate = self._address(_TRUNCATE(truncated))
        table.xSync = self._address(_SYNC(synced))
        self._tables[address] = table
        return table


def _library() -> Any:
    """The SQLite that Python uses. Without a way into it the test does not run, and says so; in CI it fails."""
    library = ctypes.CDLL(_sqlite3.__file__)
    if not hasattr(library, "sqlite3_vfs_find"):
        missing = "SQLite is built into this Python and cannot be reached by ctypes"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    library.sqlite3_vfs_find.restype = _POINTER
    library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    library.sqlite3_vfs_register.argtypes = [_POINTER, _INT]
    library.sqlite3_vfs_unregister.argtypes = [_POINTER]
    return library


# What is left of it


class _Contents:
    """A file as the disk has it, and what has been done to it since it was last synced."""

    def __init__(self) -> None:
        self.durable = bytearray()
        self.waiting: list[Note] = []
        self.named = False  # a new name in a directory is durable when the file has been synced


def after_power_cut(notes: list[Note], luck: Random | None) -> dict[Path, bytes]:
    """The files that there may be when the power goes after *notes*. What was synced is there. Of the rest, sector
    by sector, what *luck* says; without luck nothing."""
    files: dict[str, _Contents] = {}
    for note in notes:
        match note.kind:
            case "create":
                files[note.path] = _Contents()
            case "write" | "truncate":
                files[note.path].waiting.append(note)
            case "sync":
                contents = files[note.path]
                for waiting in contents.waiting:
                    _apply(contents.durable, waiting, None)
                contents.waiting.clear()
                contents.named = True
            case "delete":
                # Not durable itself: a file that SQLite has deleted may be back.
                if note.offset or luck is None or luck.random() < 0.5:
                    files.pop(note.path, None)
            case "mark":
                pass
    found = {}
    for path, contents in files.items():
        if contents.named or (luck is not None and luck.random() < 0.5):
            for waiting in contents.waiting if luck is not None else ():
                _apply(contents.durable, waiting, luck)
            found[Path(path)] = bytes(contents.durable)
    return found


def _apply(contents: bytearray, note: Note, luck: Random | None) -> None:
    if note.kind == "truncate":
        if luck is None or luck.random() < 0.5:
            del contents[note.offset :]
        return
    for start in range(0, len(note.data), SECTOR):
        if luck is None or luck.random() < 0.5:
            sector = note.data[start : start + SECTOR]
            at = note.offset + start
            contents.extend(bytes(max(0, at - len(contents))))
            contents[at : at + len(sector)] = sector
