import assert from "node:assert/strict";
import test from "node:test";

import { DENSITIES, densityFor, nextDensity } from "../../static/js/views/density.js";
import { captionedOf } from "../../static/js/views/gates.js";
import { halves } from "../../static/js/words.js";

test("every density is reached by going on from any other, and what is unknown leads to the first", () => {
  const reached = new Set();
  let at = "review";
  for (const _ of DENSITIES) {
    at = nextDensity(at);
    reached.add(at);
  }
  assert.deepEqual([...reached].sort(), [...DENSITIES].sort());
  assert.equal(nextDensity("unheard of"), DENSITIES[0]);
});

test("only a projector brings a lecture's density", () => {
  assert.deepEqual(["auto", "light", "dark", "projector"].map(densityFor), [
    "explore",
    "explore",
    "explore",
    "lecture",
  ]);
});

test("a name in two is the whole name, and keeps its end", () => {
  for (const name of ["", "idle()", "smp_call_function_mask()", "native_smp_send_reschedule()"]) {
    const [start, end] = halves(name);
    assert.equal(start + end, name);
    assert.ok(end.length <= 9);
    assert.ok(name === "" || end !== "");
  }
});

test("what a caption speaks of is a vector on a CPU, or nothing", () => {
  const caption = { words: "", cpu: 2, vector: 0xfc, pin: null };
  const idle = { step: null, call_stack: [] };
  assert.deepEqual(captionedOf({ state: { caption, cpus: [idle] }, selected: 0 }), { cpu: 2, vector: 0xfc });
  for (const busy of [
    { step: null, call_stack: [{ function: "do_irq" }] },
    { step: { words: "exits" }, call_stack: [] },
  ])
    assert.equal(captionedOf({ state: { caption, cpus: [busy] }, selected: 0 }), null);
  for (const caption of [
    { words: "", cpu: 2, vector: null, pin: null },
    { words: "", cpu: null, vector: null, pin: 3 },
  ])
    assert.equal(captionedOf({ state: { caption, cpus: [idle] }, selected: 0 }), null);
  assert.equal(captionedOf({ state: null, selected: 0 }), null);
});
