import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf, EMPTY } from "../../static/js/bitmap.js";
import {
  bitsOf,
  portWords,
  prioritiesOf,
  sharedWords,
  sharedWordsInShort,
} from "../../static/js/event-channels.js";
import { platesOf } from "../../static/js/views/card.js";
import { sheetOf } from "../../static/js/views/pricing.js";
import { cellSentence, cellWords } from "../../static/js/words.js";
import { cpu } from "./samples.mjs";

/** @param {Record<string, unknown>} [other] */
const channels = (other = {}) => ({
  pending: EMPTY,
  masked: EMPTY,
  level: EMPTY,
  selector: "0x0",
  upcall_pending: false,
  upcall_mask: false,
  ...other,
});

test("a guest without an APIC has shared words, and none of the APIC's registers", () => {
  const rows = sharedWords(
    channels({
      pending: bitmapOf([0xfb, 0x41]),
      masked: bitmapOf([0x31]),
      selector: "0xa",
      upcall_pending: true,
      upcall_mask: true,
    }),
  );
  assert.deepEqual(
    rows.map((row) => [row.name, row.value, row.words]),
    [
      ["evtchn_upcall_pending", "1", "something is new"],
      ["evtchn_upcall_mask", "1", "interrupts are off"],
      ["evtchn_pending_sel", "0xa", "ports 40–7f, c0–ff"],
      ["evtchn_pending", "41 fb", ""],
      ["evtchn_mask", "31", ""],
    ],
  );
});

test("a card has room for four rows", () => {
  const rows = sharedWordsInShort(
    channels({ pending: bitmapOf([0x41]), selector: "0x2", upcall_mask: true }),
  );
  assert.deepEqual(
    rows.map((row) => [row.name, row.value]),
    [
      ["upcall", "0, off"],
      ["selector", "0x2"],
      ["pending", "41"],
      ["mask", "none"],
    ],
  );
});

test("a long list of ports is cut, with what was left out", () => {
  const row = sharedWords(channels({ pending: bitmapOf([1, 2, 3, 4, 5, 6, 7, 8]) })).at(3);
  assert.equal(row?.value, "01 02 03 04 05 06 and 2 more");
});

test("a cell is a port: pending, masked, in its handler, to be ended by call", () => {
  const words = channels({ pending: bitmapOf([0x41]), masked: bitmapOf([0x41]), level: bitmapOf([0x51]) });
  const xen = cpu(1, {
    event_channels: words,
    handlers: [{ vector: 0x51, name: "do_IRQ", since: 7 }],
    why: [{ vector: 0x41, text: "Port 0x41 waits: its mask bit is set." }],
  });
  assert.equal(cellWords(xen, 0x41), "port 0x41 pending, masked");
  assert.equal(portWords(xen, words, 0x51), "its handler runs, level-triggered: ends by hypercall");
  assert.equal(cellWords(xen, 0x05), "port 0x05 not pending");
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

test("a handler of an upcall is no handler past its EOI", () => {
  const [plate] = platesOf(
    cpu(0, { event_channels: channels(), handlers: [{ vector: 0xfb, name: "call", since: 5 }] }),
  );
  assert.equal(plate?.port, true);
  const [nmi] = platesOf(
    cpu(0, { event_channels: channels(), handlers: [{ vector: null, name: "do_nmi", since: 5 }] }),
  );
  assert.equal(nmi?.port, false);
});

test("a cost sheet with figures behind its name was changed by hand", () => {
  assert.deepEqual(sheetOf("skylake-sp"), { name: "skylake-sp", changed: false });
  assert.deepEqual(sheetOf("skylake-sp?vm_exit=900"), { name: "skylake-sp", changed: true });
});
