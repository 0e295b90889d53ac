import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf, EMPTY } from "../../static/js/bitmap.js";
import { bitsOf, prioritiesOf } from "../../static/js/event-channels.js";
import { chipsOf } from "../../static/js/stage/chips.js";
import { sheetOf } from "../../static/js/views/pricing.js";
import { learn } from "../../static/js/vocabulary.js";
import { cellSentence, cellWords, portWords } from "../../static/js/words.js";
import { cpu, VOCABULARY } from "./samples.mjs";

learn(VOCABULARY);

/** @param {Record<string, unknown>} [other] */
const channels = (other = {}) => ({
  pending: EMPTY,
  masked: EMPTY,
  level: EMPTY,
  selector: "0x0",
  upcall_pending: false,
  upcall_mask: false,
  rows: [],
  ...other,
});

test("a cell is a port: pending, masked, in its handler, to be ended by call", () => {
  const words = channels({ pending: bitmapOf([0x41]), masked: bitmapOf([0x41]), level: bitmapOf([0x51]) });
  const xen = cpu(1, {
    event_channels: words,
    handlers: [{ vector: 0x51, name: "do_IRQ", since: 7 }],
    why: [{ vector: 0x41, gate: "port_unmasked", text: "Port 0x41 waits: its mask bit is set." }],
  });
  assert.equal(cellWords(xen, 0x41), "port 0x41 port pending, port masked");
  assert.equal(portWords(xen, words, 0x51), "port handler, port level");
  assert.equal(cellWords(xen, 0x05), "port 0x05 port idle");
  assert.equal(cellSentence(xen, 0x41), "Port 0x41 waits: its mask bit is set.");
});

test("no line of a priority is drawn over ports, whatever the unused APIC holds", () => {
  const held = { ppr: "0x10", tpr: "0x10", isr: bitmapOf([0x61]), irr: bitmapOf([0x62]) };
  const xen = cpu(0, { ...held, event_channels: channels({ pending: bitmapOf([0x41]) }) });
  assert.deepEqual(prioritiesOf(xen), { ppr: "0x00", tpr: "0x00" });
  assert.deepEqual(prioritiesOf(cpu(0, held)), { ppr: "0x10", tpr: "0x10" });
  assert.equal(bitsOf(xen, EMPTY).irr, bitmapOf([0x41]));
  assert.equal(bitsOf(xen, EMPTY).isr, EMPTY);
  assert.equal(bitsOf(cpu(0, held), EMPTY).isr, bitmapOf([0x61]));
});

test("a handler of an upcall is in service, and no handler past its EOI", () => {
  const upcall = cpu(0, {
    event_channels: channels(),
    handlers: [
      { vector: 0xfb, name: "call", since: 5 },
      { vector: null, name: "do_nmi", since: 5 },
    ],
  });
  assert.deepEqual(
    chipsOf(upcall, []).map((chip) => [chip.vector, chip.kind]),
    [[0xfb, "service"]],
  );
});

test("a cost sheet with figures behind its name was changed by hand", () => {
  assert.deepEqual(sheetOf("skylake-sp"), { name: "skylake-sp", changed: false });
  assert.deepEqual(sheetOf("skylake-sp?vm_exit=900"), { name: "skylake-sp", changed: true });
});
