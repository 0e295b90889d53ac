/**
 * A guest without an APIC: the words that it shares with its hypervisor, put into words for people. A port bears the number
 * of the vector that the same interrupt has with an APIC (`app/WIRE.md`).
 *
 * @typedef {import("./protocol.js").Cpu} Cpu
 * @typedef {import("./protocol.js").EventChannels} EventChannels
 */

import { EMPTY, has, vectorsIn } from "./bitmap.js";

/** Ports in a word of the pending and mask arrays: what one bit of the selector stands for. */
const WORD_BITS = 64;
const MOST_LISTED = 6;

/** @param {number} port */
const face = (port) => port.toString(16).padStart(2, "0");

/** @param {string} digits */
function listed(digits) {
  const ports = vectorsIn(digits).sort((a, b) => a - b);
  if (ports.length === 0) return "none";
  const more = ports.length > MOST_LISTED ? ` and ${ports.length - MOST_LISTED} more` : "";
  return ports.slice(0, MOST_LISTED).map(face).join(" ") + more;
}

/** @param {string} selector */
function wordsSelected(selector) {
  const value = Number(selector);
  const words = [0, 1, 2, 3].filter((word) => value & (1 << word));
  if (words.length === 0) return "no word to look into";
  return `ports ${words.map((word) => `${face(word * WORD_BITS)}–${face(word * WORD_BITS + WORD_BITS - 1)}`).join(", ")}`;
}

/**
 * The shared words as rows: Xen's name, the value, what it means now, and what it is for.
 *
 * @param {EventChannels} channels
 */
export function sharedWords(channels) {
  const { pending, masked, selector, upcall_pending, upcall_mask } = channels;
  return [
    {
      name: "evtchn_upcall_pending",
      value: upcall_pending ? "1" : "0",
      words: upcall_pending ? "something is new" : "nothing is new",
      says: "Set with the first event that is not masked; the guest clears it when its upcall begins to look.",
    },
    {
      name: "evtchn_upcall_mask",
      value: upcall_mask ? "1" : "0",
      words: upcall_mask ? "interrupts are off" : "upcalls come",
      says: "The interrupt flag of this guest, inverted: while it is 1 no upcall comes.",
    },
    {
      name: "evtchn_pending_sel",
      value: selector,
      words: wordsSelected(selector),
      says: "Per CPU, a bit for each word of 64 ports: which words the upcall has to look into.",
    },
    {
      name: "evtchn_pending",
      value: listed(pending),
      words: "",
      says: "A bit a port, set by the hypervisor and cleared by the guest when it handles the event. The lowest port goes first.",
    },
    {
      name: "evtchn_mask",
      value: listed(masked),
      words: "",
      says: "A bit a port: while it is set, the port may be pending and calls nobody up.",
    },
  ];
}

/**
 * The same for a card, in four short rows.
 *
 * @param {EventChannels} channels
 */
export function sharedWordsInShort({ pending, masked, selector, upcall_pending, upcall_mask }) {
  return [
    {
      name: "upcall",
      value: `${upcall_pending ? "1" : "0"}${upcall_mask ? ", off" : ""}`,
      says: "evtchn_upcall_pending, and whether evtchn_upcall_mask is set: then no upcall comes.",
    },
    {
      name: "selector",
      value: selector,
      says: "evtchn_pending_sel: which words of 64 ports the upcall has to look into.",
    },
    { name: "pending", value: listed(pending), says: "evtchn_pending: ports whose events wait." },
    {
      name: "mask",
      value: listed(masked),
      says: "evtchn_mask: ports that may be pending and call nobody up.",
    },
  ];
}

/** A port's state in words. @param {Cpu} cpu @param {EventChannels} channels @param {number} port */
export function portWords(cpu, channels, port) {
  const said = [];
  if (has(channels.pending, port)) said.push("pending");
  if (has(channels.masked, port)) said.push("masked");
  if (cpu.handlers.some((handler) => handler.vector === port)) said.push("its handler runs");
  if (has(channels.level, port)) said.push("level-triggered: ends by hypercall");
  return said.length === 0 ? "not pending" : said.join(", ");
}

/**
 * What the picture of a CPU shows: requests, what is in service, what is level-triggered, lost or on its way.
 *
 * @param {Cpu} cpu
 * @param {string} coming
 * @returns {import("./views/matrix.js").Bits}
 */
export function bitsOf(cpu, coming) {
  const channels = cpu.event_channels;
  if (!channels) {
    return { irr: cpu.irr, isr: cpu.isr, tmr: cpu.tmr, twice: cpu.coalesced, masked: EMPTY, coming };
  }
  return {
    irr: channels.pending,
    isr: EMPTY,
    tmr: channels.level,
    twice: EMPTY,
    masked: channels.masked,
    coming,
  };
}

/** What holds vectors back: no priority does where there is no APIC. @param {Cpu} cpu */
export const prioritiesOf = (cpu) =>
  cpu.event_channels ? { ppr: "0x00", tpr: "0x00" } : { ppr: cpu.ppr, tpr: cpu.tpr };
