import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDelta, createStore, EVENTS_KEPT, emptyModel, receive } from "../../static/js/store.js";
import { chanceFrom, deltaBetween, mutated, pick, state } from "./samples.mjs";

/** @param {number} n @returns {any} */
const event = (n) => ({ n, time: n, kind: "sent", cpu: 0, vector: null, message: null, text: `event ${n}` });

/** @param {any} at @param {number} seq @param {any[]} [events] @returns {any} */
const snapshot = (at, seq, events = []) => ({ type: "snapshot", seq, time: at.time, state: at, events });

test("a state at its base plus the delta is the state at its number, always", () => {
  const chance = chanceFrom(20070307);
  for (let run = 0; run < 60; run++) {
    let there = state(1 + pick(chance, 8));
    let here = structuredClone(there);
    for (let seq = 0; seq < 30; seq++) {
      const next = mutated(chance, there);
      here = applyDelta(here, deltaBetween(there, next, seq));
      assert.deepEqual(here, next);
      there = next;
    }
  }
});

test("a CPU that a delta does not mention stays the very same object", () => {
  const before = state(3);
  const after = applyDelta(before, { type: "delta", seq: 1, base: 0, time: 5, cpus: { 1: { tpr: "0x20" } } });
  assert.equal(after.cpus[0], before.cpus[0]);
  assert.equal(after.cpus[2], before.cpus[2]);
  assert.equal(after.cpus[1]?.tpr, "0x20");
  assert.equal(before.cpus[1]?.tpr, "0x00", "the old state is not written to");
});

test("envelope keys of a delta do not become state", () => {
  const after = applyDelta(state(1), {
    type: "delta",
    seq: 9,
    base: 8,
    time: 7,
    events: [],
    events_skipped: 2,
  });
  assert.deepEqual(Object.keys(after).sort(), Object.keys(state(1)).sort());
  assert.equal(after.time, 7);
});

test("a gap asks for a snapshot and changes nothing meanwhile", () => {
  const { model } = receive(emptyModel(), snapshot(state(2), 10), 0);
  const gap = receive(model, { type: "delta", seq: 13, base: 12, time: 99 }, 1);
  assert.equal(gap.resync, true);
  assert.equal(gap.model.link, "catching_up");
  assert.equal(gap.model.state, model.state);
  const back = receive(gap.model, snapshot(state(2), 13), 2);
  assert.deepEqual([back.resync, back.model.link, back.model.seq], [false, "live", 13]);
});

test("a delta before any snapshot asks for one", () => {
  assert.equal(receive(emptyModel(), { type: "delta", seq: 1, base: 0, time: 1 }, 0).resync, true);
});

test("a delta overtaken by a snapshot is dropped without a word", () => {
  const { model } = receive(emptyModel(), snapshot(state(1), 10), 0);
  const late = receive(model, { type: "delta", seq: 8, base: 7, time: 99 }, 1);
  assert.equal(late.resync, false);
  assert.equal(late.model, model);
});

test("events are kept once each, in order, and only the newest", () => {
  let model = receive(emptyModel(), snapshot(state(1), 1, [event(1), event(2)]), 0).model;
  model = receive(model, snapshot(state(1), 2, [event(1), event(2), event(3)]), 1).model;
  assert.deepEqual(
    model.events.map((one) => one.n),
    [1, 2, 3],
  );
  const many = Array.from({ length: EVENTS_KEPT + 50 }, (_, at) => event(at + 4));
  model = receive(
    model,
    { type: "delta", seq: 3, base: 2, time: 1, events: many, events_skipped: 4 },
    2,
  ).model;
  assert.equal(model.events.length, EVENTS_KEPT);
  assert.equal(model.events.at(-1)?.n, EVENTS_KEPT + 53);
});

test("a session that began anew does not keep the old one's events", () => {
  let model = receive(emptyModel(), snapshot(state(1), 900, [event(500)]), 0).model;
  model = receive(model, snapshot(state(1), 2, [event(1)]), 1).model;
  assert.deepEqual(
    model.events.map((one) => one.n),
    [1],
  );
});

/** @param {Record<string, unknown>} moment @returns {any} */
const shown = (moment) => ({ ...state(1), ...moment });

/** @param {import("../../static/js/store.js").Model} model */
const numbers = (model) => model.events.map((one) => one.n);

test("an earlier moment keeps the events of its own past only", () => {
  const before = receive(
    emptyModel(),
    snapshot(shown({ tick: 9 }), 1, [event(1), event(2), event(3)]),
    0,
  ).model;
  const back = receive(before, snapshot(shown({ tick: 4, live: false }), 2, [event(1), event(2)]), 1).model;
  assert.deepEqual(numbers(back), [1, 2]);
  assert.equal(back.past, before.past + 1);
  const beginning = receive(back, snapshot(shown({ tick: 0, live: false }), 3, []), 2).model;
  assert.deepEqual(numbers(beginning), []);
});

test("another branch brings its own events, also where their numbers are higher", () => {
  const before = receive(emptyModel(), snapshot(shown({ tick: 9 }), 1, [event(1), event(2)]), 0).model;
  const other = { ...event(2), text: "the other branch" };
  const there = receive(
    before,
    snapshot(shown({ tick: 12, branch: 1 }), 2, [event(1), other, event(3)]),
    1,
  ).model;
  assert.deepEqual(numbers(there), [1, 2, 3]);
  assert.equal(there.events[1]?.text, "the other branch");
});

test("a branch that begins here keeps the events before it", () => {
  const before = receive(emptyModel(), snapshot(shown({ tick: 4, live: false }), 1, [event(1)]), 0).model;
  const begun = receive(
    before,
    { type: "delta", seq: 2, base: 1, time: 1, tick: 5, branch: 1, events: [event(2)] },
    1,
  ).model;
  assert.deepEqual(numbers(begun), [1, 2]);
  assert.equal(begun.past, before.past);
});

test("a later moment of the same branch adds to what the page has", () => {
  const before = receive(emptyModel(), snapshot(shown({ tick: 4 }), 1, [event(1)]), 0).model;
  const later = receive(before, snapshot(shown({ tick: 9 }), 2, [event(1), event(2)]), 1).model;
  assert.deepEqual(numbers(later), [1, 2]);
  assert.equal(later.past, before.past);
});

test("the selection stays on a CPU that exists", () => {
  const store = createStore(() => {});
  store.receive(snapshot(state(8), 1), 0);
  store.set({ selected: 7 });
  store.receive(snapshot(state(2), 2), 1);
  assert.equal(store.get().selected, 1);
});

test("the store tells of every change", () => {
  let told = 0;
  const store = createStore(() => told++);
  store.receive(snapshot(state(1), 1), 0);
  store.set({ selected: 0 });
  assert.equal(told, 2);
});

test("silence is said until anything is heard, be it a ping", () => {
  const model = {
    ...receive(emptyModel(), snapshot(state(1), 4), 0).model,
    link: /** @type {any} */ ("silent"),
  };
  assert.equal(receive(model, { type: "ping" }, 1).model.link, "live");
  const lost = { ...model, link: /** @type {any} */ ("stale") };
  assert.equal(receive(lost, { type: "ping" }, 1).model.link, "stale", "a ping is no state");
});

test("a page that comes back to the state that it has is live at once", () => {
  const model = {
    ...receive(emptyModel(), snapshot(state(1), 4), 0).model,
    link: /** @type {any} */ ("stale"),
  };
  /** @param {string} resume @returns {any} */
  const hello = (resume) => ({ type: "hello", protocol: 1, session: "S", cpus: 1, backend: "vmi", resume });
  assert.equal(receive(model, hello("S:4"), 1).model.link, "live");
  assert.equal(receive(model, hello("S:14"), 1).model.link, "catching_up");
  assert.equal(receive(emptyModel(), hello("S:-1"), 1).model.link, "catching_up");
});
