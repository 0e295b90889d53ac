import assert from "node:assert/strict";
import { test } from "node:test";
import { createJourneys, SEEK_EVERY, together } from "../../static/js/journeys.js";

/** @param {number} count @param {string} [unit] */
const step = (count, unit = "operation") => ({ type: "step", unit, count });
/** @param {number} tick */
const seek = (tick) => ({ type: "seek", tick });

/** A server that answers when it is told to, and a clock that moves when it is told to. */
function slowServer() {
  /** @type {any[]} */
  const sent = [];
  /** @type {(() => void)[]} */
  const answers = [];
  let now = 0;
  /** @type {{ callback: () => void, at: number }[]} */
  let timers = [];
  const journeys = createJourneys(
    (command) => {
      sent.push(command);
      return new Promise((resolve) => answers.push(() => resolve(null)));
    },
    (callback, wait) => timers.push({ callback, at: now + wait }),
    () => now,
  );
  return {
    journeys,
    sent,
    /** Answers the oldest command that has none. */
    answer: async () => {
      answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
    /** @param {number} by ms */
    wait: (by) => {
      now += by;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { callback } of due) callback();
    },
  };
}

test("steps of one unit add up, and undo each other", () => {
  assert.deepEqual(together(step(-1), step(-1)), step(-2));
  assert.equal(together(step(1), step(-1)), null);
  assert.deepEqual(together(null, step(3)), step(3));
});

test("another unit, and another place, take the place of what waited", () => {
  assert.deepEqual(together(step(-4), step(-1, "interrupt")), step(-1, "interrupt"));
  assert.deepEqual(together(seek(5), seek(9)), seek(9));
  assert.deepEqual(together(seek(5), step(1)), step(1));
});

test("a slider that is dragged asks for its newest place only, and again only after a while", async () => {
  const { journeys, sent, answer, wait } = slowServer();
  for (const tick of [1, 2, 3, 4]) journeys.go(seek(tick));
  assert.deepEqual(sent, [seek(1)]);
  assert.equal(journeys.underWay(), true);

  await answer();
  assert.deepEqual(sent, [seek(1)], "too soon");
  journeys.go(seek(5));
  wait(SEEK_EVERY);
  assert.deepEqual(sent, [seek(1), seek(5)]);

  await answer();
  assert.equal(journeys.underWay(), false);
  wait(10 * SEEK_EVERY);
  assert.equal(sent.length, 2);
});

test("a key that is held down while the server is slow makes one command of all its steps", async () => {
  const { journeys, sent, answer } = slowServer();
  for (let times = 0; times < 5; times++) journeys.go(step(-1));
  await answer();
  assert.deepEqual(sent, [step(-1), step(-4)]);
  await answer();
  assert.equal(journeys.underWay(), false);
});

test("steps that undo each other while they wait are not asked for", async () => {
  const { journeys, sent, answer } = slowServer();
  journeys.go(step(1));
  journeys.go(step(-1));
  journeys.go(step(1));
  await answer();
  assert.deepEqual(sent, [step(1)]);
  assert.equal(journeys.underWay(), false);
});
