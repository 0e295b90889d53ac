/** Invitations are followed when their signs are there: in the state, and among the events since they stand there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, isThere } from "../../static/js/views/invite.js";

test("an object fits what has its keys, a list one of its values, and one of many values must fit", () => {
  const state = {
    live: true,
    cpus: [
      { cpu: 0, why: [] },
      { cpu: 2, why: [{ gate: "flag" }, { gate: "first" }] },
    ],
  };

  assert.ok(fits({ live: true }, state));
  assert.ok(fits({ cpus: { cpu: 2, why: { gate: ["shadow", "first"] } } }, state));
  assert.ok(!fits({ cpus: { cpu: 0, why: { gate: ["first"] } } }, state));
  assert.ok(!fits({ cpus: { cpu: 1 } }, state));
  assert.ok(!fits({ caption: { cpu: 1 } }, { caption: null }));
});

test("an event from before the invitation is no sign", () => {
  const sign = { state: { demonstration: false }, event: { kind: ["accepted"], cpu: 2 } };
  const model = /** @type {any} */ ({
    state: { demonstration: false },
    events: [
      { n: 7, kind: "accepted", cpu: 2 },
      { n: 8, kind: "accepted", cpu: 1 },
    ],
  });

  assert.ok(isThere(sign, model, 6));
  assert.ok(!isThere(sign, model, 7));
  assert.ok(!isThere(sign, { ...model, state: { demonstration: true } }, 6));
});
