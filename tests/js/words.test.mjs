import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf } from "../../static/js/bitmap.js";
import { actionFor } from "../../static/js/keys.js";
import { createNarrator, sentenceFor } from "../../static/js/narration.js";
import { comingTo } from "../../static/js/stage/chips.js";
import { rateWords } from "../../static/js/stage/pace.js";
import { pointOnWay } from "../../static/js/stage/way.js";
import { aimedAt, foreseenFrom } from "../../static/js/views/composer.js";
import { pathLines } from "../../static/js/views/path.js";
import { pinAt, pinWords, runsOf } from "../../static/js/views/pins.js";
import { icrRuler } from "../../static/js/views/ruler.js";
import { learn } from "../../static/js/vocabulary.js";
import { cellSentence, cellWords, flightFace, short } from "../../static/js/words.js";
import { cpu, state, VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

test("a cell says what it is, and why it waits", () => {
  const busy = cpu(1, {
    irr: bitmapOf([0x51, 0x61]),
    isr: bitmapOf([0x61]),
    tmr: bitmapOf([0x51]),
    repeated: [{ vector: 0x61, times: 2 }],
    ppr: "0x60",
    why: [{ vector: 0x51, gate: "priority", text: "0x51 waits: class 5." }],
  });
  assert.equal(cellWords(busy, 0x51), "0x51 requested, level-triggered");
  assert.equal(cellWords(busy, 0x61), "0x61 in service, again, asked for 2 times");
  assert.equal(cellWords(busy, 0x05), "0x05 illegal");
  assert.equal(cellWords(busy, 0xfc), "0xfc idle");
  learn({ names: { 252: "reschedule" } });
  assert.equal(cellWords(busy, 0xfc), "0xfc reschedule idle");
  learn({ names: {} });
  assert.equal(cellSentence(busy, 0x51), "0x51 waits: class 5.");
});

test("long numbers are shortened to three digits that count", () => {
  assert.deepEqual([999, 61_234, 1_740_000].map(short), ["999", "61.2k", "1.74M"]);
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
      [1, [0xfc]],
      [2, [0xfc]],
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
});

test("members of one cluster can share a destination, those of two cannot", () => {
  const member = (/** @type {number} */ logical) =>
    cpu(0, { destinations: { physical: 0, logical, group: 0xffff0000 } });
  assert.equal(aimedAt(0x10001, member(0x10002), true), 0x10003);
  assert.equal(aimedAt(0x10003, member(0x10002), true), 0x10001);
  assert.equal(aimedAt(0x10003, member(0x20001), true), 0x20001);
  assert.equal(aimedAt(0xfffe0000, member(0xfffe8000), true), 0xfffe8000);
});

test("a preview is asked for anew when what it speaks of has changed, and not at every step", () => {
  const now = state(2);
  const later = structuredClone(now);
  later.cpus[1].step = { kind: "Load", words: "load", cycles: 3, side: "guest" };
  later.cpus[1].activity = "something else";
  assert.equal(foreseenFrom(later), foreseenFrom(now));
  for (const [key, value] of Object.entries({
    interrupt_flag: false,
    held_off: true,
    irr: bitmapOf([0xfc]),
    svr: "0x0ff",
    apic_mode: "disabled",
    run_state: "wait_for_sipi",
    nmi_pending: true,
    tpr: "0x60",
  })) {
    const changed = structuredClone(now);
    changed.cpus[1][key] = value;
    assert.notEqual(foreseenFrom(changed), foreseenFrom(now), key);
  }
});

test("the ruler is cut by the layout of the APIC's mode, and names what it is told the names of", () => {
  const read = (/** @type {string} */ mode, /** @type {string} */ icr) =>
    icrRuler(icr, mode).map((field) => [field.name, field.bits, field.value, field.words]);
  learn({ names: { 253: "call" } });
  assert.deepEqual(read("xapic", "0x02000000000007fd"), [
    ["destination", "63:56", "02", "0x02"],
    ["delivery mode", "10:8", "111", "seventh"],
    ["vector", "7:0", "fd", "0xfd call"],
  ]);
  assert.deepEqual(read("x2apic", "0x00000002000000fd"), [
    ["destination", "63:32", "00000002", "0x00000002"],
    ["vector", "7:0", "fd", "0xfd call"],
  ]);
  assert.deepEqual(read("x2apic", "0xffffffff000000fd")[0]?.[2], "ffffffff");
  learn({ names: {} });
});

test("a pin is told by the sentence that was given for it", () => {
  const pin = /** @type {any} */ ({
    pin: 3,
    line: 1,
    masked: false,
    remote_irr: true,
    trigger_mode: "level",
    delivery_mode: "lowest_priority",
    vector: "0x51",
  });
  assert.equal(pinWords(pin), "3 up level lowest priority 0x51 remote");
  assert.equal(pinWords({ ...pin, line: 0, masked: true }), "3 down masked");
});

test("pins that are alike are told as runs, and arrows go along and across the rows", () => {
  assert.equal(runsOf([1, 2, 3, 7, 9, 10]), "1-3, 7, 9-10");
  assert.equal(runsOf([]), "");
  assert.deepEqual(
    ["ArrowRight", "ArrowDown", "ArrowUp", "Home", "End", "x"].map((key) => pinAt(key, 3, 24)),
    [4, 11, 3, 0, 23, null],
  );
});

test("two messages are no stream that is too fast to draw, in so many a second", () => {
  assert.doesNotMatch(rateWords(2), /messages|2/);
  assert.match(rateWords(1645), /too fast to draw: 1.?645 messages/);
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
  const { keys } = VOCABULARY;
  assert.equal(actionFor(key, keys), "theme");
  assert.equal(actionFor({ ...key, ctrlKey: true }, keys), null);
  assert.equal(actionFor({ ...key, key: "ArrowRight" }, keys), "stepForward");
  assert.equal(actionFor({ ...key, key: "ArrowRight", shiftKey: true }, keys), "stepInterrupt");
  assert.equal(actionFor({ ...key, key: "?", shiftKey: true }, keys), "help");
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
