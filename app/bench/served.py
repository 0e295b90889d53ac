"""A real server in a process of its own, and what a client needs to talk to it."""

import asyncio
import http.client
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit


class Client:
    """One HTTP connection that stays open."""

    def __init__(self, address: str, process: int) -> None:
        #: The number of the server's process.
        self.process = process
        self.netloc = urlsplit(address).netloc
        self._connection = http.client.HTTPConnection(self.netloc)

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Sends JSON and returns the JSON answer."""
        return self._asked("POST", path, body)

    def get(self, path: str) -> dict[str, Any]:
        """Returns the JSON that is there, by a new connection: the server ends idle ones."""
        self._connection.close()
        return self._asked("GET", path, None)

    def command(self, session: dict[str, Any], **command: Any) -> None:
        """Gives *session* a command."""
        self.post(session["links"]["state"].replace("/state", "/commands"), command)

    def _asked(self, method: str, path: str, body: Any) -> dict[str, Any]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {content}")
        return content

    def stream_of(self, session: dict[str, Any]) -> str:
        """The address of a session's stream."""
        return f"ws://{self.netloc}{session['links']['stream']}"


@asynccontextmanager
async def served(*options: str) -> AsyncIterator[Client]:
    """A server for as long as the block lasts, with a data directory of its own and these options more."""
    with TemporaryDirectory(prefix="apicscope-bench-") as kept:
        program = [sys.executable, "-m", "app", "serve", "--port", "0", "--data-dir", kept, *options]
        server = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        try:
            assert server.stdout is not None
            line = (await server.stdout.readline()).decode()
            with closing(Client(line.split()[-1], server.pid)) as client:
                yield client
        finally:
            server.terminate()
            await server.wait()
