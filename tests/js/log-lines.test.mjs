import assert from "node:assert/strict";
import { test } from "node:test";
import { spanOfEvent } from "../../static/js/score/of-event.js";
import { passes, tellsOf } from "../../static/js/views/log-lines.js";
import { learn } from "../../static/js/vocabulary.js";

const kind = (/** @type {string} */ span) => ({ glyph: "", words: "", ended: false, span });
learn({
  events: {
    accepted: kind("requested"),
    acknowledged: kind("in_service"),
    end_of_interrupt: kind("in_service"),
    pin: kind("line"),
  },
});

/** @param {Partial<import("../../static/js/state-types.js").EventRecord>} given */
const event = (given) =>
  /** @type {import("../../static/js/state-types.js").EventRecord} */ ({
    n: 1,
    time: 500,
    kind: "accepted",
    cpu: 2,
    vector: 0x51,
    message: null,
    pin: null,
    text: "CPU 2 accepts 0x51.",
    ...given,
  });

/** @param {Partial<import("../../static/js/score/columns.js").Span>} given */
const span = (given) =>
  /** @type {import("../../static/js/score/columns.js").Span} */ ({
    id: 7,
    kind: "in_service",
    lane: 2,
    value: 0x51,
    start: 500,
    end: 900,
    first: 1,
    last: 5,
    message: -1,
    source: -1,
    name: "",
    cause: -1,
    ...given,
  });

/** @param {import("../../static/js/score/columns.js").Span[]} spans */
function columns(spans) {
  const names = /** @type {(keyof typeof spans[0])[]} */ (Object.keys(span({})));
  return /** @type {any} */ (Object.fromEntries(names.map((name) => [name, spans.map((one) => one[name])])));
}

test("a line tells of the span of its kind that begins or ends then, on that CPU, with that vector", () => {
  assert.ok(tellsOf(event({ kind: "acknowledged" }), span({})));
  assert.ok(tellsOf(event({ kind: "end_of_interrupt", time: 900 }), span({})));
  assert.ok(!tellsOf(event({ kind: "accepted" }), span({})), "of another kind");
  assert.ok(!tellsOf(event({ kind: "acknowledged", time: 600 }), span({})), "in the middle");
  assert.ok(!tellsOf(event({ kind: "acknowledged", cpu: 3 }), span({})), "on another CPU");
  assert.ok(!tellsOf(event({ kind: "acknowledged", vector: 0x61 }), span({})), "of another vector");
});

test("a line of a pin tells of its line's span", () => {
  const line = span({ kind: "line", lane: -1, value: 16 });
  assert.ok(tellsOf(event({ kind: "pin", cpu: null, vector: null, pin: 16 }), line));
  assert.ok(!tellsOf(event({ kind: "pin", cpu: null, vector: null, pin: 17 }), line));
});

test("the filter hides lines by kind of span and by words", () => {
  assert.ok(passes(event({}), { hidden: [], words: "" }));
  assert.ok(passes(event({}), { hidden: ["flight"], words: "0x51 cpu" }));
  assert.ok(!passes(event({}), { hidden: ["requested"], words: "" }));
  assert.ok(!passes(event({}), { hidden: [], words: "0x61" }));
});

test("a line's span is the one of its kind that fits best", () => {
  const spans = columns([
    span({ id: 1, kind: "requested", end: 500, start: 400 }),
    span({ id: 2, lane: 3 }),
    span({ id: 3 }),
    span({ id: 4, value: 0x61, start: 100 }),
  ]);
  assert.equal(spanOfEvent(spans, event({ kind: "acknowledged" })), 3);
  assert.equal(spanOfEvent(spans, event({})), 1);
  assert.equal(spanOfEvent(spans, event({ kind: "pin", cpu: null, pin: 3 })), null);
});
