import assert from "node:assert/strict";
import { test } from "node:test";
import { actsAt, factsOf, setOf } from "../../static/js/acting/acts.js";
import { rectangleOf } from "../../static/js/acting/box.js";
import { joined } from "../../static/js/acting/halos.js";
import { foreseenWords } from "../../static/js/acting/reading.js";
import { classAt, nearestClass } from "../../static/js/acting/task-line.js";
import { learn } from "../../static/js/vocabulary.js";
import { VOCABULARY } from "./samples.mjs";

const act = { places: ["thing"], words: "", does: "", group: "", when: [], change: null };
learn({
  ...VOCABULARY,
  usual_vectors: { by_class: [], by_kernel: { kernel: "f0" } },
  acts: [
    { ...act, name: "send", words: "send {vector} to {to}", line: "send {sender} {to} {vector}" },
    {
      ...act,
      name: "off",
      line: "off {cpu}",
      when: [{ fact: "word", values: ["true"], mask: "0x100" }],
    },
    { ...act, name: "on", line: "on {cpu}", when: [{ fact: "word", values: ["false"], mask: "0x100" }] },
    {
      ...act,
      name: "turn",
      line: "turn {pin} {value}",
      when: [{ fact: "masked", values: ["true"], mask: "0x0" }],
      change: { of: "redirection", set: "0x8000", clear: "0x10000" },
    },
    { ...act, name: "elsewhere", places: ["other"], line: "elsewhere" },
  ],
});

/** @param {number} cpus @returns {any} */
const stateOf = (cpus) => ({
  generation: "kernel",
  cpus: Array.from({ length: cpus }, (_, cpu) => ({
    ...{ cpu, event_channels: null, word: cpu === 1 ? "0x1ff" : "0xff", lint: [0, 1] },
  })),
  ioapic: { pins: [{ pin: 0, masked: true, redirection: "0xff00000000010031" }] },
});

/** @param {import("../../static/js/acting/acts.js").Place} place @param {number} selected */
const linesAt = (place, selected = 0) =>
  actsAt(place.kind, factsOf(place, stateOf(4), selected)).map(({ line }) => line);

test("acts that fit a place are lines with what is known there in them", () => {
  assert.deepEqual(linesAt({ kind: "thing", cpu: 1, vector: 0x61 }), ["send 1 {to} 61", "off 1"]);
  assert.deepEqual(linesAt({ kind: "thing", cpu: 2, vector: 0x61 }), ["send 2 {to} 61", "on 2"]);
  assert.deepEqual(linesAt({ kind: "other" }), ["elsewhere"]);
});

test("bits of a 64-bit entry are set and cleared, and the rest of it stays", () => {
  assert.ok(linesAt({ kind: "thing", pin: 0 }).includes("turn 0 ff00000000008031"));
});

test("a kernel's usual vector stands where nobody has named one, and the selected CPU sends where none is meant", () => {
  assert.equal(linesAt({ kind: "thing" }, 3)[0], "send 3 {to} f0");
});

test("another CPU is the selected one, and one that is there", () => {
  const other = (/** @type {number} */ cpu, /** @type {number} */ selected, count = 4) =>
    factsOf({ kind: "thing", cpu }, stateOf(count), selected).other;
  assert.deepEqual([other(2, 3), other(2, 2), other(0, 0), other(0, 0, 1)], ["3", "0", "1", "0"]);
});

test("a set of CPUs is written in runs, without blanks", () => {
  assert.equal(setOf([0, 1, 2, 3, 7, 9, 10]), "0-3,7,9-10");
});

test("tiles between two corners are a rectangle, whichever corner is first, and end with the CPUs", () => {
  assert.deepEqual(rectangleOf(17, 2, { count: 64, columns: 16 }), [1, 2, 17, 18]);
  assert.deepEqual(rectangleOf(2, 17, { count: 64, columns: 16 }), [1, 2, 17, 18]);
  assert.deepEqual(rectangleOf(3, 16, { count: 18, columns: 16 }), [0, 1, 2, 3, 16, 17]);
  assert.deepEqual(rectangleOf(1, 6, { count: 9, columns: 4 }), [1, 2, 5, 6]);
});

test("frames of neighbours are one, along a row and over rows of one width; those farther off are not", () => {
  const box = (/** @type {number} */ left, top = 0) => ({ left, top, width: 10, height: 10 });
  assert.deepEqual(joined([box(0), box(10), box(20)]), [{ left: 0, top: 0, width: 30, height: 10 }]);
  assert.deepEqual(joined([box(0), box(10), box(0, 10), box(10, 10)]), [
    { left: 0, top: 0, width: 20, height: 20 },
  ]);
  assert.equal(joined([box(0), box(20)]).length, 2);
  assert.equal(joined([box(0), box(0, 20)]).length, 2);
  assert.equal(joined([box(0), box(10), box(0, 10)]).length, 2);
});

test("a press between two lines takes the nearer one; under all of them nothing is held back", () => {
  const heights = [20, ...Array.from({ length: 14 }, () => 10), 30]; // class f to class 0
  assert.equal(nearestClass(heights, 1), 15);
  assert.equal(nearestClass(heights, 22), 14);
  assert.equal(nearestClass(heights, 26), 13);
  assert.equal(nearestClass(heights, 1000), 0);
});

test("classes without room have no line", () => {
  const heights = Array.from({ length: 16 }, (_, row) => (row === 3 ? 40 : 0)); // class c alone
  assert.equal(nearestClass(heights, 5), 12);
  assert.equal(nearestClass(heights, 38), 0);
});

test("keys go from class to class, and no further than there are classes", () => {
  assert.deepEqual(
    ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", "a"].map((key) => classAt(key, 2, 15)),
    [3, 1, 6, 0, 0, 15, null],
  );
  assert.equal(classAt("ArrowUp", 15, 15), 15);
});

test("a problem is said before anything that would come of a line", () => {
  const reading = { command: null, problem: { says: "no" }, hint: "", preview: null };
  assert.equal(foreseenWords(reading), "no");
  const preview = { receivers: [], merges: [], sentences: ["One.", "Two."] };
  assert.equal(foreseenWords({ ...reading, problem: null, preview }), "One. Two.");
});
