import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAT_OUT, notchOf, progress, speedAt, virtualTime } from "../../static/js/clock.js";

const running = { time: 1000, paused: false, idle: false, speed: 400 };

test("between two states time runs on at the session's speed", () => {
  assert.equal(virtualTime(running, 0, 0), 1000);
  assert.equal(virtualTime(running, 0, 100), 1040);
});

test("paused, idle or flat out, it stays where the server left it", () => {
  for (const still of [{ paused: true }, { idle: true }, { speed: null }]) {
    assert.equal(virtualTime({ ...running, ...still }, 0, 100), 1000);
  }
});

test("a server that has fallen silent does not seem to go on", () => {
  assert.equal(virtualTime(running, 0, 60_000), virtualTime(running, 0, 400));
});

test("a message is between its sender and its target, never beyond", () => {
  const flight = { sent: 100, arrives: 300 };
  assert.deepEqual(
    [0, 100, 200, 300, 900].map((time) => progress(flight, time)),
    [0, 0, 0.5, 1, 1],
  );
  assert.equal(progress({ sent: 5, arrives: 5 }, 5), 1);
});

test("every notch of the slider finds its way back", () => {
  for (let notch = 0; notch <= FLAT_OUT; notch++) assert.ok(Math.abs(notchOf(speedAt(notch)) - notch) <= 1);
  assert.equal(speedAt(FLAT_OUT), null);
  assert.equal(notchOf(null), FLAT_OUT);
});

test("further right is faster", () => {
  for (let notch = 1; notch < FLAT_OUT; notch++)
    assert.ok(Number(speedAt(notch)) > Number(speedAt(notch - 1)));
});
