/**
 * What can be done to a part of the picture, by the server's table of acts. Values in, values out.
 *
 * @typedef {import("../vocabulary.js").Act} Act
 * @typedef {import("../state-types.js").State} State
 *
 * @typedef {object} Place a part of the picture
 * @property {string} kind as acts name it
 * @property {number} [cpu]
 * @property {number} [vector]
 * @property {number} [pin]
 * @property {number[]} [cpus] a set, of many
 * @property {boolean} [kept] its well stays open beside the tiles
 *
 * @typedef {Record<string, string>} Facts what is known of a place, by the names that acts use
 * @typedef {{ act: Act, words: string, line: string }} Written
 */

import { changed, classOf, hasBitOf } from "../fields.js";
import { runsOf } from "../views/pins.js";
import { filled, vocabulary } from "../vocabulary.js";

/** @param {number} vector */
export const digitsOf = (vector) => vector.toString(16).padStart(2, "0");

/** A set of CPUs as lines have it: "0-3,7". @param {number[]} cpus in rising order */
export const setOf = (cpus) => runsOf(cpus).replaceAll(" ", "");

/** The keys of a state that hold one value, or a few numbers. @param {object} state @returns {Facts} */
function flat(state) {
  const known = Object.entries(state).flatMap(([key, value]) => {
    if (Array.isArray(value)) return value.map((one, at) => [`${key}_${at}`, String(one)]);
    return typeof value === "object" ? [] : [[key, String(value)]];
  });
  return Object.fromEntries(known);
}

/** A CPU that is not this one, where there is another: the selected one first. @param {number} cpu @param {number} selected @param {number} count */
function otherThan(cpu, selected, count) {
  if (selected !== cpu) return selected;
  return cpu === 0 ? Math.min(1, count - 1) : 0;
}

/**
 * What is known of a place at a moment.
 *
 * @param {Place} place
 * @param {State} state
 * @param {number} selected
 * @returns {Facts}
 */
export function factsOf(place, state, selected) {
  const cpu = state.cpus[place.cpu ?? selected];
  const pin = place.pin === undefined ? undefined : state.ioapic.pins[place.pin];
  const usual = vocabulary().usual_vectors.by_kernel[state.generation ?? ""] ?? "";
  const at = place.cpu ?? selected;
  return {
    ...(cpu ? flat(cpu) : {}),
    ...(pin ? flat(pin) : {}),
    apic: String(cpu?.event_channels === null),
    ...(place.kept === undefined ? {} : { kept: String(place.kept) }),
    sender: String(at),
    other: String(otherThan(at, selected, state.cpus.length)),
    vector: place.vector === undefined ? usual : digitsOf(place.vector),
    priority: place.vector === undefined ? "" : classOf(place.vector).toString(16),
    to: "{to}", // is asked for later
    cpus: setOf(place.cpus ?? []),
    count: String(place.cpus?.length ?? 0),
  };
}

/** @param {Act} act @param {Facts} facts */
const fits = (act, facts) =>
  act.when.every(({ fact, values, mask }) => {
    const known = facts[fact];
    if (known === undefined) return false;
    return values.includes(BigInt(mask) === 0n ? known : String(hasBitOf(known, mask)));
  });

/** @param {Act} act @param {Facts} facts @returns {Written} */
export function written(act, facts) {
  const before = act.change ? facts[act.change.of] : undefined;
  const value = act.change && before !== undefined ? changed(before, act.change).toString(16) : "";
  return { act, words: filled(act.words, { ...facts, value }), line: filled(act.line, { ...facts, value }) };
}

/**
 * The acts that fit a place, in their order. To whom something is sent stays in braces where nobody has said it.
 *
 * @param {string} kind
 * @param {Facts} facts
 * @returns {Written[]}
 */
export const actsAt = (kind, facts) =>
  vocabulary()
    .acts.filter((act) => act.places.includes(kind) && fits(act, facts))
    .map((act) => written(act, facts));
