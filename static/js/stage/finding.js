/**
 * What the field that finds CPUs takes: terms with spaces between them, of which a CPU must fulfil each. A term is what a tile shows,
 * a comparison of a value, or numbers of CPUs. The server's table says which there are, and what they are called.
 *
 * @typedef {import("../state-types.js").CpuState} CpuState
 * @typedef {import("./tiles.js").Tile} Tile
 * @typedef {{ cpu: CpuState, tile: Tile, rate: number }} Candidate
 * @typedef {(candidate: Candidate) => boolean} Test
 */

import { has } from "../bitmap.js";
import { prioritiesOf } from "../event-channels.js";

/** By the name of the term. @type {Record<string, Test>} */
const SHOWS = {
  waits: ({ tile }) => tile.waits,
  handler: ({ tile }) => tile.kind === "handler",
  runs: ({ tile }) => tile.kind === "runs",
  idle: ({ tile }) => tile.kind === "idle",
  closed: ({ cpu }) => cpu.window !== "open",
  absent: ({ tile }) => tile.kind === "absent",
};

/** By the name of the value: how it is read, and in which base it is written. @type {Record<string, { of: (candidate: Candidate) => number, base: number }>} */
const VALUES = {
  if: { of: ({ cpu }) => (cpu.window === "open" ? 1 : 0), base: 10 },
  ppr: { of: ({ cpu }) => Number(prioritiesOf(cpu).ppr), base: 16 },
  tpr: { of: ({ cpu }) => Number(prioritiesOf(cpu).tpr), base: 16 },
  rate: { of: ({ rate }) => rate, base: 10 },
};

/** By the name of a register of vectors: which must have the bit. @type {Record<string, (cpu: CpuState) => string>} */
const BITS = {
  irr: (cpu) => cpu.event_channels?.pending ?? cpu.irr,
  isr: (cpu) => cpu.isr,
};

/** @type {Record<string, (value: number, other: number) => boolean>} */
const COMPARISONS = {
  "=": (value, other) => value === other,
  ">=": (value, other) => value >= other,
  "<=": (value, other) => value <= other,
  ">": (value, other) => value > other,
  "<": (value, other) => value < other,
};

/** @param {string} term @returns {Test | null} */
function comparison(term) {
  const [, name = "", sign = "", digits = ""] = term.match(/([a-z]+)(>=|<=|=|>|<)(?:0x)?([0-9a-f]+)$/y) ?? [];
  const bits = BITS[name];
  if (bits && sign === "=") {
    const vector = Number.parseInt(digits, 16);
    return vector < 256 ? ({ cpu }) => has(bits(cpu), vector) : null;
  }
  const [value, compare] = [VALUES[name], COMPARISONS[sign]];
  if (!value || !compare) return null;
  const other = Number.parseInt(digits, value.base);
  return Number.isNaN(other) ? null : (candidate) => compare(value.of(candidate), other);
}

/** "0x20-2f", "32-47", "5": a CPU of these. @param {string} part @returns {[number, number] | null} */
function span(part) {
  const numbers = /(?:0x([0-9a-f]+)(?:-(?:0x)?([0-9a-f]+))?|(\d+)(?:-(\d+))?)$/y;
  const [whole, low, high, first, last] = numbers.exec(part) ?? [];
  if (whole === undefined) return null;
  if (low !== undefined) return [Number.parseInt(low, 16), Number.parseInt(high ?? low, 16)];
  return [Number(first), Number(last ?? first)];
}

/** @param {string} term @returns {Test | null} */
function numbers(term) {
  const spans = term.split(",").map(span);
  if (spans.includes(null)) return null;
  return ({ cpu }) => spans.some((each) => each && cpu.cpu >= each[0] && cpu.cpu <= each[1]);
}

/**
 * @param {string} words what stands in the field
 * @returns {{ test: Test | null, unknown: string }} null where nothing is looked for; `unknown`: the first term that is none
 */
export function understood(words) {
  const terms = words.toLowerCase().replaceAll("≥", ">=").replaceAll("≤", "<=").split(/\s+/).filter(Boolean);
  const tests = terms.map((term) => SHOWS[term] ?? comparison(term) ?? numbers(term));
  const at = tests.indexOf(null);
  if (at >= 0) return { test: null, unknown: terms[at] ?? "" };
  if (tests.length === 0) return { test: null, unknown: "" };
  return { test: (candidate) => tests.every((test) => test?.(candidate)), unknown: "" };
}

/** The next of *cpus* after *from*, or again the first; null where there is none. @param {number[]} cpus @param {number} from */
export const nextOf = (cpus, from) => cpus.find((cpu) => cpu > from) ?? cpus[0] ?? null;

/** The one before *from*, or again the last. @param {number[]} cpus @param {number} from */
export const previousOf = (cpus, from) => cpus.findLast((cpu) => cpu < from) ?? cpus.at(-1) ?? null;
