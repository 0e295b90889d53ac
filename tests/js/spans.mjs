/** Made-up scores, with a seed: interrupts from their calls to the ends of their handlers, as a machine would write them. */

import { chanceFrom, pick } from "./samples.mjs";

/** Kinds, as nobody else calls them, with the styles that they are drawn in. */
export const STYLES = /** @type {Record<string, string>} */ ({
  asks: "outline",
  serves: "bar",
  handles: "dashes",
  shut: "hatching",
  calls: "box",
  spins: "dots",
  leaves: "crossing",
  raised: "wave",
  flies: "arrow",
  instant: "glyph",
});

/** @param {string} kind */
export const styleOf = (kind) => STYLES[kind] ?? kind;

/** @returns {import("../../static/js/score/columns.js").SpanColumns} */
export const noSpans = () => ({
  ...{ id: [], kind: [], lane: [], value: [], start: [], end: [], first: [], last: [] },
  ...{ message: [], source: [], name: [], cause: [] },
});

/**
 * @param {import("../../static/js/score/columns.js").SpanColumns} columns
 * @param {Partial<import("../../static/js/score/columns.js").Span> & { kind: string, start: number }} span
 * @returns {number} its id
 */
export function put(columns, span) {
  const id = span.id ?? columns.id.length + 1;
  const whole = { lane: 0, value: -1, end: null, message: -1, source: -1, name: "", cause: -1, ...span, id };
  const ticks = {
    first: Math.floor(whole.start / 10),
    last: whole.end === null ? null : Math.floor(whole.end / 10),
  };
  const row = /** @type {any} */ ({ ...ticks, ...whole });
  for (const [name, values] of Object.entries(columns)) values.push(row[name]);
  return id;
}

/**
 * One interrupt: sent by a call, accepted, taken, served, and the handler's return.
 *
 * @param {ReturnType<typeof noSpans>} columns
 * @param {() => number} chance
 * @param {number} cpus
 * @param {number} time
 */
function interrupt(columns, chance, cpus, time) {
  const [source, lane] = [pick(chance, cpus), pick(chance, cpus)];
  const value = 0x31 + pick(chance, 0xc0);
  const sent = time + 400 + pick(chance, 300);
  const arrived = sent + 300;
  const taken = arrived + 100 + pick(chance, 2000);
  const ended = taken + 600 + pick(chance, 900);
  const back = ended + 200 + pick(chance, 400);
  const call = put(columns, {
    kind: "calls",
    lane: source,
    start: time,
    end: sent + 900,
    name: `function_${value}`,
  });
  put(columns, { kind: "leaves", lane: source, start: sent - 300, end: sent + 200, name: "write" });
  const cause = put(columns, {
    ...{
      kind: "flies",
      lane,
      value,
      start: sent,
      end: arrived,
      message: call,
      source,
      name: "accepted",
      cause: call,
    },
  });
  const asked = put(columns, { kind: "asks", lane, value, start: arrived, end: taken, message: call, cause });
  put(columns, { kind: "shut", lane, start: taken, end: taken + 400, name: "gate" });
  const served = put(columns, { kind: "serves", lane, value, start: taken, end: ended, cause: asked });
  put(columns, {
    kind: "handles",
    lane,
    value,
    start: taken,
    end: back,
    name: `handler_${value}`,
    cause: served,
  });
}

/**
 * So many spans at least, in the order of beginning.
 *
 * @param {{ spans: number, cpus: number, seed?: number, every?: number }} wanted `every`: cycles from one interrupt to the next
 */
export function madeUp({ spans, cpus, seed = 7, every = 700 }) {
  const chance = chanceFrom(seed);
  const made = noSpans();
  for (let time = 0; made.id.length < spans; time += Math.max(1, Math.floor(every * 2 * chance()))) {
    interrupt(made, chance, cpus, time);
  }
  return sorted(made);
}

/** @param {ReturnType<typeof noSpans>} columns */
function sorted(columns) {
  const order = columns.start
    .map((_, at) => at)
    .sort((a, b) => (columns.start[a] ?? 0) - (columns.start[b] ?? 0) || a - b);
  const ids = new Map(order.map((at, place) => [columns.id[at] ?? 0, place + 1]));
  const anew = noSpans();
  for (const [name, values] of Object.entries(columns)) {
    /** @type {any} */ (anew)[name] = order.map((at) => values[at]);
  }
  anew.id = order.map((_, place) => place + 1);
  anew.cause = anew.cause.map((cause) => ids.get(cause) ?? -1);
  return anew;
}
