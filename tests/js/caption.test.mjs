/** The caption is read aloud at once, and never in a flood. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createReader } from "../../static/js/views/caption.js";

/** What is read, and a clock that is wound by hand. */
function listener() {
  /** @type {string[]} */
  const said = [];
  /** @type {(() => void)[]} */
  const waiting = [];
  const read = createReader(
    (words) => said.push(words),
    (callback) => waiting.push(callback),
  );
  return { said, read, pause: () => waiting.shift()?.() };
}

test("a sentence is read at once, and once", () => {
  const { said, read, pause } = listener();
  read("One.");
  read("One.");
  pause();
  read("One.");
  assert.deepEqual(said, ["One."]);
});

test("of many steps one sentence per pause is read, and the last one always", () => {
  const { said, read, pause } = listener();
  for (let step = 0; step < 100; step++) read(`Step ${step}.`);
  assert.deepEqual(said, ["Step 0."]);
  pause();
  assert.deepEqual(said, ["Step 0.", "Step 99."]);
  pause();
  read("Later.");
  assert.equal(said.at(-1), "Later.");
});

test("what was passed over and is gone again is not read", () => {
  const { said, read, pause } = listener();
  read("One.");
  read("Two.");
  read("One.");
  pause();
  assert.deepEqual(said, ["One."]);
});
