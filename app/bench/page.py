"""How long a frame of the score takes while somebody pans it, in Chromium, against one of an empty canvas; and what the
stage takes (``bench/stage``).

Both are measured by turns in the same seconds (``static/js/bench/panning.js``), so that whatever else the machine does
meets both. A frame's time is that from one animation frame to the next: script, pixels and waiting for the screen.
"""

import json
import subprocess
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from app.bench import stage
from app.bench.browser import SWITCHES, chromium
from app.bench.result import Figure, NotMeasured
from app.state.vocabulary import vocabulary
from app.web.rendering import STATIC_FOLDER

_SPANS = (200_000, 2_000_000)
_ROUNDS = 5
#: The aim: no frame in twenty takes longer than this many times an empty canvas' own.
_TIMES = 2
_SECONDS = 400
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>How long a frame takes</title>
<link rel="stylesheet" href="/css/base/tokens.css">
<link id="vocabulary" href="/vocabulary">
</head>
<body>
<canvas width="1600" height="284"></canvas>
<span id="probe" style="font-size: 11px"></span>
<script type="module" src="/js/bench/panning.js"></script>
</body>
</html>
"""


class _Files(SimpleHTTPRequestHandler):
    """The page's own files, a page that measures, and somebody to tell the result to."""

    def __init__(self, results: "Queue[dict[str, Any]]", *arguments: Any, **settings: Any) -> None:
        self._results = results
        super().__init__(*arguments, **settings)

    def do_GET(self) -> None:
        """The page and the words of the model are made here; all else is a file."""
        match self.path.partition("?")[0]:
            case "/":
                self._answer("text/html", _PAGE)
            case "/vocabulary":
                self._answer("application/json", json.dumps(vocabulary()))
            case _:
                super().do_GET()

    def do_POST(self) -> None:
        """What was measured."""
        length = int(self.headers.get("Content-Length", 0))
        self._results.put(json.loads(self.rfile.read(length)))
        self._answer("text/plain", "")

    def _answer(self, kind: str, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the figures are what is printed."""


def measure() -> list[Figure]:
    """Frames of an empty canvas and of the score, frames of a machine's page in a storm, and how soon a press is seen.

    Raises:
        NotMeasured: There is no Chromium, or it says nothing.
    """
    path = chromium()
    measured = measured_in(path, _SPANS, _ROUNDS)
    if measured is None:
        raise NotMeasured(f"{path} said nothing for {_SECONDS} seconds")
    return [*_figures(measured), *stage.figures(path)]


def measured_in(path: str, spans: tuple[int, ...], rounds: int) -> dict[str, Any] | None:
    """What the page says of scores of so many *spans*; None when it says nothing."""
    results: Queue[dict[str, Any]] = Queue()
    handler = partial(_Files, results, directory=str(STATIC_FOLDER))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, TemporaryDirectory(prefix="apicscope-page-") as kept:
        Thread(target=server.serve_forever, daemon=True).start()
        sizes = ",".join(map(str, spans))
        address = f"http://127.0.0.1:{server.server_address[1]}/?spans={sizes}&rounds={rounds}"
        command = [path, *SWITCHES, "--window-size=1600,400", f"--user-data-dir={kept}", address]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with suppress(Empty):
                return results.get(timeout=_SECONDS)
            return None
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()


def _figures(measured: dict[str, Any]) -> list[Figure]:
    if "error" in measured:
        raise RuntimeError(measured["error"])
    empty: float = measured["empty"]["p95"]
    figures = [
        Figure("frame of an empty canvas, median", measured["empty"]["median"], "ms"),
        Figure("frame of an empty canvas, 95th percentile", empty, "ms"),
    ]
    for case in measured["cases"]:
        what = f"panned frame, {case['spans']:,} spans, {case['sight']} in sight"
        figures.append(Figure(f"{what}, median", case["median"], "ms"))
        figures.append(Figure(f"{what}, 95th", case["p95"], "ms", f"{_TIMES * empty:.3g}"))
    return figures
