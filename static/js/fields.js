/** Cutting values into fields, by the layouts that the server gives. */

import { vocabulary } from "./vocabulary.js";

/** @typedef {{ high: number, low: number }} Field */

const NOWHERE = { high: 0, low: 0 };

/** @param {bigint} value @param {Field} field */
export const cut = (value, { high, low }) => (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

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
