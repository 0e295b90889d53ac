import assert from "node:assert/strict";
import { test } from "node:test";
import { append } from "../../static/js/score/columns.js";
import { Desk } from "../../static/js/score/desk.js";
import { Feed } from "../../static/js/score/feed.js";
import { panned } from "../../static/js/score/scale.js";
import { learn } from "../../static/js/vocabulary.js";
import { madeUp, noSpans, put, STYLES, styleOf } from "./spans.mjs";

learn({
  spans: Object.fromEntries(
    Object.entries(STYLES).map(([kind, mark]) => [kind, { mark, lane: "cpu", label: "{value}", words: "" }]),
  ),
  sentences: { cpu: "processor {cpu}", no_line: "other parts" },
});

const LOOK = /** @type {any} */ ({ font: 11, stroke: 2 });

/** @param {ReturnType<typeof noSpans>} spans */
function deskWith(spans) {
  const feed = new Feed({ api: "", styleOf, changed: () => {}, ask: async () => null });
  feed.setBranch(0);
  append(feed.columns, spans);
  const desk = new Desk(feed);
  desk.size = { width: 1600, height: 284 };
  return desk;
}

/** @param {number} time @param {number} cpus @param {Record<string, unknown>} [other] @returns {any} */
const given = (time, cpus, other = {}) => ({
  state: { time, cpus: Array.from({ length: cpus }) },
  ...{ selected: 0, selectedSpan: null, hoveredSpan: null, flags: [], ...other },
  ...{ scoreFilter: { hidden: [], words: "" }, markers: { a: null, b: null } },
});

test("time that goes on stays in sight, until somebody looks elsewhere", () => {
  const desk = deskWith(madeUp({ spans: 60, cpus: 2 }));
  for (const time of [10_000, 90_000, 300_000]) {
    desk.moveTo(time);
    assert.ok(desk.scale.from < time && time < desk.scale.to);
  }
  desk.chosen = true;
  desk.follows = false;
  desk.scale = panned(desk.scale, -400, desk.newest);
  const there = desk.scale;
  desk.moveTo(900_000);
  assert.deepEqual(desk.scale, there);
});

test("who goes to a moment of the past sees it, and what is to come stays", () => {
  const spans = madeUp({ spans: 3000, cpus: 2 });
  const desk = deskWith(spans);
  const { newest } = desk;
  desk.moveTo(newest);
  desk.chosen = true;
  desk.moveTo(newest / 10);
  assert.ok(desk.scale.from <= newest / 10 && newest / 10 <= desk.scale.to);
  const picture = desk.picture(given(newest / 10, 2), LOOK);
  assert.deepEqual([picture.past, picture.newest], [true, newest]);
});

test("a span that is looked at lights its whole interrupt, one that is alone lights nothing", () => {
  const spans = madeUp({ spans: 300, cpus: 2 });
  const desk = deskWith(spans);
  desk.moveTo(desk.newest);
  const asked = spans.id[spans.kind.indexOf("asks")] ?? 0;
  assert.equal(desk.picture(given(desk.newest, 2, { hoveredSpan: asked }), LOOK).lit?.size, 5);
  const shut = spans.id[spans.kind.indexOf("shut")] ?? 0;
  assert.equal(desk.picture(given(desk.newest, 2, { hoveredSpan: shut }), LOOK).lit, null);
  assert.equal(desk.picture(given(desk.newest, 2, { hoveredSpan: 1e9 }), LOOK).lit, null);
});

test("where heat rows stand for CPUs, a ring shows the handler that is looked at", () => {
  const desk = deskWith(madeUp({ spans: 4000, cpus: 255 }));
  desk.moveTo(desk.newest);
  const { columns } = desk.feed;
  const row = columns.lane.findIndex(
    (cpu, at) => cpu === 77 && columns.styles[columns.kind[at] ?? 0] === "dashes",
  );
  const { ringed, scene } = desk.picture(given(desk.newest, 255, { hoveredSpan: columns.id[row] }), LOOK);
  const heat = scene.lanes.find(({ sort, cpus }) => sort === "heat" && cpus.includes(77));
  assert.deepEqual(
    ringed.map(({ y }) => y),
    [heat?.y],
  );
});

test("the ghost of another branch is drawn from where it was left", () => {
  const spans = madeUp({ spans: 800, cpus: 2 });
  const desk = deskWith(noSpans());
  const other = deskWith(spans).feed.columns;
  desk.moveTo(5000);
  desk.ghost = { columns: other, since: 5000 };
  const { ghost } = desk.picture(given(5000, 2), LOOK);
  const drawn = [...(ghost?.shapes.values() ?? [])].flat();
  assert.ok(drawn.length > 0 && ghost?.since === 5000);
  const ends = drawn.map(({ id }) => spans.end[id - 1] ?? 0);
  assert.ok(ends.every((end) => end > 5000));
});

test("lines stand in the order of their numbers, and messages to nobody have a place without any", () => {
  const spans = noSpans();
  for (const name of ["line 10", "line 9", "line 9"])
    put(spans, { kind: "raised", lane: -1, start: 1, end: 2, name });
  assert.deepEqual(deskWith(spans).lines(), ["line 9", "line 10"]);
  const lost = noSpans();
  put(lost, { kind: "flies", lane: -1, source: 0, start: 1, end: 2 });
  assert.deepEqual(deskWith(lost).lines(), ["other parts"]);
  assert.deepEqual(deskWith(noSpans()).lines(), []);
});
