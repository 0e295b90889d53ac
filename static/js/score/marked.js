/** Which spans belong to some messages, and what is said of them. */

import { sentenceOf } from "./sentences.js";
import { wholeOf } from "./whole.js";

/** @typedef {import("./columns.js").Columns} Columns */

/** So many are said in words. */
const MOST_SENTENCES = 4;

/** All spans of the interrupts that these messages carry, as far as they are known. @param {Columns} columns @param {Set<number>} messages */
export function spansOfMessages(columns, messages) {
  /** @type {Set<number>} */
  const found = new Set();
  if (messages.size === 0) return found;
  for (let row = 0; row < columns.count; row++) {
    if (!messages.has(columns.message[row] ?? -1)) continue;
    for (const id of wholeOf(columns, columns.id[row] ?? -1)) found.add(id);
  }
  return found;
}

/** The messages of the interrupt that a span belongs to. @param {Columns} columns @param {Set<number>} spans */
export function messagesOfSpans(columns, spans) {
  const messages = [...spans].map((id) => columns.message[columns.rows.get(id) ?? -1] ?? -1);
  return messages.filter((message) => message >= 0);
}

/** A few sentences of spans, in the order in which they began. @param {Columns} columns @param {Set<number>} spans @param {number} until */
export function sentencesOf(columns, spans, until) {
  const ids = [...spans].sort((a, b) => a - b);
  const said = ids.slice(0, MOST_SENTENCES).map((id) => sentenceOf(columns, id, until));
  return said.join(" ") + (ids.length > MOST_SENTENCES ? " …" : "");
}
