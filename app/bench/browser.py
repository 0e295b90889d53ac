"""A Chromium without a window that opens pages, answers for them, and presses what is on them (DevTools)."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect

from app.bench.result import NotMeasured

SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_LISTENS = re.compile(rb"DevTools listening on ws://([^/]+)/")
#: Seconds after which a browser that says nothing is given up.
_PATIENCE = 120


def chromium() -> str:
    """Where it is. NotMeasured: nowhere."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise NotMeasured("no Chromium here; install it or name it in $CHROMIUM")
    return path


class Page:
    """The one page of a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked = 0

    async def open(self, address: str) -> None:
        """Leaves what is open, and opens *address*."""
        await self._ask("Page.navigate", url=address)
        await self.evaluate("new Promise((done) => document.readyState === 'complete' ? done() : (onload = done))")

    async def evaluate(self, expression: str) -> Any:
        """What *expression* comes to in the page; of a promise, what that does. RuntimeError: it throws."""
        answer = await self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        """Waits until *expression* is true in the page."""
        await self.evaluate(
            f"new Promise((done) => {{ const look = () => ({expression}) ? done() : setTimeout(look, 50); look(); }})"
        )

    async def press(self, x: float, y: float) -> None:
        """Presses the mouse at a place, as a person does."""
        for kind in ("mousePressed", "mouseReleased"):
            await self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._asked += 1
        await self._connection.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            async with asyncio.timeout(_PATIENCE):
                answer: dict[str, Any] = json.loads(await self._connection.recv())
            if answer.get("id") == self._asked:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result


@asynccontextmanager
async def browser(path: str, width: int, height: int) -> AsyncIterator[Page]:
    """A browser of its own with an empty page of that size, for as long as the block lasts."""
    with TemporaryDirectory(prefix="apicscope-page-", ignore_cleanup_errors=True) as kept:
        command = [path, *SWITCHES, f"--window-size={width},{height}", f"--user-data-dir={kept}"]
        process = await asyncio.create_subprocess_exec(
            *command, "--remote-debugging-port=0", "about:blank", stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                host = await _host(process)
            async with connect(_page_address(host), max_size=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()
            await process.wait()


async def _host(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := _LISTENS.search(line):
            return found[1].decode()
    raise NotMeasured("Chromium ended before it listened")


def _page_address(host: str) -> str:
    with urlopen(f"http://{host}/json") as answer:
        targets = json.load(answer)
    return next(str(target["webSocketDebuggerUrl"]) for target in targets if target["type"] == "page")
