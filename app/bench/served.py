"""A real server in a process of its own, and what a client needs to talk to it."""

import asyncio
import http.client
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit


class Client:
    """One HTTP connection that stays open."""

    def __init__(self, address: str) -> None:
        self.netloc = urlsplit(address).netloc
        self._connection = http.client.HTTPConnection(self.netloc)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Sends JSON and returns the JSON answer."""
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {content}")
        return content

    def stream_of(self, session: dict[str, Any]) -> str:
        """The address of a session's stream."""
        return f"ws://{self.netloc}{session['links']['stream']}"


@asynccontextmanager
async def served() -> AsyncIterator[Client]:
    """A server for as long as the block lasts."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "serve", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        line = (await server.stdout.readline()).decode()
        yield Client(line.split()[-1])
    finally:
        server.terminate()
        await server.wait()
