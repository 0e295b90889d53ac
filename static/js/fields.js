/** Cutting values into fields, by the layouts that the server gives. */

import { vocabulary } from "./vocabulary.js";

/** @typedef {{ high: number, low: number }} Field */

const NOWHERE = { high: 0, low: 0 };

/** @param {bigint} value @param {Field} field */
export const cut = (value, { high, low }) => (value >> BigInt(low)) & highest({ high, low });

/** *word* with another value in a field. @param {bigint} word @param {Field} field @param {bigint} value */
export const put = (word, field, value) =>
  merge(word, highest(field) << BigInt(field.low), value << BigInt(field.low));

/** *word* with other bits where *mask* has ones. @param {bigint} word @param {bigint} mask @param {bigint} bits */
export const merge = (word, mask, bits) => (word & ~mask) | (bits & mask);

/** *word*'s bits where *mask* has ones. @param {bigint} word @param {bigint} mask */
export const kept = (word, mask) => word & mask;

/** The greatest number that a field holds. @param {Field} field */
export const highest = ({ high, low }) => (1n << BigInt(high - low + 1)) - 1n;

/** A whole number as people write it, 81 or 0x51; null for anything else. @param {string} text */
export const numberIn = (text) =>
  /^\s*(0[xX][0-9a-fA-F]+|[0-9]+)\s*$/.test(text) ? BigInt(text.trim()) : null;

/** *value* in hexadecimal with so many digits. @param {bigint} value @param {number} places */
export const hexadecimal = (value, places) => `0x${value.toString(16).padStart(places, "0")}`;

/** How many values a field can have. @param {Field} field */
const countOf = ({ high, low }) => 2 ** (high - low + 1);

/** @param {number} value @param {Field} field */
const small = (value, field) => Math.floor(value / 2 ** field.low) % countOf(field);

const classField = () => vocabulary().priority.priority_class ?? NOWHERE;
const subClassField = () => vocabulary().priority.priority_sub_class ?? NOWHERE;

/** The priority class of a vector, or of the value of TPR or PPR. @param {number} value */
export const classOf = (value) => small(value, classField());

/** What of it is below the class. @param {number} value */
export const subClassOf = (value) => small(value, subClassField());

/** @param {number} priority the class @param {number} subClass */
export const vectorOf = (priority, subClass) => priority * 2 ** classField().low + subClass;

/** A new count for each class, class 0 first. @returns {number[]} */
export const noneOfEachClass = () => new Array(countOf(classField())).fill(0);

/** A register's value as the state has it, with bits set and cleared. @param {string} value @param {{ set: string, clear: string }} change */
export const changed = (value, { set, clear }) => (BigInt(value) & ~BigInt(clear)) | BigInt(set);

/** Whether a register's value has any bit of a mask. @param {string} value @param {string} mask */
export const hasBitOf = (value, mask) => (BigInt(value) & BigInt(mask)) !== 0n;
