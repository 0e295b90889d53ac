import assert from "node:assert/strict";
import { test } from "node:test";
import { Beside, SIDES } from "../../static/js/score/beside.js";
import { append, emptyColumns } from "../../static/js/score/columns.js";
import { messagesOfSpans, spansOfMessages } from "../../static/js/score/marked.js";
import { ticksOf, xOf } from "../../static/js/score/scale.js";
import { noSpans, put, styleOf } from "./spans.mjs";

const PLACES = { a: { began: 10_000, ended: 12_000 }, b: { began: 25_000, ended: 33_000 } };
const OWN = { from: 0, to: 1, left: 100, width: 800 };

/** @param {Beside} beside */
const scalesOf = (beside) => ({ a: beside.scaleOf("a", OWN), b: beside.scaleOf("b", OWN) });

test("the beginnings of a stimulus stand one under the other, and both of its ends are in sight", () => {
  const beside = new Beside();
  beside.lookAt(PLACES);
  const scales = scalesOf(beside);
  const [a, b] = [xOf(scales.a, 10_000), xOf(scales.b, 25_000)];
  assert.ok(Math.abs(a - b) < 1e-9);
  assert.ok(a > OWN.left && xOf(scales.b, 33_000) < OWN.left + OWN.width);
  assert.equal(scales.a.to - scales.a.from, scales.b.to - scales.b.from);
});

test("marks of both axes have the same places, and count from the beginning of the stimulus", () => {
  const beside = new Beside();
  beside.lookAt(PLACES);
  const scales = scalesOf(beside);
  const marks = SIDES.map((side) => ticksOf(scales[side], 70).map((time) => time - beside.zero[side]));
  assert.deepEqual(marks[0], marks[1]);
  assert.ok(marks[0]?.includes(0));
});

test("panning and zooming move both by as much, and whoever does so looks elsewhere", () => {
  const beside = new Beside();
  beside.lookAt(PLACES);
  assert.ok(beside.follows);
  beside.scale = { ...beside.scale, left: OWN.left, width: OWN.width };
  const newest = { a: 40_000, b: 90_000 };
  beside.pan(200, newest);
  beside.zoom(2, 500, newest);
  const { a, b } = scalesOf(beside);
  assert.ok(!beside.follows);
  assert.ok(Math.abs(b.from - a.from - 15_000) < 1e-6 && Math.abs(b.to - a.to - 15_000) < 1e-6);
});

test("all of both is in sight, however much longer one of them is", () => {
  for (const newest of [
    { a: 40_000, b: 90_000 },
    { a: 400_000, b: 90_000 },
  ]) {
    const beside = new Beside();
    beside.lookAt(PLACES);
    beside.lookAtAll(newest);
    const { a, b } = scalesOf(beside);
    assert.ok(a.from <= 0 && a.to >= newest.a && b.from <= 0 && b.to >= newest.b);
  }
});

test("before anything has happened both begin at 0", () => {
  const { a, b } = scalesOf(new Beside());
  assert.deepEqual(a, b);
  assert.equal(a.from, 0);
});

/** Two interrupts of one message each, and one of two. */
function threeInterrupts() {
  const columns = noSpans();
  const sent = [7, 8, 9, 10];
  const call = put(columns, { kind: "calls", start: 0, end: 900, name: "f" });
  for (const message of sent) {
    const flight = put(columns, {
      kind: "flies",
      start: 100,
      end: 400,
      message,
      cause: call,
      lane: 1,
      source: 0,
    });
    const asked = put(columns, { kind: "asks", start: 400, end: 500, message, cause: flight, lane: 1 });
    put(columns, { kind: "serves", start: 500, end: 700, cause: asked, lane: 1 });
  }
  const known = emptyColumns(styleOf);
  append(known, columns);
  return { known, call };
}

test("messages have the spans of their interrupts, whose spans have those messages", () => {
  const { known, call } = threeInterrupts();
  const spans = spansOfMessages(known, new Set([8, 10]));
  assert.equal(spans.size, 1 + 2 * 3); // a flight, a request and a service of each, and the call that sent them
  assert.ok(spans.has(call));
  assert.deepEqual(new Set(messagesOfSpans(known, spans)), new Set([8, 10]));
  assert.equal(spansOfMessages(known, new Set()).size, 0);
  assert.equal(spansOfMessages(known, new Set([99])).size, 0);
});
