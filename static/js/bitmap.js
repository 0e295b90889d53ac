/** 256 bits as the 64 hexadecimal digits the stream carries: one number whose bit v is vector v. */

import { classOf, noneOfEachClass } from "./fields.js";

export const EMPTY = "0".repeat(64);
const DIGITS = 64;

/**
 * The vectors in a bitmap, lowest first.
 *
 * @param {string} digits
 * @returns {number[]}
 */
export function vectorsIn(digits) {
  const found = [];
  for (let place = 0; place < DIGITS; place++) {
    const digit = digits.charCodeAt(DIGITS - 1 - place);
    if (digit === 48) continue; // "0", by far the commonest
    const bits = Number.parseInt(String.fromCharCode(digit), 16);
    for (let bit = 0; bit < 4; bit++) if (bits & (1 << bit)) found.push(place * 4 + bit);
  }
  return found;
}

/**
 * @param {string} digits
 * @param {number} vector
 */
export function has(digits, vector) {
  const digit = digits[DIGITS - 1 - (vector >> 2)] ?? "0";
  return (Number.parseInt(digit, 16) & (1 << (vector & 3))) !== 0;
}

/**
 * The vectors that are in one bitmap and not in the other: only these need drawing again.
 *
 * @param {string} before
 * @param {string} after
 * @returns {number[]}
 */
export function differing(before, after) {
  if (before === after) return [];
  const found = [];
  for (let place = 0; place < DIGITS; place++) {
    const at = DIGITS - 1 - place;
    if (before[at] === after[at]) continue;
    const bits = Number.parseInt(before[at] ?? "0", 16) ^ Number.parseInt(after[at] ?? "0", 16);
    for (let bit = 0; bit < 4; bit++) if (bits & (1 << bit)) found.push(place * 4 + bit);
  }
  return found;
}

/**
 * @param {Iterable<number>} vectors
 * @returns {string}
 */
export function bitmapOf(vectors) {
  const digits = new Array(DIGITS).fill(0);
  for (const vector of vectors) digits[DIGITS - 1 - (vector >> 2)] |= 1 << (vector & 3);
  return digits.map((digit) => digit.toString(16)).join("");
}

/**
 * The highest vector: the one the processor would look at first. Null when there is none.
 *
 * @param {string} digits
 */
export function highest(digits) {
  const at = digits.search(/[^0]/);
  if (at < 0) return null;
  const bits = Number.parseInt(digits[at] ?? "0", 16);
  return (DIGITS - 1 - at) * 4 + (31 - Math.clz32(bits));
}

/**
 * The lowest vector that is set, which a port of an event channel is. Null when there is none.
 *
 * @param {string} digits
 */
export function lowest(digits) {
  const set = vectorsIn(digits);
  return set.length === 0 ? null : Math.min(...set);
}

/**
 * How many vectors of each priority class are set, class 0 first: what a ladder draws.
 *
 * @param {string} digits
 * @returns {number[]}
 */
export function classCounts(digits) {
  const counts = noneOfEachClass();
  for (const vector of vectorsIn(digits)) counts[classOf(vector)] = (counts[classOf(vector)] ?? 0) + 1;
  return counts;
}
