import assert from "node:assert/strict";
import { test } from "node:test";
import { createQuestions } from "../../static/js/asking.js";

/** Questions whose answers and waits the test lets come. */
function questions() {
  /** @type {((answer: string | null) => void)[]} */
  const asked = [];
  /** @type {(() => void)[]} */
  const waits = [];
  /** @type {(string | null)[]} */
  const taken = [];
  const { want, stop } = createQuestions(
    () => /** @type {Promise<string | null>} */ (new Promise((answer) => asked.push(answer))),
    (answer) => taken.push(answer),
    (callback) => waits.push(callback),
  );
  const settled = () => new Promise((done) => setImmediate(done));
  return { want, stop, asked, waits, taken, settled };
}

test("what is unchanged is not asked about again", async () => {
  const { want, asked, waits, settled } = questions();
  want("7", "a");
  asked[0]?.("first");
  await settled();
  waits[0]?.();
  want("7", "a");
  assert.equal(asked.length, 1);
});

test("changes while an answer is fresh are asked about once, when it is old enough", async () => {
  const { want, asked, waits, taken, settled } = questions();
  want("7", "a");
  want("7", "b");
  asked[0]?.("first");
  await settled();
  want("7", "c");
  assert.equal(asked.length, 1);

  waits[0]?.();

  assert.equal(asked.length, 2);
  asked[1]?.("second");
  await settled();
  assert.deepEqual(taken, ["first", "second"]);
  waits[1]?.();
  assert.equal(asked.length, 2);
});

test("another subject is asked about at once, and the answer about the one before does not count", async () => {
  const { want, asked, taken, settled } = questions();
  want("7", "a");
  want("8", "a");
  assert.equal(asked.length, 2);
  asked[1]?.("of 8");
  asked[0]?.("of 7");
  await settled();
  assert.deepEqual(taken, ["of 8"]);
});

test("after an answer that was none it is asked again, although nothing has changed", async () => {
  const { want, asked, waits, taken, settled } = questions();
  want("7", "a");
  asked[0]?.(null);
  await settled();
  waits[0]?.();
  want("7", "a");
  assert.equal(asked.length, 2);
  assert.deepEqual(taken, [null]);
});

test("an answer that comes when nothing is asked about any more does not count", async () => {
  const { want, stop, asked, taken, settled } = questions();
  want("7", "a");
  stop();
  asked[0]?.("late");
  await settled();
  assert.deepEqual(taken, []);
});
