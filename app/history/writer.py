"""The thread that has the database to itself, and does what others leave in its queue."""

import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Literal, NamedTuple

from app.history.database import Database, Outcome, Task
from app.history.store_errors import Condition, NotKept


class _Job(NamedTuple):
    kind: Literal["write", "delete", "read", "recover", "close"]
    task: Task
    future: Future[Any]


def _nothing(_: object) -> None:
    pass


class Writer:
    """Does jobs in the order in which they come. All writes that wait become one transaction: for twenty of them the
    disk is waited for once.

    While the database cannot be written to, it is tried again after *retry_seconds*, and then again.
    """

    def __init__(self, database: Database, retry_seconds: float) -> None:
        self._database = database
        self._retry_seconds = retry_seconds
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._opened: Future[None] = Future()
        # A daemon: a process that ends without closing the store has lost nothing, and shall not hang.
        self._thread = threading.Thread(target=self._live, name="history", daemon=True)

    def start(self) -> None:
        """Opens the database, and returns when that is done. Raises what that raised."""
        self._thread.start()
        self._opened.result()

    def write(self, task: Task) -> Future[Any]:
        """Does *task* in a transaction; the result is there when the disk has it."""
        return self._leave("write", task)

    def delete(self, task: Task) -> Future[Any]:
        """As ``write``, for what makes room: it is tried on a full disk, too."""
        return self._leave("delete", task)

    def read(self, task: Task) -> Future[Any]:
        """Does *task* after all writes that were left before it."""
        return self._leave("read", task)

    def recover(self) -> Future[Condition]:
        """Tries now whether the database can be written to again."""
        return self._leave("recover", _nothing)

    def close(self) -> None:
        """Returns when everything that was left has been done and the database is closed."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(_Job("close", _nothing, Future()))
        self._thread.join()

    def _leave(self, kind: Literal["write", "delete", "read", "recover"], task: Task) -> Future[Any]:
        future: Future[Any] = Future()
        # From here on nobody can cancel it: what was done in a session is written down, whoever still waits for it.
        future.set_running_or_notify_cancel()
        with self._gate:
            if self._closed:
                future.set_exception(NotKept(Condition("closed", "the history is closed")))
            else:
                self._jobs.put(_Job(kind, task, future))
        return future

    # The thread

    def _live(self) -> None:
        try:
            self._database.open()
        except Exception as error:
            self._database.close()
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        closing = False
        while not closing:
            jobs = self._waiting()
            closing = any(job.kind == "close" for job in jobs)
            try:
                self._do(jobs)
            except Exception as error:  # a fault of ours: nobody is to wait for ever
                for job in jobs:
                    if job.future.running():
                        job.future.set_exception(error)
        self._database.close()

    def _waiting(self) -> list[_Job]:
        """All that waits; at least one, or none when it is time to try again."""
        hopeful = self._database.condition.state != "open"
        try:
            jobs = [self._jobs.get(timeout=self._retry_seconds if hopeful else None)]
        except Empty:
            self._database.recover()
            return []
        while True:
            try:
                jobs.append(self._jobs.get_nowait())
            except Empty:
                return jobs

    def _do(self, jobs: list[_Job]) -> None:
        for job in jobs:
            if job.kind == "recover":
                job.future.set_result(self._database.recover())
        writes = [job for job in jobs if job.kind in ("write", "delete")]
        if self._database.condition.state == "open" and writes:
            outcomes = self._database.together([job.task for job in writes])
            for job, outcome in zip(writes, outcomes, strict=True):
                _tell(job, outcome)
        else:
            self._refuse(writes)
        for job in jobs:
            if job.kind == "read":
                _tell(job, self._database.look(job.task))

    def _refuse(self, writes: list[_Job]) -> None:
        """Nothing can be kept at present; but room can be made."""
        refusal = Outcome(None, NotKept(self._database.condition))
        for job in writes:
            _tell(job, self._database.make_room(job.task) if job.kind == "delete" else refusal)


def _tell(job: _Job, outcome: Outcome) -> None:
    if outcome.error is None:
        job.future.set_result(outcome.value)
    else:
        job.future.set_exception(outcome.error)
