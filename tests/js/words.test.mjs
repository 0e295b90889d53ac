import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf } from "../../static/js/bitmap.js";
import { pointOnWay } from "../../static/js/bus-geometry.js";
import { actionFor } from "../../static/js/keys.js";
import { createNarrator, sentenceFor } from "../../static/js/narration.js";
import { platesOf } from "../../static/js/views/card.js";
import { comingTo } from "../../static/js/views/cards.js";
import { aimedAt, isAimed } from "../../static/js/views/composer.js";
import { pathLines } from "../../static/js/views/path.js";
import {
  cellSentence,
  cellWords,
  esrWords,
  flightFace,
  nameVectors,
  pprWords,
  short,
} from "../../static/js/words.js";
import { cpu, state } from "./samples.mjs";

test("a cell says what it is, and why it waits", () => {
  const busy = cpu(1, {
    irr: bitmapOf([0x51, 0x61]),
    isr: bitmapOf([0x61]),
    tmr: bitmapOf([0x51]),
    coalesced: bitmapOf([0x61]),
    ppr: "0x60",
    why: [{ vector: 0x51, text: "0x51 waits: class 5." }],
  });
  assert.equal(cellWords(busy, 0x51), "0x51 requested, waits, level-triggered");
  assert.equal(
    cellWords(busy, 0x61),
    "0x61 in service, requested again, waits, asked for twice, one is lost",
  );
  assert.equal(cellWords(busy, 0x05), "0x05 illegal vector");
  assert.equal(cellWords(busy, 0xfc), "0xfc not requested");
  nameVectors(new Map([[0xfc, "reschedule"]]));
  assert.equal(cellWords(busy, 0xfc), "0xfc reschedule not requested");
  nameVectors(new Map());
  assert.equal(cellSentence(busy, 0x51), "0x51 waits: class 5.");
});

test("the processor priority names the one that set it", () => {
  assert.match(pprWords({ ppr: "0x60", tpr: "0x20", in_service: [0x41, 0x61] }), /set by 0x61 in service/);
  assert.match(pprWords({ ppr: "0x70", tpr: "0x70", in_service: [0x61] }), /set by TPR/);
  assert.equal(pprWords({ ppr: "0x00", tpr: "0x00", in_service: [] }), "nothing is held back");
});

test("errors are spelled out", () => {
  assert.equal(esrWords("0x00"), "no error");
  assert.equal(esrWords("0x60"), "sent an illegal vector, received an illegal vector");
});

test("long numbers are shortened to three digits that count", () => {
  assert.deepEqual([999, 61_234, 1_740_000].map(short), ["999", "61.2k", "1.74M"]);
});

test("plates lie in the order of service; a handler past its EOI is told apart", () => {
  const plates = platesOf(
    cpu(0, {
      in_service: [0x41],
      handlers: [
        { vector: 0x41, name: "timer", since: 5 },
        { vector: null, name: "nmi", since: 9 },
      ],
    }),
  );
  assert.deepEqual(
    plates.map((plate) => [plate.vector, plate.done]),
    [
      [0x41, false],
      [null, true],
    ],
  );
});

test("the seam stands once, where the back end takes over", () => {
  const stack = [
    ["smp_call_function", false],
    ["apic_write", true],
    ["vmi_call", true],
  ];
  const lines = pathLines(
    cpu(0, { call_stack: stack.map(([name, overridden]) => ({ function: name, overridden })) }),
    "vmi",
  );
  assert.equal(lines.filter((line) => line.kind === "seam").length, 1);
});

test("what is under way to a CPU is known beforehand, answers to the I/O APIC are not", () => {
  const now = state(3);
  now.in_flight = [
    { kind: "ipi", delivery_mode: "fixed", vector: 0xfc, targets: [1, 2] },
    { kind: "ipi", delivery_mode: "nmi", vector: 2, targets: [1] },
    { kind: "eoi_broadcast", delivery_mode: "fixed", vector: 0x51, targets: [] },
  ];
  assert.deepEqual(
    [...comingTo(now)],
    [
      [1, bitmapOf([0xfc])],
      [2, bitmapOf([0xfc])],
    ],
  );
});

test("a message begins at its sender and ends at its target", () => {
  const from = { x: 10, edge: 0 };
  const to = { x: 200, edge: 50 };
  assert.deepEqual(pointOnWay(from, to, 25, 0), { x: 10, y: 0 });
  assert.deepEqual(pointOnWay(from, to, 25, 1), { x: 200, y: 50 });
  assert.equal(pointOnWay(from, to, 25, 0.5).y, 25);
});

test("a chip writes the destination in the APIC's words", () => {
  assert.equal(aimedAt(0x00, cpu(2), false), 2);
  assert.equal(aimedAt(0x01, cpu(2), true), 0x05);
  assert.equal(aimedAt(0x05, cpu(2), true), 0x01);
  assert.equal(isAimed(0xff, cpu(3), false), true);
});

test("messages that bypass vectors show their name", () => {
  assert.equal(flightFace({ delivery_mode: "fixed", vector: 0xfc }), "fc");
  assert.equal(flightFace({ delivery_mode: "startup", vector: 8 }), "SIPI 08");
});

test("what is read aloud is a sentence, or a summary when there was more", () => {
  const said = (/** @type {number} */ count) =>
    sentenceFor(
      Array.from({ length: count }, (_, n) => ({
        n,
        time: 0,
        kind: "acknowledged",
        cpu: 0,
        vector: 1,
        message: null,
        text: `e${n}.`,
      })),
    );
  assert.equal(said(0), "");
  assert.equal(said(2), "e0. e1.");
  assert.equal(said(212), "212 events, 212 interrupts taken. Last: e211.");
});

test("keys with a modifier belong to the browser", () => {
  const key = { key: "t", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
  assert.equal(actionFor(key), "theme");
  assert.equal(actionFor({ ...key, ctrlKey: true }), null);
  assert.equal(actionFor({ ...key, key: "ArrowRight", shiftKey: true }), "stepInterrupt");
});

test("a sentence is followed by a pause, and what happened meanwhile is said after it, not forgotten", () => {
  /** @type {string[]} */
  const said = [];
  /** @type {(() => void)[]} */
  const timers = [];
  const narrator = createNarrator(
    (sentence) => said.push(sentence),
    (callback) => timers.push(callback),
  );
  const event = (/** @type {number} */ n) => ({
    n,
    time: 0,
    kind: "sent",
    cpu: 0,
    vector: 1,
    message: null,
    text: `e${n}.`,
  });
  narrator.hear([event(1)]);
  narrator.hear([event(1), event(2)]);
  narrator.hear([event(1), event(2), event(3)]);
  assert.deepEqual(said, ["e1."]);
  timers.shift()?.();
  assert.deepEqual(said, ["e1.", "e2. e3."]);
  timers.shift()?.();
  narrator.hear([event(3), event(4)]);
  assert.deepEqual(said, ["e1.", "e2. e3.", "e4."]);
});
