"""A process that does one job after the other for the workshop, and shares nothing with it but two pipes.

Frames go both ways, each its length and a pickled object. In come ``(job, arguments)``; out go ``("told", (stage, done,
total))``, a result as one or more ``("part", bytes)``, and ``("over", (exception or None, whether it stays))``. A part
is pickled by itself, so that who reads it need not unpack everything at once.
"""

import os
import pickle
import queue
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

if sys.platform != "win32":
    import resource

#: What a job tells while it is at work: the stage it is in, and how much of how much of it is done.
Tell = Callable[[str, int, int], None]

LENGTH = struct.Struct("!Q")
#: Others come first: those who look at a machine, and the loop that serves them.
_NICENESS = 10
#: The most memory that a job may take. The largest recording that is taken needs a third of it.
_MOST_BYTES = 1 << 30
#: A process that once was as large as this gives its memory back by ending.
_LARGE_BYTES = 256 << 20
_SECONDS_BETWEEN_WORDS = 0.1


def framed(content: object) -> bytes:
    """*content* as it goes through a pipe."""
    data = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


class _Mouth:
    """What goes out."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._told = 0.0

    def say(self, kind: str, content: object) -> None:
        """One frame."""
        self._pipe.write(framed((kind, content)))
        self._pipe.flush()

    def tell(self, stage: str, done: int, total: int) -> None:
        """How far the job is; not every time, as a job may tell often."""
        now = time.monotonic()
        if now - self._told >= _SECONDS_BETWEEN_WORDS:
            self._told = now
            self.say("told", (stage, done, total))


def _do(mouth: _Mouth, job: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    """One job. Returns whether the process is good for another."""
    try:
        result = job(mouth.tell, *arguments)
        for part in result if isinstance(result, Iterator) else (result,):
            mouth.say("part", pickle.dumps(part, pickle.HIGHEST_PROTOCOL))
    except MemoryError:
        mouth.say("over", (MemoryError(f"it needs more than {_MOST_BYTES >> 20} MiB of memory"), False))
        return False
    except Exception as error:
        if not isinstance(error, ValueError):  # not bad input: the log needs to know where it was
            error.add_note(traceback.format_exc())
        mouth.say("over", (error, True))
        return True
    stays = _largest() < _LARGE_BYTES
    mouth.say("over", (None, stays))
    return stays


def _largest() -> int:
    """Bytes of memory that this process had at most."""
    if sys.platform == "win32":
        return 0
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    # Elsewhere. Linux counts what the server had when it began this process, too: a large server's would never stay.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _hear(pipe: BinaryIO, jobs: "queue.SimpleQueue[tuple[Any, tuple[Any, ...]]]") -> None:
    """Puts what comes in into *jobs*. Whoever gave them has gone when the pipe ends: so does this process, at once."""
    while header := pipe.read(LENGTH.size):
        (length,) = LENGTH.unpack(header)
        jobs.put(pickle.loads(pipe.read(length)))
    os._exit(0)


def main() -> None:
    """Works until its input ends."""
    if sys.platform != "win32":
        os.nice(_NICENESS)
        with suppress(ValueError, OSError):  # a lower limit is set already
            resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    mouth = _Mouth(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else gets between the frames
    jobs: queue.SimpleQueue[tuple[Any, tuple[Any, ...]]] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while _do(mouth, *jobs.get()):
        pass


if __name__ == "__main__":
    main()
