"""How long a frame of a machine's page takes in a storm, against one of an empty page; and how soon a press is seen.

Both pages are open by turns in the same browser while the same machine runs, so that whatever else this computer does
meets both. A frame's time is that from one animation frame to the next.
"""

import asyncio
import statistics
from typing import Any, NamedTuple

from app.bench.browser import Page, browser
from app.bench.result import Figure
from app.bench.served import Client, served

_CPUS = (4, 255)
_PRESSED_CPUS = (4, 64)
_WIDTH, _HEIGHT = 1600, 1000
_ROUNDS, _FRAMES, _PRESSES = 5, 120, 20
#: The aims: no frame in twenty takes longer than this many times an empty page's own; nodes of the document.
_TIMES, _NODES = 1.5, 2_000
#: A timer's entry and its initial count: an interrupt every 4,000 cycles or so.
_PERIODIC, _VECTOR, _COUNT = 1 << 17, 0xEF, 200
#: Virtual cycles a second at which a person watches and presses.
_WATCHED = 20_000
_FRAMES_SEEN = """new Promise((resume) => {
  const times = [];
  let before = null;
  const step = (now) => {
    if (before !== null) times.push(now - before);
    before = now;
    if (times.length < %d) requestAnimationFrame(step);
    else resume(times);
  };
  requestAnimationFrame(step);
})"""
#: Until the frame after the one in which the sign of the interrupt flag has changed: then it is on the screen.
_SEEN = """window.pressSeen = new Promise((resume) => {
  const sign = document.querySelector(".well.selected .barrier");
  let began = 0;
  sign.addEventListener("pointerdown", (event) => (began = event.timeStamp), { once: true, capture: true });
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => resume(performance.now() - began));
  }).observe(sign, { attributes: true, attributeFilter: ["aria-checked"] });
}), (({ x, y, width, height }) => [x + width / 2, y + height / 2])(
  document.querySelector(".well.selected .barrier").getBoundingClientRect())"""
_ROUND_TRIP = """(async () => {
  const began = performance.now();
  await (await fetch("/healthz")).text();
  return performance.now() - began;
})()"""


class Storm(NamedTuple):
    """What was seen of a machine in a storm; times in milliseconds."""

    frames: list[float]
    empty: list[float]
    nodes: int


class Presses(NamedTuple):
    """How soon presses were seen, and beside them a bare request from the same page; times in milliseconds."""

    seen: list[float]
    bare: list[float]


def figures(chromium: str) -> list[Figure]:
    """Frames in a storm, nodes, and presses."""
    return asyncio.run(_figures(chromium))


async def _figures(chromium: str) -> list[Figure]:
    found: list[Figure] = []
    async with served() as client, browser(chromium, _WIDTH, _HEIGHT) as page:
        for cpus in _CPUS:
            storm = await storm_seen(client, page, cpus, _ROUNDS, _FRAMES)
            empty = _p95(storm.empty)
            what = f"{cpus} CPUs in a storm"
            found += [
                Figure(f"frame of an empty page beside {what}, 95th", empty, "ms"),
                Figure(f"frame of the machine's page, {what}, median", statistics.median(storm.frames), "ms"),
                Figure(f"frame of the machine's page, {what}, 95th", _p95(storm.frames), "ms", f"{_TIMES * empty:.3g}"),
                Figure(f"nodes of the machine's page, {what}", storm.nodes, "nodes", f"{_NODES:,}"),
            ]
        for cpus in _PRESSED_CPUS:
            presses = await presses_seen(client, page, cpus, _PRESSES)
            what = f"{cpus} CPUs running"
            found += [
                Figure(f"a bare request beside {what}, median", statistics.median(presses.bare), "ms"),
                Figure(f"press to changed pixel, {what}, median", statistics.median(presses.seen), "ms"),
                Figure(f"press to changed pixel, {what}, 95th", _p95(presses.seen), "ms"),
            ]
    return found


async def storm_seen(client: Client, page: Page, cpus: int, rounds: int, frames: int) -> Storm:
    """A machine in a storm: its page and an empty one by turns."""
    session = await asyncio.to_thread(_storm, client, cpus)
    machine, empty = list[float](), list[float]()
    nodes = 0
    for _ in range(rounds):
        await page.open("about:blank")
        empty += await page.evaluate(_FRAMES_SEEN % frames)
        await _open(client, page, session)
        machine += await page.evaluate(_FRAMES_SEEN % frames)
        nodes = max(nodes, await page.evaluate("document.querySelectorAll('*').length"))
    await page.open("about:blank")
    client.close()  # the server has ended what was idle for so long
    client.command(session, type="pause")
    return Storm(machine, empty, nodes)


async def presses_seen(client: Client, page: Page, cpus: int, presses: int) -> Presses:
    """A machine at a speed that can be followed: the interrupt flag is pressed, and the time taken until that shows."""
    session = await asyncio.to_thread(client.post, "/api/v1/sessions", {"cpus": cpus})
    client.command(session, type="set_speed", speed=_WATCHED)
    client.command(session, type="run")
    await _open(client, page, session)
    seen, bare = list[float](), list[float]()
    for _ in range(presses):
        client.close()
        client.command(session, type="demonstrate", enabled=True)  # who presses ends it
        x, y = await page.evaluate(_SEEN)
        await page.press(x, y)
        seen.append(await page.evaluate("window.pressSeen"))
        bare.append(await page.evaluate(_ROUND_TRIP))
    client.close()
    client.command(session, type="pause")
    return Presses(seen, bare)


def _storm(client: Client, cpus: int) -> dict[str, Any]:
    """Every CPU's timer fires again and again, no two of them at once, and flat out."""
    session = client.post("/api/v1/sessions", {"cpus": cpus})
    for cpu in range(cpus):
        client.command(session, type="write_register", cpu=cpu, register="LVT_TIMER", value=_PERIODIC | _VECTOR)
        client.command(session, type="write_register", cpu=cpu, register="TIMER_INITIAL_COUNT", value=_COUNT + cpu)
    client.command(session, type="set_speed", speed=None)
    client.command(session, type="run")
    return session


async def _open(client: Client, page: Page, session: dict[str, Any]) -> None:
    await page.open(f"http://{client.netloc}/s/{session['id']}")
    await page.until("document.querySelector('#link[data-link=live]') && document.querySelector('.well.selected')")
    # What is seen for the first time is compiled and laid out.
    await page.evaluate(_FRAMES_SEEN % 30)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
