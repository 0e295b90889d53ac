import assert from "node:assert/strict";
import { test } from "node:test";
import { lanesOf, lineRow } from "../../static/js/score/lanes.js";
import { isNamed } from "../../static/js/score/paint.js";
import { regrouped } from "../../static/js/words.js";

const LINES = ["pin 1", "pin 2", "pin 4", "pin 8", "pin 12"];

/** @param {number} height @param {number} font @param {number} cpus @param {number} [selected] */
const lanesIn = (height, font, cpus, selected = 0) =>
  lanesOf({
    ...{ height, axis: font * 2, font, cpus, selected, lines: LINES, crosses: false },
    depthOf: () => ({ waiting: 1, stack: 1 }),
  });

test("lines that have no room for a name share a row, and no row is lower than its name", () => {
  for (const [height, font] of [
    [134, 11],
    [150, 16],
    [284, 11],
    [500, 11],
  ]) {
    const lane = lanesIn(height ?? 0, font ?? 0, 4).find(({ sort }) => sort === "lines");
    if (!lane) continue;
    assert.ok((lane.height - 3) / lane.lineRows >= (font ?? 0) * 1.1);
    assert.deepEqual(lineRow(lane, 4), lineRow(lane, lane.lineRows - 1));
  }
  const roomy = lanesIn(500, 11, 4).find(({ sort }) => sort === "lines");
  assert.equal(roomy?.lineRows, 5);
});

test("no two names of lanes touch, however low the lanes are, and the selected one is named", () => {
  const font = 16;
  for (const cpus of [4, 8, 12, 16, 255]) {
    for (const selected of [0, 3]) {
      const lanes = lanesIn(170, font, cpus, selected);
      for (const sort of ["cpu", "heat"]) {
        const named = lanes.filter((lane) => lane.sort === sort && isNamed(lanes, lane, font));
        const middles = named.map((lane) => lane.y + Math.min(lane.height / 2, font * 1.1));
        for (let at = 1; at < middles.length; at++) {
          const apart = (middles[at] ?? 0) - (middles[at - 1] ?? 0);
          assert.ok(apart >= font * 0.8, `${cpus} CPUs, ${sort} ${at}: ${apart}`);
        }
        if (lanes.some((lane) => lane.sort === sort && lane.selected))
          assert.ok(named.some((lane) => lane.selected));
      }
    }
  }
});

test("numbers in the server's words are grouped as the page's are, and lists are left alone", () => {
  assert.equal(
    regrouped("1,234,567 cycles on CPU 1, 2 and 3,4"),
    "1\u202f234\u202f567 cycles on CPU 1, 2 and 3,4",
  );
});
