"""How long it takes to start: what the libraries alone need, what the application needs with them, and the way from a
new process to its first page."""

import asyncio
import http.client
import subprocess
import sys
import time
from pathlib import Path

from app.bench.process import processor_seconds
from app.bench.result import Figure, NotMeasured
from app.bench.served import served

_ROUNDS = 5
_LIBRARIES = "fastapi, uvicorn, websockets, jinja2, python_multipart"
_APPLICATION = "app.web.server"
_MILLISECONDS = 1000


def measure() -> list[Figure]:
    """The best of several rounds, in which all take turns. NotMeasured where no process says what it took."""
    if not Path("/proc/self/stat").exists():
        raise NotMeasured("no /proc here to ask what a process takes")
    rounds = [(_imports(_LIBRARIES), _imports(_APPLICATION), *asyncio.run(_first_page())) for _ in range(_ROUNDS)]
    libraries, application, waited, spent = (min(taken) * _MILLISECONDS for taken in zip(*rounds, strict=True))
    return [
        Figure("processor time until the libraries are imported", libraries, "ms"),
        Figure("until the application is", application, "ms"),
        Figure("of the libraries'", application / libraries, "x"),
        Figure("from a new process to its first page", waited, "ms"),
        Figure("processor time of that", spent, "ms"),
    ]


def _imports(modules: str) -> float:
    """Processor seconds that a new process takes until it has these."""
    program = f"import time, sys, {modules}; sys.stdout.write(str(time.process_time()))"
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)


async def _first_page() -> tuple[float, float]:
    """Seconds, and processor seconds, until a new server has answered with the page of a machine."""
    began = time.monotonic()
    async with served() as client:
        await asyncio.to_thread(_page, client.netloc)
        return time.monotonic() - began, processor_seconds(client.process)


def _page(netloc: str) -> None:
    """Opens the first address, as a browser does, and goes where it leads."""
    path: str | None = "/"
    while path is not None:
        connection = http.client.HTTPConnection(netloc)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status}")
        path = answer.getheader("Location")
        connection.close()
