"""The score draws what happened: every interrupt of the records stands where it should, as long as it should."""

import random
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

#: The scene that is on the canvas, as plain values; the module is the one that the page runs.
SCENE = """async () => {
    const found = performance.getEntriesByType("resource").map(({ name }) => name);
    const { scoreOn } = await import(found.find((name) => name.includes("/views/score.js")));
    const { desk } = scoreOn(document.querySelector("#score-canvas"));
    const shapes = [...desk.scene.shapes.values()].flat();
    const { columns } = desk.feed;
    return {
        scale: desk.scale,
        newest: desk.newest,
        lanes: desk.scene.lanes,
        strips: desk.scene.strips.length,
        ghost: desk.ghost?.columns.newest ?? 0,
        shapes: shapes.map((shape) => ({ ...shape, value: columns.value[columns.rows.get(shape.id)] })),
    };
}"""
ACT = """async ([action, times]) => {
    const found = performance.getEntriesByType("resource").map(({ name }) => name);
    const { scoreOn } = await import(found.find((name) => name.includes("/views/score.js")));
    const { actions } = scoreOn(document.querySelector("#score-canvas"));
    for (let time = 0; time < times; time++) actions[action]();
    await new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume)));
}"""
#: Colours of points of the canvas, and the colours that the theme gives to what waits and what is served.
PIXELS = """points => {
    const canvas = document.querySelector("#score-canvas");
    const context = canvas.getContext("2d");
    const probe = document.createElement("span");
    document.body.append(probe);
    const colour = (name) => {
        probe.style.color = `var(--${name})`;
        return getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
    };
    const ratio = canvas.width / canvas.clientWidth;
    const data = (x, y) => context.getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data;
    const at = ([x, y]) => [...data(x, y)].slice(0, 3);
    const seen = { points: points.map(at), isr: colour("isr") };
    probe.remove();
    return seen;
}"""
#: What the list says of interrupts.
LISTED = ("accepted", "merged", "refused", "acknowledged", "end_of_interrupt")
WIDE = {"width": 1600, "height": 1000}


class Interrupt(NamedTuple):
    """What the records tell of one: from when to when it waited, and was in service. None: not yet."""

    cpu: int
    vector: int
    accepted: int
    taken: int | None
    ended: int | None


class Told(NamedTuple):
    """All that the records tell of interrupts; messages that merged or were refused as their CPU, vector and time."""

    interrupts: list[Interrupt]
    merged: list[tuple[int, int, int]]
    refused: list[tuple[int, int, int]]


def told_by(records: list[dict[str, Any]]) -> Told:
    """The interrupts of records, paired by CPU and vector alone: by other code than the score's."""
    waiting: dict[tuple[int, int], int] = {}
    served: dict[tuple[int, int], list[Interrupt]] = {}
    found: list[Interrupt] = []
    ended = {"merged": list[tuple[int, int, int]](), "refused": list[tuple[int, int, int]]()}
    for record in records:
        place = (record["cpu"], record["vector"])
        match record["kind"]:
            case "accepted" if record["vector"] is not None and place not in waiting:
                waiting[place] = record["time"]
            case "acknowledged" if place in waiting:
                taken = Interrupt(*place, waiting.pop(place), record["time"], None)
                served.setdefault(place, []).append(taken)
            case "end_of_interrupt" if served.get(place):
                found.append(served[place].pop()._replace(ended=record["time"]))
            case "merged" | "refused" as kind if record["cpu"] is not None:
                ended[kind].append((*place, record["time"]))
            case _:
                pass
    found += [one for left in served.values() for one in left]
    found += [Interrupt(cpu, vector, time, None, None) for (cpu, vector), time in waiting.items()]
    return Told(found, ended["merged"], ended["refused"])


def records_of(session: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    first = 0
    while True:
        answer = session.http.get(f"{session.path}/records", params={"from": first, "limit": 5000}).json()
        found += answer["records"]
        if answer["next"] is None:
            return found
        first = answer["next"]


def live(session: Api, seed: int, cpus: int) -> None:
    """A random life: IPIs, calls, lines, a CPU that lets nothing in for a while, and time between them."""
    chance = random.Random(seed)
    for _ in range(24):
        cpu = chance.randrange(cpus)
        other = chance.randrange(cpus)
        match chance.randrange(6):
            case 0:
                session.post("call_guest", cpu=cpu, function="smp_send_reschedule", arguments={"target": other})
            case 1:
                session.post("call_guest", cpu=cpu, function="smp_call_function")
            case 2:
                session.post("send_ipi", cpu=cpu, vector=chance.randrange(8, 0xF0), destination=other)
            case 3:
                pin = chance.randrange(16, 19)
                session.post(chance.choice(["raise_pin", "lower_pin"]), pin=pin)
            case 4:
                session.post("set_interrupt_flag", cpu=cpu, enabled=chance.random() < 0.6)
            case _:
                session.post("send_msi", address=0xFEE0_0000 | other << 12, data=chance.randrange(0x30, 0xE0))
        session.post("step", unit="operation", count=chance.randrange(1, 60))


def drawn(page: Page) -> dict[str, Any]:
    scene: dict[str, Any] = page.evaluate(SCENE)
    return scene


def act(page: Page, action: str, times: int = 1) -> None:
    page.evaluate(ACT, [action, times])


def x_of(scene: dict[str, Any], time: float) -> float:
    scale = scene["scale"]
    share = (time - float(scale["from"])) / float(scale["to"] - scale["from"])
    return float(scale["left"]) + min(max(share, 0.0), 1.0) * float(scale["width"])


def is_in_sight(scene: dict[str, Any], begin: float, end: float) -> bool:
    scale = scene["scale"]
    return bool(begin <= scale["to"] and end >= scale["from"])


def assert_bar(scene: dict[str, Any], style: str, one: Interrupt, begin: int, end: int | None) -> None:
    """There is one shape of that style and vector on the CPU's lane, from then to then."""
    until = scene["newest"] if end is None else end
    if not is_in_sight(scene, begin, until):
        return
    left, right = x_of(scene, begin), max(x_of(scene, until), x_of(scene, begin) + 1)
    near = [
        shape
        for shape in scene["shapes"]
        if shape["style"] == style
        and (shape["lane"], shape["value"], shape["lasts"]) == (one.cpu, one.vector, end is None)
        and abs(shape["x"] - left) < 0.6
        and abs(shape["x"] + shape["width"] - right) < 0.6
    ]
    assert near, f"no {style} of {one.vector:#x} on CPU {one.cpu} from {begin} to {end}"
    lanes = [lane for lane in scene["lanes"] if lane["sort"] == "cpu" and lane["cpus"] == [one.cpu]]
    for shape in near:
        assert lanes[0]["y"] <= shape["y"] + shape["height"] / 2 <= lanes[0]["y"] + lanes[0]["height"]


def assert_drawn(scene: dict[str, Any], told: Told) -> None:
    for one in told.interrupts:
        assert_bar(scene, "outline", one, one.accepted, one.taken)
        if one.taken is not None:
            assert_bar(scene, "bar", one, one.taken, one.ended)
    for name, ended in (("merged", told.merged), ("refused", told.refused)):
        for cpu, vector, time in ended:
            if not is_in_sight(scene, time, time):
                continue
            arrows = [shape for shape in scene["shapes"] if (shape["style"], shape["name"]) == ("arrow", name)]
            points = [shape for shape in arrows if shape["value"] == vector]
            assert any(abs(shape["toX"] - max(x_of(scene, time), shape["x"] + 1)) < 1.1 for shape in points), (
                f"nothing {name} of {vector:#x} on CPU {cpu} at {time}"
            )


def assert_colours(page: Page, scene: dict[str, Any]) -> None:
    """What is in service has its colour, wherever nothing else lies over it."""
    points = []
    for shape in scene["shapes"]:
        x, y = shape["x"] + shape["width"] - 3, shape["y"] + shape["height"] / 2
        if shape["style"] != "bar" or shape["width"] < 12 or x >= x_of(scene, scene["newest"]) - 4:
            continue
        over = [
            other
            for other in scene["shapes"]
            if other["id"] != shape["id"]
            and other["style"] not in ("hatching", "box", "dashes", "dots")
            and other["x"] - 12 <= x <= other["x"] + other["width"] + 12
        ]
        if not over:
            points.append([x, y])
    seen = page.evaluate(PIXELS, points[:40])
    for point, colour in zip(points, seen["points"], strict=False):
        apart = max(abs(a - b) for a, b in zip(colour, seen["isr"], strict=True))
        assert apart < 40 or sum(colour) > 600, f"{colour} at {point} is not {seen['isr']}"


@pytest.mark.parametrize("seed", range(4))
def test_every_interrupt_of_the_records_stands_in_the_score_at_any_zoom(
    open_page: Open, make_session: MakeSession, seed: int
) -> None:
    cpus = (2, 4, 4, 8)[seed]
    backend = ("native-xapic", "vmi", "kvm-pv", "native-x2apic")[seed]
    session = make_session(cpus=cpus, backend=backend)
    live(session, seed, cpus)
    records = records_of(session)
    told = told_by(records)
    assert len(told.interrupts) > 10

    page = open_page(f"/s/{session.id}", viewport=WIDE)
    page.locator("#score-forms label", has_text="Drawing").click()
    page.wait_for_function(f"async () => {{ const scene = await ({SCENE})(); return scene.shapes.length > 20; }}")
    act(page, "fit")

    for action, times in (("fit", 1), ("zoomIn", 2), ("panLeft", 2), ("zoomIn", 3), ("panLeft", 1), ("fit", 1)):
        act(page, action, times)
        page.wait_for_timeout(150)
        scene = drawn(page)
        assert scene["strips"] == 0
        assert_drawn(scene, told)
    assert_colours(page, drawn(page))

    page.locator("#score-forms label", has_text="List").click()
    lines = page.locator("#log-lines > li")
    listed = page.locator("#log-lines").inner_text()
    newest = [record["text"] for record in records[-lines.count() :] if record["kind"] in LISTED]
    assert newest
    assert [text for text in newest if text not in listed] == []


KEPT = """async () => {
    const found = performance.getEntriesByType("resource").map(({ name }) => name);
    const { scoreOn } = await import(found.find((name) => name.includes("/views/score.js")));
    const { columns } = scoreOn(document.querySelector("#score-canvas")).desk.feed;
    const rows = Array.from({ length: columns.count }, (_, row) => row);
    return rows.map((row) => [columns.id[row], Number.isFinite(columns.end[row]) ? columns.end[row] : null]);
}"""


def spans_of(session: Api) -> dict[int, int | None]:
    """The ends of all spans, by their ids, as the server tells them."""
    found: dict[int, int | None] = {}
    after: int | None = 0
    while after is not None:
        query = {"branch": 0, "from": 0, "after": after, "limit": 20_000}
        answer = session.http.get(f"{session.path}/score", params=query).json()
        found |= dict(zip(answer["spans"]["id"], answer["spans"]["end"], strict=True))
        after = answer["next"]
    return found


@pytest.mark.parametrize("speed", [30_000, None])
def test_what_the_page_was_told_while_time_ran_is_what_the_server_has(
    open_page: Open, make_session: MakeSession, speed: int | None
) -> None:
    session = make_session(backend="vmi")
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    page.locator("#score-forms label", has_text="Drawing").click()
    session.command("set_speed", speed=speed)
    session.command("run")
    for turn in range(25):
        session.command("call_guest", cpu=turn % 4, function="smp_call_function")
        page.wait_for_timeout(60)
    session.command("pause")
    page.wait_for_timeout(1500)
    act(page, "fit")
    page.wait_for_timeout(1500)

    kept = dict(page.evaluate(KEPT))
    assert kept == spans_of(session)
