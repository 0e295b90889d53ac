import assert from "node:assert/strict";
import { test } from "node:test";
import { append, emptyColumns, rowOf, spanOf } from "../../static/js/score/columns.js";
import { hitAt } from "../../static/js/score/hit.js";
import { laneAt, lanesOf } from "../../static/js/score/lanes.js";
import * as scales from "../../static/js/score/scale.js";
import { MOST_ARROWS, sceneOf } from "../../static/js/score/scene.js";
import { roomsOf } from "../../static/js/score/slots.js";
import { wholeOf } from "../../static/js/score/whole.js";
import { AXIS, drawn, FONT, shapesOf } from "./drawn.mjs";
import { madeUp, noSpans, put, styleOf } from "./spans.mjs";

test("every span in sight has one shape, from where it begins to where it ends", () => {
  const spans = madeUp({ spans: 700, cpus: 4 });
  for (const [from, to] of [
    [0, 30_000],
    [5_000, 6_000],
    [20_000, 20_400],
  ]) {
    const { columns, scene, scale } = drawn(spans, 4, { from: from ?? 0, to: to ?? 0 });
    const wanted = spans.id.filter(
      (_, at) => (spans.start[at] ?? 0) <= scale.to && (spans.end[at] ?? 0) >= scale.from,
    );
    assert.deepEqual(
      shapesOf(scene)
        .map(({ id }) => id)
        .sort((a, b) => a - b),
      wanted,
    );
    for (const shape of shapesOf(scene)) {
      if (shape.style === "arrow") continue;
      const span = spanOf(columns, shape.id);
      assert.ok(span?.end);
      const left = Math.max(scale.left, scales.xOf(scale, span.start));
      const right = Math.min(scale.left + scale.width, scales.xOf(scale, span.end));
      assert.ok(Math.abs(shape.x - left) < 1e-6 && Math.abs(shape.width - Math.max(1, right - left)) < 1e-6);
      assert.equal(shape.style, styleOf(span.kind));
    }
  }
});

test("a shape lies in the lane of its CPU, what leaves the guest in the hypervisor's", () => {
  const { scene, lanes } = drawn(madeUp({ spans: 400, cpus: 4 }), 4, { from: 0, to: 20_000, selected: 2 });
  for (const shape of shapesOf(scene)) {
    const lane = laneAt(lanes, shape.toY ?? shape.y + shape.height / 2);
    assert.equal(lane?.sort, shape.style === "crossing" ? "crossings" : "cpu");
    if (lane?.sort === "cpu") assert.deepEqual(lane.cpus, [shape.lane]);
  }
});

test("spans that last at once stand in rows of their own, the inner above the outer, and stay there", () => {
  const spans = noSpans();
  const outer = put(spans, { kind: "calls", start: 0, end: 900 });
  const service = put(spans, { kind: "serves", start: 100, end: 600 });
  const handler = put(spans, { kind: "handles", start: 100, end: 700, cause: service });
  const nested = put(spans, { kind: "serves", start: 200, end: 300 });
  const after = put(spans, { kind: "serves", start: 1000, end: 1100 });
  const { columns } = drawn(spans, 1, { from: 0, to: 2000 });
  const slots = [outer, service, handler, nested, after].map((id) => columns.slot[rowOf(columns, id)]);
  assert.deepEqual(slots, [0, 1, 1, 2, 0]);
  assert.equal(roomsOf(columns, 0).stack.depth, 3);
});

test("no two spans of a lane's row last at once, whatever came in which order", () => {
  const { columns } = drawn(madeUp({ spans: 3000, cpus: 2, every: 150 }), 2, { from: 0, to: 1000 });
  for (const style of ["outline", "box"]) {
    for (const lane of [0, 1]) {
      /** @type {Map<number, number>} */
      const free = new Map();
      const [track] = (columns.lanes.get(lane) ?? []).filter((one) => one.style === style);
      assert.ok(track);
      for (let at = 0; at < track.count; at++) {
        const slot = columns.slot[track.rows[at] ?? 0] ?? 0;
        assert.ok((free.get(slot) ?? 0) <= (track.start[at] ?? 0));
        free.set(slot, track.end[at] ?? 0);
      }
    }
  }
});

test("what is dense becomes strips, arrows go first, and all spans are counted", () => {
  const spans = madeUp({ spans: 30_000, cpus: 4 });
  const newest = Math.max(...spans.start);
  const { scene } = drawn(spans, 4, { from: 0, to: newest });
  assert.ok(scene.strips.length > 8);
  assert.ok(shapesOf(scene).length <= 3000);
  assert.equal(scene.shapes.get("arrow")?.length ?? 0, 0);
  const told = scene.strips.reduce((sum, strip) => sum + strip.spans, 0) + shapesOf(scene).length;
  assert.ok(Math.abs(told - scene.seen) < 50);
  const few = drawn(spans, 4, { from: 0, to: newest / 40 });
  assert.ok((few.scene.shapes.get("arrow")?.length ?? 0) > 0);
  assert.ok((few.scene.shapes.get("arrow")?.length ?? 0) <= MOST_ARROWS);
});

test("past sixteen CPUs heat rows stand for clusters, and the selected one has a lane above", () => {
  const { lanes, scene } = drawn(madeUp({ spans: 9000, cpus: 255 }), 255, {
    from: 0,
    to: 100_000,
    selected: 42,
  });
  const heat = lanes.filter(({ sort }) => sort === "heat");
  assert.equal(heat.length, 16);
  assert.deepEqual(
    heat.flatMap(({ cpus }) => cpus),
    Array.from({ length: 255 }, (_, cpu) => cpu),
  );
  assert.deepEqual(
    lanes.filter(({ sort }) => sort === "cpu").map(({ cpus }) => cpus),
    [[42]],
  );
  const last = lanes.at(-1);
  assert.ok(last && last.y + last.height <= 284.5);
  assert.equal(scene.strips.filter(({ style }) => style === "heat").length, 16);
  for (const strip of scene.strips) for (const share of strip.shares) assert.ok(share >= 0);
});

test("lanes fill the height, the selected one is the tallest, at any number of CPUs", () => {
  for (let cpus = 1; cpus <= 64; cpus++) {
    for (const height of [150, 284, 700]) {
      const depthOf = () => ({ waiting: 3, stack: 3 });
      const wanted = {
        height,
        axis: AXIS,
        font: FONT,
        cpus,
        selected: cpus - 1,
        lines: ["pin 1"],
        depthOf,
        crosses: true,
      };
      const lanes = lanesOf(wanted);
      let y = AXIS;
      for (const lane of lanes) {
        assert.equal(lane.y, y);
        assert.ok(lane.height >= 2);
        y += lane.height;
      }
      assert.ok(y <= height + 0.5, `${cpus} CPUs: ${y} of ${height}`);
      const own = lanes.filter(({ sort }) => sort === "cpu");
      const tall = own.find(({ selected }) => selected);
      assert.ok(tall && own.every((lane) => lane.height <= tall.height));
    }
  }
});

test("in the middle of every shape that nothing covers, the pointer finds it", () => {
  const { scene, columns } = drawn(madeUp({ spans: 60, cpus: 3 }), 3, { from: 0, to: 6000 });
  for (const style of ["outline", "crossing"]) {
    for (const shape of scene.shapes.get(style) ?? []) {
      const x = shape.x + shape.width / 2;
      const hit = hitAt(scene, columns, x, shape.y + shape.height / 2);
      const there = shapesOf(scene)
        .filter((one) => one.style === "arrow" || (x >= one.x - 9 && x <= one.x + one.width + 9))
        .map(({ id }) => id);
      assert.ok(hit.span !== null && there.includes(hit.span));
    }
  }
});

test("an arrow is found along its curve, and its ends are where it leaves and arrives", () => {
  const spans = noSpans();
  const call = put(spans, { kind: "calls", lane: 0, start: 0, end: 900 });
  const flight = put(spans, { kind: "flies", lane: 1, source: 0, start: 400, end: 800, cause: call });
  put(spans, { kind: "asks", lane: 1, start: 800, end: 1500, cause: flight });
  const { scene, columns, scale } = drawn(spans, 2, { from: 0, to: 2000 });
  const [arrow] = scene.shapes.get("arrow") ?? [];
  assert.ok(arrow?.toX !== undefined && arrow.toY !== undefined);
  assert.ok(
    Math.abs(arrow.x - scales.xOf(scale, 400)) < 1e-6 && Math.abs(arrow.toX - scales.xOf(scale, 800)) < 1e-6,
  );
  assert.equal(hitAt(scene, columns, (arrow.x + arrow.toX) / 2, (arrow.y + arrow.toY) / 2).span, flight);
});

test("in a strip the pointer finds a span that lies there, and how many do", () => {
  const spans = madeUp({ spans: 30_000, cpus: 4 });
  const { scene, columns, scale } = drawn(spans, 4, { from: 0, to: Math.max(...spans.start) });
  const strip = scene.strips.find(({ style }) => style === "bar");
  assert.ok(strip);
  const at = strip.shares.findIndex((share, pixel) => share > 0.3 && strip.x + pixel > scale.left);
  const hit = hitAt(scene, columns, strip.x + at + 0.5, strip.y + strip.height / 2);
  assert.ok(hit.span !== null && hit.here > 0);
  assert.equal(spanOf(columns, hit.span)?.lane, strip.lanes[0]);
});

test("the whole of an interrupt is its call, flight, request, service and handler, and no other interrupt's", () => {
  const spans = madeUp({ spans: 600, cpus: 4 });
  const { columns } = drawn(spans, 4, { from: 0, to: 1000 });
  const handlers = spans.id.filter((_, at) => spans.kind[at] === "handles");
  for (const id of handlers.slice(0, 40)) {
    const kinds = [...wholeOf(columns, id)].map((one) => spanOf(columns, one)?.kind).sort();
    assert.deepEqual(kinds, ["asks", "calls", "flies", "handles", "serves"]);
    for (const one of wholeOf(columns, id)) assert.ok(wholeOf(columns, one).has(id));
  }
});

test("what a handler sends is another interrupt, unless somebody asks for the handler itself", () => {
  const spans = noSpans();
  const first = put(spans, { kind: "flies", lane: 0, start: 0, end: 10 });
  const handler = put(spans, { kind: "handles", lane: 0, start: 10, end: 90, cause: first });
  const second = put(spans, { kind: "flies", lane: 1, source: 0, start: 30, end: 40, cause: handler });
  const asked = put(spans, { kind: "asks", lane: 1, start: 40, end: 50, cause: second });
  const { columns } = drawn(spans, 2, { from: 0, to: 100 });
  assert.deepEqual([...wholeOf(columns, first)].sort(), [first, handler]);
  assert.deepEqual([...wholeOf(columns, asked)].sort(), [handler, second, asked]);
});

test("a message of lowest priority points at the CPU that took it, one to nobody ends in the air beside its sender", () => {
  const spans = noSpans();
  const lowest = put(spans, { kind: "flies", lane: -1, source: 0, start: 100, end: 200 });
  put(spans, { kind: "asks", lane: 1, start: 200, end: 900, cause: lowest });
  const lost = put(spans, { kind: "flies", lane: -1, source: 1, start: 300, end: 400 });
  put(spans, { kind: "raised", lane: -1, start: 10, end: 20, name: "a line" });
  const columns = emptyColumns(styleOf);
  append(columns, spans);
  const depthOf = () => ({ waiting: 1, stack: 1 });
  const lanes = lanesOf({
    ...{ height: 284, axis: AXIS, font: FONT, cpus: 2, selected: 0 },
    lines: ["a line"],
    depthOf,
    crosses: false,
  });
  const scale = { from: 0, to: 1000, left: 100, width: 1480 };
  const scene = sceneOf({
    columns,
    lanes,
    scale,
    axis: AXIS,
    until: 900,
    labelOf: () => "",
    isLost: (row) => columns.id[row] === lost,
    hidden: [],
    faint: null,
  });
  const ends = new Map(
    (scene.shapes.get("arrow") ?? []).map(({ id, toY, ended }) => [
      id,
      [laneAt(lanes, toY ?? 0)?.sort, ended],
    ]),
  );
  assert.deepEqual(ends.get(lowest), ["cpu", false]);
  assert.deepEqual(ends.get(lost), ["cpu", true]);
  const [inAir] = (scene.shapes.get("arrow") ?? []).filter(({ id }) => id === lost);
  assert.ok(inAir?.toY !== undefined && inAir.toY < inAir.y && inAir.y - inAir.toY < 20);
});

test("kinds that somebody hides are neither shapes nor strips", () => {
  for (const spans of [200, 30_000]) {
    const { columns, lanes, scale } = drawn(madeUp({ spans, cpus: 4 }), 4, { from: 0, to: 40_000_000 });
    const sight = {
      columns,
      lanes,
      scale: { ...scale, to: columns.newest },
      axis: AXIS,
      until: columns.newest,
    };
    const scene = sceneOf({ ...sight, labelOf: () => "", hidden: ["asks", "leaves"], faint: null });
    const styles = new Set([...shapesOf(scene), ...scene.strips].map(({ style }) => style));
    assert.ok(styles.has("bar") && !styles.has("outline") && !styles.has("crossing"));
  }
});
