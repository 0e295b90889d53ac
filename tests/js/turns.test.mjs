import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyModel } from "../../static/js/store.js";
import { createTurns } from "../../static/js/turns.js";
import { state } from "./samples.mjs";

/** What is drawn, frame by frame, of a machine at a speed. @param {{ paused: boolean, speed: number | null }} how @param {{ upper?: boolean, lower?: boolean }} more */
function framesOf(how, { upper = false, lower = false } = {}) {
  /** @type {string[]} */
  const drawn = [];
  const half = (/** @type {string} */ name, /** @type {boolean} */ more) => () => {
    drawn.push(name);
    return more;
  };
  const draw = createTurns(half("upper", upper), half("lower", lower));
  const model = { ...emptyModel(), state: { ...state(1), ...how } };
  return () => {
    drawn.length = 0;
    const asks = draw(model, 0);
    return [...drawn, asks];
  };
}

test("while time stands still, or can be followed, all is drawn at once", () => {
  assert.deepEqual(framesOf({ paused: true, speed: null })(), ["lower", "upper", false]);
  assert.deepEqual(framesOf({ paused: false, speed: 100 }, { upper: true })(), ["lower", "upper", true]);
});

test("flat out the halves take turns, and the second asks no more than either has to do", () => {
  const frame = framesOf({ paused: false, speed: null });
  assert.deepEqual(
    [frame(), frame(), frame()],
    [
      ["upper", true],
      ["lower", false],
      ["upper", true],
    ],
  );
  const waits = framesOf({ paused: false, speed: null }, { upper: true });
  assert.deepEqual(
    [waits(), waits()],
    [
      ["upper", true],
      ["lower", true],
    ],
  );
});
