"""Everything that a request starts and that takes long is done here: by processes of their own, a few at a time, each
job within its time, and no longer than somebody waits for it.

A process and not a thread: a thread holds the interpreter's lock against the event loop, and nothing can end it. A
process that is killed has ended.
"""

import asyncio
import os
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import app
from app.session.worker import LENGTH, Tell, framed

#: Jobs at work at once. More would only take the time of those who look at a machine.
WORKERS = 2
#: Jobs that may wait for their turn, of everybody together and of one visitor.
MOST_WAITING = 64
MOST_WAITING_OF_ONE = 40
#: Wall seconds that a job may take once it is at work.
MOST_SECONDS = 60.0
#: A process for which there is nothing to do ends after so many seconds.
_IDLE_SECONDS = 60.0
_ROOT = Path(app.__file__).parent.parent
_PIPE_BYTES = 1 << 20


class TooMuchToDo(Exception):
    """So many jobs wait already that no more are taken. ``seconds`` is when it is worth trying again."""

    seconds = 10


class TooMuchOfOne(TooMuchToDo):
    """So many jobs of one visitor wait already."""


class Stopping(TooMuchToDo):
    """The process ends, and with it what is under way."""


class TookTooLong(Exception):
    """A job was not done within its time."""


class _Ended(Exception):
    """A process was gone before its job was done."""


class _Waiting(NamedTuple):
    """A job that waits for its turn."""

    visitor: str
    turn: "asyncio.Future[None]"


class _Outcome(NamedTuple):
    """What became of a job: the parts of its result, what it raised, and whether its process is good for another."""

    parts: list[Any]
    error: Exception | None
    stays: bool


def _stopping() -> Stopping:
    return Stopping("the server is about to stop; try again in a little while")


def say_nothing(stage: str, done: int, total: int) -> None:
    """For those who do not want to know."""


class Workshop:
    """Does jobs, *workers* at a time and no more than one of each visitor; who has waited longest since a job of theirs
    was begun is next. So a visitor who asks for much waits, and others do not."""

    def __init__(
        self,
        workers: int = WORKERS,
        most_waiting: int = MOST_WAITING,
        most_waiting_of_one: int = MOST_WAITING_OF_ONE,
    ) -> None:
        self._free = workers
        self._most_waiting = most_waiting
        self._most_waiting_of_one = most_waiting_of_one
        self._waiting: list[_Waiting] = []
        self._at_work: set[str] = set()
        #: When each visitor's last job was begun, counted in jobs.
        self._begun: Counter[str] = Counter()
        self._jobs = 0
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def do(
        self, job: Callable[..., Any], *arguments: Any, visitor: str, tell: Tell = say_nothing, seconds: float = 0.0
    ) -> Any:
        """What ``job(tell, *arguments)`` returns. As ``parts``, for a job with one result."""
        (result,) = await self.parts(job, *arguments, visitor=visitor, tell=tell, seconds=seconds)
        return result

    async def parts(
        self, job: Callable[..., Any], *arguments: Any, visitor: str, tell: Tell = say_nothing, seconds: float = 0.0
    ) -> list[Any]:
        """The parts that ``job(tell, *arguments)`` yields, for results that are large: between two of them others have
        their turn. *visitor* is whoever asks; *seconds* is the time it may take, 0 the usual.

        Whoever gives up waiting (by cancellation) ends the job. Raises what the job raised; TooMuchToDo; TookTooLong.
        """
        seconds = seconds or MOST_SECONDS
        tell("waiting for its turn", 0, 0)
        await self._turn(visitor)
        worker: _Worker | None = None
        stays = False
        try:
            async with asyncio.timeout(seconds):
                worker = await self._a_worker()
                outcome = await worker.do(job, arguments, tell)
            stays = outcome.stays
        except TimeoutError:
            raise TookTooLong(f"it was not done after {seconds:g} seconds, the most that is given to it here") from None
        except _Ended:
            raise _stopping() if self._stopping else RuntimeError("the process that was at work has ended") from None
        finally:
            if worker is not None:
                self._put_back(worker, stays=stays)
            self._over(visitor)
        if outcome.error is not None:
            raise outcome.error
        return outcome.parts

    @property
    def at_work(self) -> int:
        """Jobs at work."""
        return len(self._at_work)

    @property
    def waiting(self) -> int:
        """Jobs that wait for their turn."""
        return len(self._waiting)

    async def stop(self) -> None:
        """Ends every process, and with it every job: whoever waits for one, or asks for one later, is told so."""
        self._stopping = True
        for waiting in self._waiting:
            waiting.turn.set_exception(_stopping())
        self._waiting.clear()
        for idle in self._idle:
            idle.retirement.cancel()
        self._idle.clear()
        for worker in tuple(self._workers):
            self._dismiss(worker)
        await asyncio.gather(*self._leaving)

    # Turns

    async def _turn(self, visitor: str) -> None:
        """Until it is the turn of one of *visitor*'s jobs."""
        if self._stopping:
            raise _stopping()
        of_one = sum(waiting.visitor == visitor for waiting in self._waiting)
        if of_one >= self._most_waiting_of_one:
            raise TooMuchOfOne(f"{of_one} jobs of yours wait already; try again in a little while")
        if len(self._waiting) >= self._most_waiting:
            raise TooMuchToDo("others are being served first; try again in a little while")
        mine = _Waiting(visitor, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        self._begin_next()
        try:
            await mine.turn
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            else:  # its turn has come, and nobody is there any more
                self._over(visitor)
            raise

    def _begin_next(self) -> None:
        able = [waiting for waiting in self._waiting if waiting.visitor not in self._at_work]
        if not self._free or not able:
            return
        chosen = min(able, key=lambda waiting: self._begun[waiting.visitor])
        self._waiting.remove(chosen)
        self._free -= 1
        self._at_work.add(chosen.visitor)
        self._jobs += 1
        self._begun[chosen.visitor] = self._jobs
        chosen.turn.set_result(None)
        self._begin_next()

    def _over(self, visitor: str) -> None:
        self._free += 1
        self._at_work.discard(visitor)
        if all(waiting.visitor != visitor for waiting in self._waiting):
            del self._begun[visitor]
        self._begin_next()

    # Processes

    async def _a_worker(self) -> "_Worker":
        if self._idle:
            worker = self._idle.pop()
            worker.retirement.cancel()
            return worker
        worker = await _Worker.start()
        self._workers.add(worker)
        return worker

    def _put_back(self, worker: "_Worker", *, stays: bool) -> None:
        if stays and worker in self._workers:
            worker.retirement = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._retire, worker)
            self._idle.append(worker)
        else:
            self._dismiss(worker)

    def _retire(self, worker: "_Worker") -> None:
        self._idle.remove(worker)
        self._dismiss(worker)

    def _dismiss(self, worker: "_Worker") -> None:
        """Ends it, whatever it does."""
        self._workers.discard(worker)
        leaving = asyncio.create_task(worker.end())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


class _Worker:
    """One process, as the workshop sees it."""

    retirement: asyncio.TimerHandle

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None, "it was started with pipes"
        assert process.stdout is not None, "it was started with pipes"
        self._ear, self._mouth = process.stdin, process.stdout

    @classmethod
    async def start(cls) -> "_Worker":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.session.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_PIPE_BYTES,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(_paths())},
            start_new_session=True,  # Ctrl-C in a terminal is for the server, which ends this
        )
        return cls(process)

    async def do(self, job: Callable[..., Any], arguments: tuple[Any, ...], tell: Tell) -> _Outcome:
        """Has it do one job."""
        parts: list[Any] = []
        try:
            self._ear.write(framed((job, arguments)))
            await self._ear.drain()
            while True:
                kind, content = await self._hear()
                match kind:
                    case "told":
                        tell(*content)
                    case "part":
                        parts.append(pickle.loads(content))
                        await asyncio.sleep(0)  # what has come already is no reason for others to wait
                    case _:
                        return _Outcome(parts, *content)
        except (ConnectionError, asyncio.IncompleteReadError) as broken:
            raise _Ended from broken

    async def _hear(self) -> tuple[str, Any]:
        (length,) = LENGTH.unpack(await self._mouth.readexactly(LENGTH.size))
        kind, content = pickle.loads(await self._mouth.readexactly(length))
        return kind, content

    async def end(self) -> None:
        """Ends it, whatever it does, and waits until it has ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def _paths() -> Iterator[str]:
    """Where the process finds this program, and what the server's own path says besides."""
    yield str(_ROOT)
    if "PYTHONPATH" in os.environ:
        yield os.environ["PYTHONPATH"]
