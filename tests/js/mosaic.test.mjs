import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf } from "../../static/js/bitmap.js";
import { nextOf, previousOf, understood } from "../../static/js/stage/finding.js";
import { outlinesOf } from "../../static/js/stage/outline.js";
import {
  boxOf,
  censusOf,
  cpuAt,
  halvesLayoutOf,
  heatOf,
  layoutOf,
  middleOf,
  tileAt,
  tileOf,
} from "../../static/js/stage/tiles.js";
import { learn } from "../../static/js/vocabulary.js";
import { cpu, VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

const WIDE = layoutOf(255, 680, 340, 14);

test("a row of the mosaic is a cluster of sixteen, and a point finds the tile that is drawn there", () => {
  assert.equal(WIDE.rows, 16);
  for (const number of [0, 15, 16, 254]) {
    const { x, y } = middleOf(WIDE, number);
    assert.equal(cpuAt(WIDE, x, y), number);
    const box = boxOf(WIDE, number);
    assert.equal(cpuAt(WIDE, box.x + 1, box.y + 1), number);
    assert.equal(cpuAt(WIDE, box.x + box.width - 1, box.y + box.height - 1), number);
  }
  const beyond = middleOf(WIDE, 255);
  assert.equal(cpuAt(WIDE, beyond.x, beyond.y), null);
  assert.equal(cpuAt(WIDE, 0, 0), null);
});

test("a tile's shape is what its CPU is in, the gravest first", () => {
  const waits = [{ vector: 0x51, text: "waits", gate: "flag" }];
  const handlers = [{ vector: 0x51, name: "timer", since: 0 }];
  assert.equal(tileOf(cpu(0)).kind, "idle");
  const runs = /** @type {const} */ ({
    run_state: "running",
    call_stack: [{ function: "smp_call_function", overridden: false, interrupts: null }],
  });
  assert.equal(tileOf(cpu(0, runs)).kind, "runs");
  assert.equal(tileOf(cpu(0, { ...runs, run_state: "halted" })).kind, "idle");
  assert.equal(tileOf(cpu(0, { ...runs, window: "code" })).kind, "closed");
  assert.equal(tileOf(cpu(0, { window: "code" })).kind, "closed");
  assert.equal(tileOf(cpu(0, { why: waits, window: "held" })).kind, "waits");
  assert.equal(tileOf(cpu(0, { why: waits, handlers })).kind, "handler");
  assert.equal(tileOf(cpu(0, { why: waits, handlers })).waits, true);
  assert.equal(tileOf(cpu(0, { run_state: "wait_for_sipi", handlers })).kind, "absent");
  assert.equal(tileOf(cpu(0, { apic_mode: "disabled" })).kind, "absent");
  assert.equal(tileOf(cpu(0, { why: [{ vector: 1, text: "next", gate: "" }] })).kind, "idle");
  assert.equal(tileOf(cpu(0, { ppr: "0xf0" })).fill, 1);
});

test("the census counts each CPU once, and those that wait by their gates too", () => {
  const tiles = [
    cpu(0),
    cpu(1, { why: [{ vector: 0x51, text: "", gate: "flag" }] }),
    cpu(2, { why: [{ vector: 0x51, text: "", gate: "priority" }] }),
    cpu(3, { why: [{ vector: 0x51, text: "", gate: "flag" }] }),
  ].map(tileOf);
  const groups = censusOf(tiles);
  const whole = groups.filter(({ gate }) => gate === "");
  assert.equal(
    whole.reduce((sum, { cpus }) => sum + cpus.length, 0),
    4,
  );
  assert.deepEqual(
    groups.filter(({ gate }) => gate !== "").map(({ gate, cpus }) => [gate, cpus]),
    [
      ["flag", [1, 3]],
      ["priority", [2]],
    ],
  );
});

test("a count leads to the next of its CPUs, and round again", () => {
  assert.equal(nextOf([3, 9], 3), 9);
  assert.equal(nextOf([3, 9], 9), 3);
  assert.equal(nextOf([], 9), null);
});

test("arrows go by a tile and by a row, and stay within", () => {
  assert.equal(tileAt("ArrowDown", 5, WIDE), 21);
  assert.equal(tileAt("ArrowDown", 250, WIDE), 250);
  assert.equal(tileAt("ArrowLeft", 0, WIDE), 0);
  assert.equal(tileAt("Home", 37, WIDE), 32);
  assert.equal(tileAt("End", 245, WIDE), 254);
  assert.equal(tileAt("x", 5, WIDE), null);
});

test("half-wells stand in rows of four or eight, so that rows end where clusters do, and fill their room", () => {
  const few = halvesLayoutOf(16, 640, 400, 12);
  assert.deepEqual([few.columns, few.rows, few.width, few.height], [4, 4, 160, 100]);
  const more = halvesLayoutOf(32, 640, 400, 12);
  assert.deepEqual([more.columns, more.rows], [8, 4]);
  assert.equal(halvesLayoutOf(16, 480, 290, 12).columns, 8);
  assert.equal(halvesLayoutOf(32, 320, 400, 12).columns, 4);
  assert.equal(tileAt("ArrowDown", 1, few), 5);
});

test("receivers are ringed by one line round each part that hangs together", () => {
  const [row, ...others] = outlinesOf([16, 17, 18], 16);
  assert.deepEqual(others, []);
  assert.deepEqual(new Set(row?.map((corner) => corner.join())), new Set(["0,1", "3,1", "3,2", "0,2"]));
  assert.equal(outlinesOf([0, 16, 40], 16).length, 2);
  assert.deepEqual(outlinesOf([], 16), []);
});

test("all but the sender are ringed outside, and round the sender", () => {
  const all = Array.from({ length: 64 }, (_, at) => at).filter((at) => at !== 21);
  const loops = outlinesOf(all, 16);
  assert.deepEqual(loops.map((loop) => loop.length).sort(), [4, 4]);
});

const FOUND = [
  cpu(0),
  cpu(1, { why: [{ vector: 0x51, text: "", gate: "flag" }], window: "held", irr: bitmapOf([0x51]) }),
  cpu(2, { ppr: "0xd0", handlers: [{ vector: 0xd1, name: "h", since: 0 }] }),
];

/** @param {string} words */
function found(words) {
  const { test, unknown } = understood(words);
  if (!test) return unknown;
  const rates = [0, 4, 1];
  return FOUND.filter((one) => test({ cpu: one, tile: tileOf(one), rate: rates[one.cpu] ?? 0 })).map(
    (one) => one.cpu,
  );
}

test("CPUs are found by what they show, by values and by numbers, and by all of these at once", () => {
  assert.deepEqual(found("waits"), [1]);
  assert.deepEqual(found("if=0"), [1]);
  assert.deepEqual(found("ppr>=d0"), [2]);
  assert.deepEqual(found("ppr≥0xd0"), [2]);
  assert.deepEqual(found("irr=51"), [1]);
  assert.deepEqual(found("rate<=1"), [0, 2]);
  assert.deepEqual(found("0x1-2"), [1, 2]);
  assert.deepEqual(found("0,2"), [0, 2]);
  assert.deepEqual(found("0-1 waits"), [1]);
  assert.deepEqual(found("handler 0-1"), []);
});

test("a term that is none is named, and an empty field looks for nothing", () => {
  assert.equal(found("waits ppr>>1"), "ppr>>1");
  assert.equal(found("irr=100"), "irr=100");
  assert.equal(found("  "), "");
});

test("the next that is found comes after the selected one, and the one before it before", () => {
  assert.equal(previousOf([3, 9], 9), 3);
  assert.equal(previousOf([3, 9], 3), 9);
  assert.equal(previousOf([], 9), null);
});

test("a tile is the brighter the more interrupts its CPU takes", () => {
  const heats = [0, 1, 4, 50].map(heatOf);
  assert.equal(heats[0], 0);
  assert.ok(heats.every((heat, at) => at === 0 || heat > (heats[at - 1] ?? 1)));
  assert.equal(heats[3], 1);
});
