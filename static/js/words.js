/** How the page says what it was told: numbers, names of vectors, sentences about a cell. The words are the server's. */

import { has } from "./bitmap.js";
import { say, vocabulary } from "./vocabulary.js";

/** @param {number} vector */
const digits = (vector) => vector.toString(16).padStart(2, "0");

/** @param {number} vector */
export const hex = (vector) => `0x${digits(vector)}`;

/** What this kernel calls the vector; empty where nobody told us, as of a recorded one. @param {number} vector */
export const nameOf = (vector) => vocabulary().names[vector] ?? "";

/** "0xfc RESCHEDULE" @param {number} vector */
export const fullName = (vector) => `${hex(vector)} ${nameOf(vector)}`.trim();

const SPACED = new Intl.NumberFormat("en", { useGrouping: true, maximumFractionDigits: 0 });

/** 12345678 as "12 345 678", with thin spaces that do not break. @param {number} value */
export const grouped = (value) => SPACED.format(value).replaceAll(",", "\u202f");

/** The server's words, with their numbers in groups as the page writes them. @param {string} words */
export const regrouped = (words) => words.replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, "\u202f");

/** 61234 as "61.2k" for places where width is dear. @param {number} value */
export function short(value) {
  if (value < 10_000) return grouped(value);
  for (const [size, letter] of /** @type {[number, string][]} */ ([
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ])) {
    if (value >= size) return `${(value / size).toPrecision(3)}${letter}`;
  }
  return grouped(value);
}

/** @param {number | null} speed */
export function speedWords(speed) {
  if (speed === null) return "flat out";
  return `${short(speed)} cycles/s`;
}

/** "all_excluding_self" as "all excluding self". @param {string} name */
export const spaced = (name) => name.replaceAll("_", " ");

/** @param {string} which */
const cell = (which) => vocabulary().cells[which] ?? "";

/** How many requests a vector, or a port, that is requested stands for. @param {import("./state-types.js").CpuState} cpu @param {number} vector */
export const timesOf = (cpu, vector) => cpu.repeated.find((one) => one.vector === vector)?.times ?? 1;

/**
 * What one cell of the matrix shows, in words.
 *
 * @param {import("./state-types.js").CpuState} cpu
 * @param {number} vector
 */
export function cellWords(cpu, vector) {
  if (cpu.event_channels) {
    return say("port", { port: fullName(vector), words: portWords(cpu, cpu.event_channels, vector) });
  }
  const requested = has(cpu.irr, vector);
  const serving = has(cpu.isr, vector);
  const said = [];
  if (serving) said.push(cell("serving"));
  if (requested) said.push(cell(serving ? "again" : "requested"));
  if (!serving && !requested) {
    const kept = vocabulary().reserved.find(([first, last]) => vector >= first && vector <= last);
    said.push(cell(kept ? kept[2] : "idle"));
  }
  const times = timesOf(cpu, vector);
  if (times > 1) said.push(cell("coalesced").replace("{times}", String(times)));
  if (has(cpu.tmr, vector)) said.push(cell("level"));
  return `${fullName(vector)} ${said.join(", ")}`;
}

/**
 * A port's state in words, of a guest without an APIC.
 *
 * @param {import("./state-types.js").CpuState} cpu
 * @param {import("./state-types.js").EventChannelWords} channels
 * @param {number} port
 */
export function portWords(cpu, channels, port) {
  const said = [];
  if (has(channels.pending, port)) said.push(cell("port_pending"));
  if (has(channels.masked, port)) said.push(cell("port_masked"));
  if (cpu.handlers.some((handler) => handler.vector === port)) said.push(cell("port_handler"));
  const times = timesOf(cpu, port);
  if (times > 1) said.push(cell("coalesced").replace("{times}", String(times)));
  if (has(channels.level, port)) said.push(cell("port_level"));
  return said.length === 0 ? cell("port_idle") : said.join(", ");
}

/**
 * The sentence for a cell, with the reason why it waits if the server gave one.
 *
 * @param {import("./state-types.js").CpuState} cpu
 * @param {number} vector
 */
export function cellSentence(cpu, vector) {
  const reason = cpu.why.find((why) => why.vector === vector);
  return reason ? reason.text : `${cellWords(cpu, vector)}.`;
}

/** A message's face on the bus: two hexadecimal digits, or the name of a mode that bypasses vectors. @param {{ delivery_mode: string, vector: number }} flight */
export function flightFace(flight) {
  const face = vocabulary().faces[flight.delivery_mode] ?? "{}";
  return face.replace("{}", digits(flight.vector));
}

/** A name that is too long loses its middle, never its end. @param {string} name @param {number} letters */
export function middle(name, letters) {
  if (name.length <= letters) return name;
  const end = Math.floor((letters - 1) / 2);
  return `${name.slice(0, Math.max(1, letters - 1 - end))}…${name.slice(-Math.max(1, end))}`;
}

/** So many letters of a name that is too long for its place stay at its end. */
const KEPT_AT_END = 9;

/**
 * A name in two, its end short: where it is too long for its place, the first part is cut and the second is not, so that its middle
 * is left out. Whoever reads it otherwise reads it whole.
 *
 * @param {string} name
 * @returns {[string, string]}
 */
export const halves = (name) => {
  const at = Math.max(0, name.length - KEPT_AT_END);
  return [name.slice(0, at), name.slice(at)];
};
