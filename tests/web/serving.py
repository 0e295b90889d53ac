"""The program as a user starts it: a process with a port of its own."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from urllib.parse import urlsplit

import httpx2

ROOT = Path(__file__).parents[2]
FIRST_KEY = re.compile(r"apicscope: (\S+) is the key ")
ADDRESS = re.compile(r"apicscope: (http://\S+)/\n")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process, and where it answers."""

    process: "subprocess.Popen[str]"
    address: str
    #: Of the session that is always open.
    first_key: str = ""

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``, as the Host header has it."""
        return urlsplit(self.address).netloc

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    def stream(self, session: str) -> str:
        """The address of a session's stream."""
        return f"ws://{self.host}/api/v1/sessions/{session}/stream"

    def client(self) -> httpx2.Client:
        """An HTTP client, which stands for a caller of its own."""
        return httpx2.Client(base_url=self.address, trust_env=False, timeout=60)


#: A disk that is quick to sync.
_MEMORY = Path("/dev/shm")


@contextmanager
def data_directory() -> Iterator[Path]:
    """An empty one, in memory where there is such a place, for as long as the block lasts."""
    with TemporaryDirectory(prefix="apicscope-", dir=_MEMORY if _MEMORY.is_dir() else None) as directory:
        yield Path(directory)


@contextmanager
def running_server(
    *arguments: str, stderr: IO[str] | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """``apicscope serve`` on a free port, for as long as the block lasts, with a data directory of its own unless the
    *arguments* name one, or it has an *environment*; its log goes to *stderr*."""
    if "--data-dir" not in arguments and environment is None:
        with (
            data_directory() as directory,
            running_server("--data-dir", str(directory), *arguments, stderr=stderr) as one,
        ):
            yield one
        return
    command = [sys.executable, "-m", "app", "serve", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = ADDRESS.fullmatch(line)
            assert found, f"the server says {line!r} and not where it is"
            key = FIRST_KEY.match(process.stdout.readline())
            assert key, "the server does not say how to end its session"
            yield Server(process, found[1], key[1])
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def bearer(key: str) -> dict[str, str]:
    """The header with which *key* is sent."""
    return {"Authorization": f"Bearer {key}"}


class Api:
    """The JSON interface of one session."""

    def __init__(self, http: httpx2.Client, session: str, key: str = "") -> None:
        self.http = http
        self.key = key
        self.id = session
        self.path = f"/api/v1/sessions/{session}"

    def post(self, kind: str, **fields: Any) -> httpx2.Response:
        """One command; the answer, whatever it is."""
        return self.http.post(f"{self.path}/commands", json={"type": kind, **fields})

    def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        """One command that must be applied."""
        answer = self.post(kind, **fields)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def state(self) -> dict[str, Any]:
        """The newest state, without its number."""
        state = self.numbered_state()
        del state["seq"]
        return state

    def numbered_state(self) -> dict[str, Any]:
        answer = self.http.get(f"{self.path}/state")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def end(self) -> None:
        """By its key, or by the cookie of the page that has made it."""
        if not self.key:
            self.http.post(f"/s/{self.id}/end")
            return
        ended = self.http.delete(self.path, headers=bearer(self.key))
        assert ended.status_code in (204, 404), ended.text


def new_session(http: httpx2.Client, **fields: Any) -> Api:
    """A session of its own: four CPUs, paused and quiet unless *fields* say otherwise."""
    answer = http.post("/api/v1/sessions", json={"paused": True} | fields)
    assert answer.status_code == 201, answer.text
    return Api(http, answer.json()["id"], answer.json()["key"])
