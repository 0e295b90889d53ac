import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyModel } from "../../static/js/store.js";
import { wantedOf } from "../../static/js/views/gates.js";
import { learn } from "../../static/js/vocabulary.js";
import { cpu, state, VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

const IDLE = { words: "", kind: "idle", cpu: null, vector: null, pin: null };

/** @param {Partial<import("../../static/js/state-types.js").CpuState>} one CPU 1's @param {Partial<typeof IDLE>} caption */
const model = (one = {}, caption = {}) => {
  const shown = state(2);
  shown.cpus[1] = cpu(1, one);
  return { ...emptyModel(), selected: 1, state: { ...shown, caption: { ...IDLE, ...caption } } };
};
const why = [{ vector: 0x51, gate: "priority", text: "" }];
const waits = { words: "", because: [], cpus: [], for_ever: true };

test("before a state has come, and on a CPU that idles, there is no ladder", () => {
  assert.equal(wantedOf(emptyModel()), null);
  assert.equal(wantedOf(model()), null);
});

test("what somebody has selected goes before all else, as long as its CPU is selected", () => {
  const selected = { ...model({ why }), selectedVector: { cpu: 1, vector: 0x61 } };
  assert.deepEqual(wantedOf(selected), { cpu: 1, vector: 0x61 });
  assert.deepEqual(wantedOf({ ...selected, selectedVector: { cpu: 0, vector: 0x61 } }), {
    cpu: 1,
    vector: 0x51,
  });
});

test("the caption's pin, or its vector where it speaks of the selected CPU, goes before what else waits", () => {
  assert.deepEqual(wantedOf(model({ why }, { pin: /** @type {any} */ (5) })), { pin: 5 });
  const speaks = /** @type {any} */ ({ cpu: 1, vector: 0x71 });
  assert.deepEqual(wantedOf(model({ why }, speaks)), { cpu: 1, vector: 0x71 });
  assert.deepEqual(wantedOf(model({ why }, { ...speaks, cpu: 0 })), { cpu: 1, vector: 0x51 });
});

test("code that waits for ever goes before a request, and a request before code that only waits", () => {
  assert.deepEqual(wantedOf(model({ why, waits })), { cpu: 1, code: 1 });
  assert.deepEqual(wantedOf(model({ why, waits: { ...waits, for_ever: false } })), { cpu: 1, vector: 0x51 });
  assert.deepEqual(wantedOf(model({ waits: { ...waits, for_ever: false } })), { cpu: 1, code: 1 });
});

test("where nothing waits it is what is on its way, and else what is in service", () => {
  const shown = model({ in_service: [0x31] });
  const coming = (/** @type {string} */ delivery_mode) => {
    const flight = /** @type {any} */ ({ message: 7, targets: [0, 1], vector: 0x61, delivery_mode });
    return wantedOf({ ...shown, state: { ...shown.state, in_flight: [flight], branch: 2, tick: 90 } });
  };
  assert.deepEqual(coming("fixed"), { cpu: 1, vector: 0x61 });
  assert.deepEqual(coming("nmi"), { cpu: 1, message: 7, branch: 2, tick: 90 });
  assert.deepEqual(wantedOf(model({ in_service: [0x31, 0x61] })), { cpu: 1, vector: 0x61 });
});
