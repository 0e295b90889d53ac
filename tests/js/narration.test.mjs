import assert from "node:assert/strict";
import { test } from "node:test";
import { createNarrator, sentenceFor } from "../../static/js/narration.js";
import { learn } from "../../static/js/vocabulary.js";

learn({ sentences: { many_events: "{count} events, {taken} interrupts taken. Last: {last}" } });

/** @param {number} n @param {string} [kind] */
const event = (n, kind = "accepted") =>
  /** @type {import("../../static/js/state-types.js").EventRecord} */ ({
    n,
    time: n,
    kind,
    cpu: 0,
    vector: 0x51,
    message: null,
    pin: null,
    text: `Event ${n}.`,
  });

/** What is said, and a clock that is wound by hand. */
function listener() {
  /** @type {string[]} */
  const said = [];
  /** @type {(() => void)[]} */
  const waiting = [];
  const narrator = createNarrator(
    (sentence) => said.push(sentence),
    (callback) => waiting.push(callback),
  );
  return { said, narrator, pause: () => waiting.shift()?.() };
}

test("one or two events are read as they are", () => {
  assert.equal(sentenceFor([]), "");
  assert.equal(sentenceFor([event(1)]), "Event 1.");
  assert.equal(sentenceFor([event(1), event(2)]), "Event 1. Event 2.");
});

test("more than can be said is summed up, with the last", () => {
  const events = [event(1), event(2, "acknowledged"), event(3, "acknowledged"), event(4)];
  assert.equal(sentenceFor(events), "4 events, 2 interrupts taken. Last: Event 4.");
});

test("a storm is one sentence per pause, however many messages bring it", () => {
  const { said, narrator, pause } = listener();
  for (let n = 0; n < 1000; n++) narrator.hear([event(n)]);
  assert.deepEqual(said, ["Event 0."]);
  pause();
  assert.equal(said.length, 2);
  assert.match(said[1] ?? "", /^500 events/);
  pause();
  assert.equal(said.length, 2, "silence is not said");
});

test("who has been quiet for a pause is heard at once", () => {
  const { said, narrator, pause } = listener();
  narrator.hear([event(1)]);
  pause();
  narrator.hear([event(1), event(2)]);
  assert.deepEqual(said, ["Event 1.", "Event 2."]);
});

test("another past is no news, and what waited to be said of the old one is dropped", () => {
  const { said, narrator, pause } = listener();
  narrator.hear([event(1)]);
  narrator.hear([event(1), event(2)]);
  narrator.skip([event(1)]);
  pause();
  assert.deepEqual(said, ["Event 1."]);
  narrator.hear([event(1), event(2)]);
  assert.equal(said.at(-1), "Event 2.");
});
