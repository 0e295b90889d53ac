import assert from "node:assert/strict";
import { test } from "node:test";
import { append, emptyColumns, spanOf } from "../../static/js/score/columns.js";
import { hitAt } from "../../static/js/score/hit.js";
import { inOrder } from "../../static/js/score/marks.js";
import * as scales from "../../static/js/score/scale.js";
import { faintOf, foundIn } from "../../static/js/score/sentences.js";
import { drawn } from "./drawn.mjs";
import { madeUp, noSpans, put, styleOf } from "./spans.mjs";

const MANY = madeUp({ spans: 30_000, cpus: 4 });

test("a search finds every span that is loaded, in the order of beginning, also where all are strips", () => {
  const columns = emptyColumns(styleOf);
  append(columns, MANY);
  const wanted = MANY.id.filter((_, at) => MANY.value[at] === 0x51 && MANY.kind[at] !== "asks");
  const found = foundIn(columns, "0x51", ["asks"]);
  assert.ok(wanted.length > 30);
  assert.deepEqual([...found].sort(), [...wanted].sort());
  const starts = found.map((id) => spanOf(columns, id)?.start ?? 0);
  assert.deepEqual(
    starts,
    [...starts].sort((a, b) => a - b),
  );
  assert.deepEqual(foundIn(columns, "", []), []);
  assert.deepEqual(foundIn(columns, "no such thing", []), []);
  assert.equal(faintOf(columns, "0x51"), faintOf(columns, "0x51"));
});

test("strips of what is not looked for are faint, and over them lies only what is", () => {
  const to = Math.max(...MANY.start);
  const columns = emptyColumns(styleOf);
  append(columns, MANY);
  const { scene } = drawn(MANY, 4, { from: 0, to, faint: faintOf(columns, "0x51") });
  const plain = scene.strips.filter(({ found }) => !found);
  const found = scene.strips.filter((strip) => strip.found);
  assert.ok(plain.length > 0 && found.length === plain.length);
  assert.ok(plain.every(({ faint }) => faint));
  const filled = (/** @type {typeof found} */ strips) =>
    strips.reduce((sum, { shares }) => sum + shares.filter((share) => share > 0).length, 0);
  assert.ok(filled(found) > 0 && filled(found) < filled(plain) / 2);
  assert.ok(drawn(MANY, 4, { from: 0, to }).scene.strips.every((strip) => !strip.faint && !strip.found));
});

test("a span that is found is brought so close that it is seen, and no closer than it was", () => {
  const far = { from: 0, to: 50_000_000, left: 100, width: 1480 };
  const near = scales.magnifying(far, 4_000_000, 4_000_600);
  const pixels = scales.xOf(near, 4_000_600) - scales.xOf(near, 4_000_000);
  assert.ok(pixels > 20 && pixels < 30);
  assert.ok(near.from < 4_000_000 && near.to > 4_000_600);
  assert.deepEqual(scales.magnifying(near, 4_000_000, 4_000_600), near);
  const moment = scales.magnifying(far, 9_000_000, 9_000_000);
  assert.ok(moment.to - moment.from < 10_000 && moment.from < 9_000_000 && moment.to > 9_000_000);
});

test("where a lane is too low for rows, the inner span lies inside the outer and above it", () => {
  const spans = noSpans();
  const outer = put(spans, { kind: "serves", lane: 1, start: 100, end: 200 });
  const returning = put(spans, { kind: "handles", lane: 1, start: 100, end: 900, cause: outer });
  const inner = put(spans, { kind: "serves", lane: 1, start: 400, end: 600 });
  const nested = put(spans, { kind: "handles", lane: 1, start: 400, end: 650, cause: inner });
  const { scene, columns, lanes, scale } = drawn(spans, 8, { from: 0, to: 1000 });
  assert.equal(lanes.find(({ cpus }) => cpus[0] === 1)?.stack, 1);
  const order = inOrder(scene.shapes).map(({ id }) => id);
  assert.deepEqual(order, [outer, returning, inner, nested]);
  const [bar] = (scene.shapes.get("bar") ?? []).filter(({ id }) => id === inner);
  const [around] = (scene.shapes.get("dashes") ?? []).filter(({ id }) => id === returning);
  assert.ok(bar && around && bar.height >= 3);
  assert.ok(bar.y > around.y && bar.y + bar.height < around.y + around.height);
  const middle = bar.y + bar.height / 2;
  assert.equal(hitAt(scene, columns, scales.xOf(scale, 500), middle).span, inner);
  assert.equal(hitAt(scene, columns, scales.xOf(scale, 800), middle).span, returning);
});
