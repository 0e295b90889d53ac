import assert from "node:assert/strict";
import { test } from "node:test";
import { createFrame } from "../../static/js/frame.js";
import { parseMessage, RESYNC } from "../../static/js/protocol.js";
import { backOff, mayReturn } from "../../static/js/socket.js";

test("the four messages are understood, others are passed over", () => {
  for (const type of ["hello", "snapshot", "delta", "ping"])
    assert.equal(parseMessage(JSON.stringify({ type }))?.type, type);
  assert.equal(parseMessage('{"type":"from_the_future"}'), null);
  assert.equal(parseMessage("null"), null);
  assert.deepEqual(JSON.parse(RESYNC), { type: "resync" });
});

test("waits grow, are scattered and have an end", () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    const [least, most] = [backOff(attempt, 0), backOff(attempt, 1)];
    assert.ok(least > 0 && most <= 20_000);
    assert.ok(most >= 10 * least, "a class is scattered over the whole wait");
    assert.ok(backOff(attempt + 1, 0) >= least);
  }
});

test("a page comes back after a cut or a restart, and stays away when told to", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 4408]) assert.equal(mayReturn(code), true);
  for (const code of [1000, 1008, 1009, 4400, 4404]) assert.equal(mayReturn(code), false);
});

test("however often something changes, the page is drawn once a frame", () => {
  /** @type {((now: number) => void)[]} */
  const frames = [];
  let drawn = 0;
  let moving = true;
  const frame = createFrame(
    () => {
      drawn++;
      return moving;
    },
    (callback) => frames.push(callback),
  );
  for (let message = 0; message < 100; message++) frame.ask();
  assert.equal(frames.length, 1);
  frames.shift()?.(0);
  assert.deepEqual([drawn, frames.length], [1, 1], "what moves asks for the next frame");
  moving = false;
  frames.shift()?.(16);
  assert.deepEqual([drawn, frames.length], [2, 0], "what stands still does not");
});
