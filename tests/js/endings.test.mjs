import assert from "node:assert/strict";
import { test } from "node:test";
import { endingsAfter, endingWords, nowhere } from "../../static/js/endings.js";
import { learn } from "../../static/js/vocabulary.js";
import { VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

let n = 0;
/** @param {string} kind @param {Record<string, unknown>} [other] */
const event = (kind, other = {}) => ({
  n: n++,
  time: 0,
  kind,
  cpu: null,
  vector: 0x61,
  message: 1,
  pin: null,
  text: `${kind}.`,
  ...other,
});

test("what a CPU drops stays at that CPU, until it takes something or it is cleared away", () => {
  const dropped = endingsAfter(nowhere(), [event("refused", { cpu: 2 })]);
  assert.equal(endingWords(/** @type {any} */ (dropped.cpus.get(2))), "R refused.");
  assert.deepEqual([...endingsAfter(dropped, [event("accepted", { cpu: 1 })]).cpus.keys()], [2]);
  assert.equal(endingsAfter(dropped, [event("accepted", { cpu: 2 })]).cpus.size, 0);
});

test("several in a row are counted, and the last one speaks", () => {
  const twice = endingsAfter(nowhere(), [
    event("refused", { cpu: 2 }),
    event("refused", { cpu: 2, text: "b." }),
  ]);
  assert.equal(endingWords(/** @type {any} */ (twice.cpus.get(2))), "R b. (2 in a row)");
});

test("what reaches nobody is said on the bus, until a message finds somebody", () => {
  const lost = endingsAfter(nowhere(), [event("no_target")]);
  assert.equal(lost.bus?.event.text, "no_target.");
  assert.equal(endingsAfter(lost, [event("accepted", { cpu: 1, message: null })]).bus, lost.bus);
  assert.equal(endingsAfter(lost, [event("accepted", { cpu: 1 })]).bus, null);
});

test("a pin that was silent says so at the pin, until its line has other news", () => {
  const silent = endingsAfter(nowhere(), [event("pin_silent", { pin: 3 })]);
  assert.deepEqual([...silent.pins.keys()], [3]);
  assert.equal(silent.bus, null);
  assert.equal(endingsAfter(silent, [event("pin", { pin: 3 })]).pins.size, 0);
  assert.equal(endingsAfter(silent, [event("pin", { pin: 4 })]).pins.size, 1);
});

test("without news the places are the same, so that nothing is drawn anew", () => {
  const before = nowhere();
  assert.equal(endingsAfter(before, []), before);
});
