import assert from "node:assert/strict";
import { test } from "node:test";
import { commonStart, completed, extended } from "../../static/js/palette/completion.js";
import { createHistory, MOST_LINES } from "../../static/js/palette/history.js";

/** @param {string[]} words @param {number} from @param {number} to */
const answer = (words, from, to) => ({
  ...{ command: null, problem: null, hint: "", syntax: "", preview: null },
  completions: words.map((text) => ({ text, says: "" })),
  replaces: { from, to },
});

test("a completion takes its place, and the line goes on behind a blank", () => {
  assert.deepEqual(completed("pin 16 u", { from: 7, to: 8 }, "up"), ["pin 16 up ", 10]);
  assert.deepEqual(completed("ipi 0 l 61", { from: 6, to: 7 }, "l:"), ["ipi 0 l: 61", 8]);
});

test("only what needs no choice is added", () => {
  assert.equal(commonStart(["smp_call_function", "smp_send_reschedule"]), "smp_");
  assert.deepEqual(extended("call 0 sm", answer(["smp_call_function", "smp_send_reschedule"], 7, 9)), [
    "call 0 smp_",
    11,
  ]);
  assert.deepEqual(extended("bac", answer(["backend"], 0, 3)), ["backend ", 8]);
  assert.equal(extended("pi", answer(["pin", "pic"], 0, 2)), null);
  assert.equal(extended("ipi 9", answer([], 4, 5)), null);
});

test("the past is gone through from the newest line, and leads back to what was being written", () => {
  const history = createHistory(
    () => JSON.stringify(["pause", "run"]),
    () => {},
  );
  assert.equal(history.older("if"), "run");
  assert.equal(history.older("run"), "pause");
  assert.equal(history.older("pause"), null);
  assert.equal(history.newer(), "run");
  assert.equal(history.newer(), "if");
  assert.equal(history.newer(), null);
});

test("a line stands once in the past, and no more lines than are kept", () => {
  let kept = "";
  const history = createHistory(
    () => null,
    (text) => {
      kept = text;
    },
  );
  for (let tick = 0; tick < MOST_LINES + 5; tick++) history.add(`seek ${tick}`);
  history.add("seek 7");
  const lines = JSON.parse(kept);
  assert.equal(lines.length, MOST_LINES);
  assert.equal(lines.at(-1), "seek 7");
  assert.equal(lines.filter((/** @type {string} */ line) => line === "seek 7").length, 1);
});

test("what is kept and is no past begins an empty one", () => {
  for (const text of ["{", '{"a":1}', null]) {
    const history = createHistory(
      () => text,
      () => {},
    );
    assert.equal(history.older(""), null);
  }
});
