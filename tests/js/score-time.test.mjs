import assert from "node:assert/strict";
import { test } from "node:test";
import * as scales from "../../static/js/score/scale.js";
import { joined, missing } from "../../static/js/score/stretches.js";
import { chanceFrom, pick } from "./samples.mjs";

test("a time stands where its place says, and zooming keeps what is under the pointer", () => {
  const chance = chanceFrom(23);
  for (let round = 0; round < 200; round++) {
    const from = pick(chance, 1_000_000);
    const scale = { from, to: from + 500 + pick(chance, 100_000), left: 90, width: 1500 };
    const x = 90 + chance() * 1500;
    assert.ok(Math.abs(scales.xOf(scale, scales.timeAt(scale, x)) - x) < 1e-6);
    const closer = scales.zoomed(scale, 1 + chance(), x, 2_000_000);
    assert.ok(Math.abs(scales.timeAt(closer, x) - scales.timeAt(scale, x)) < 1e-3);
    const apart = scales.ticksOf(scale, 80).map((time) => scales.xOf(scale, time));
    for (let at = 1; at < apart.length; at++) assert.ok((apart[at] ?? 0) - (apart[at - 1] ?? 0) >= 79.9);
  }
});

test("following shows the newest time, and what is revealed is in sight", () => {
  const scale = { from: 0, to: 10_000, left: 0, width: 1000 };
  const there = scales.following(scale, 500_000);
  assert.ok(there.from < 500_000 && there.to > 500_000 && there.to - there.from === 10_000);
  const back = scales.revealing(there, 3_000, 4_000);
  assert.ok(back.from <= 3_000 && back.to >= 4_000);
  assert.deepEqual(scales.revealing(scale, 4_000, 5_000), scale);
});

test("two courses are shown from a little before their fork to a little after their end", () => {
  const { from, to } = scales.sightFrom(100_000, 104_000);
  assert.ok(from > 99_000 && from < 100_000);
  assert.ok(to > 104_000 && to < 105_000);
  assert.equal(scales.sightFrom(0, 5_000).from, 0);
  const none = scales.sightFrom(5_000, 5_000);
  assert.ok(none.from < 5_000 && none.to > 5_000);
});

test("what is missing and what is joined make the whole", () => {
  const chance = chanceFrom(29);
  for (let round = 0; round < 100; round++) {
    /** @type {import("../../static/js/score/stretches.js").Stretch[]} */
    let known = [];
    for (let more = 0; more < 6; more++) {
      const from = pick(chance, 100);
      known = joined(known, { from, to: from + 1 + pick(chance, 30) });
    }
    const wanted = { from: pick(chance, 50), to: 60 + pick(chance, 60) };
    const holes = missing(known, wanted);
    for (let time = wanted.from + 0.5; time < wanted.to; time++) {
      const isKnown = known.some(({ from, to }) => time > from && time < to);
      assert.equal(
        holes.some(({ from, to }) => time > from && time < to),
        !isKnown,
      );
    }
  }
});
