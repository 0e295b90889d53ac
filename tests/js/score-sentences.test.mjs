import assert from "node:assert/strict";
import { test } from "node:test";
import { append, emptyColumns } from "../../static/js/score/columns.js";
import { faintOf, labelOf, sentenceOf, styleOf } from "../../static/js/score/sentences.js";
import { learn } from "../../static/js/vocabulary.js";
import { noSpans, put } from "./spans.mjs";

learn({
  names: { 81: "the disk's" },
  sentences: {
    cpu: "processor {cpu}",
    a_device: "some device",
    no_cpu: "nobody at all",
    to_io_apic: "the chip",
    cycles: "{count} steps",
  },
  events: {
    taken_in: { glyph: "+", words: "let in", ended: false },
    lost: { glyph: "-", words: "gone", ended: true },
  },
  windows: { kept_shut: "Press to open it." },
  holders: { kept_shut: "kept shut" },
  spans: {
    flies: {
      mark: "arrow",
      lane: "cpu",
      label: "{value}",
      words: "{value} {source} > {cpu} {length}: {name}",
    },
    asks: { mark: "outline", lane: "cpu", label: "{value}", words: "{cpu} {value} {from}-{to}" },
    shut: { mark: "hatching", lane: "cpu", label: "{name}", words: "{name}" },
    raised: { mark: "wave", lane: "devices", label: "{name}", words: "{name} up" },
  },
});

/** @param {ReturnType<typeof noSpans>} spans */
function columnsOf(spans) {
  const columns = emptyColumns(styleOf);
  append(columns, spans);
  return columns;
}

test("a message is said with its sender and its receiver, whoever they are", () => {
  const spans = noSpans();
  const line = put(spans, { kind: "raised", lane: -1, start: 0, end: 9, name: "pin of the disk" });
  const flight = { kind: "flies", value: 0x51, start: 10, end: 30 };
  const first = put(spans, { ...flight, lane: 2, source: 1, name: "taken_in" });
  const second = put(spans, { ...flight, lane: -1, cause: line, name: "taken_in" });
  put(spans, { kind: "asks", lane: 3, start: 30, value: 0x51, cause: second });
  const third = put(spans, { ...flight, lane: -1, name: "lost" });
  const fourth = put(spans, { ...flight, lane: -1, source: 0, name: "taken_in" });
  const columns = columnsOf(spans);
  const said = [first, second, third, fourth].map((id) => sentenceOf(columns, id, 99));
  assert.deepEqual(said, [
    "0x51 processor 1 > processor 2 20 steps: let in",
    "0x51 pin of the disk > processor 3 20 steps: let in",
    "0x51 some device > nobody at all 20 steps: gone",
    "0x51 processor 0 > the chip 20 steps: let in",
  ]);
});

test("what lasts is said to last until now, and a name of the model's is said in its words", () => {
  const spans = noSpans();
  const waits = put(spans, { kind: "asks", lane: 1, value: 0x51, start: 40 });
  const shut = put(spans, { kind: "shut", lane: 1, start: 40, name: "kept_shut" });
  const columns = columnsOf(spans);
  assert.equal(sentenceOf(columns, waits, 90), "1 0x51 40-90");
  assert.equal(sentenceOf(columns, shut, 90), "kept shut");
  assert.equal(labelOf(columns, 0), "51");
  assert.equal(sentenceOf(columns, 999, 90), "");
});

test("somebody finds a span by its kind, its vector, the vector's name and its CPU", () => {
  const spans = noSpans();
  put(spans, { kind: "asks", lane: 1, value: 0x51, start: 40 });
  put(spans, { kind: "shut", lane: 1, start: 40, name: "kept_shut" });
  const columns = columnsOf(spans);
  const shown = (/** @type {string} */ words) => [0, 1].map((row) => faintOf(columns, words)?.(row));
  assert.equal(faintOf(columns, ""), null);
  assert.deepEqual(shown("0x51"), [false, true]);
  assert.deepEqual(shown("disk processor"), [false, true]);
  assert.deepEqual(shown("kept shut"), [true, false]);
});
