/**
 * All spans of one interrupt, by their causes: the line or the flight, the request, the service, the handler, and the call or the
 * handler that sent it. It ends there: what a handler sends is another interrupt.
 */

import { effectsOf, rowOf, styleAt } from "./columns.js";

/** What runs on a CPU by itself and may send. */
const SENDERS = ["box", "dashes"];
/** A message: what it leads to is another interrupt than that of its sender. */
const FLIGHT = "arrow";

/**
 * @param {import("./columns.js").Columns} columns
 * @param {number} id
 * @returns {Set<number>} ids; the span itself among them
 */
export function wholeOf(columns, id) {
  const found = new Set([id]);
  const from = rowOf(columns, id);
  if (from < 0) return found;
  const root = climb(columns, from, found);
  descend(columns, root, found, root === from);
  return found;
}

/**
 * Up to the flight, the line or whatever else has no cause of its own. A flight's sender is found, but not the sender's cause.
 *
 * @param {import("./columns.js").Columns} columns
 * @param {number} row
 * @param {Set<number>} found
 * @returns {number} the row from which all the rest follows
 */
function climb(columns, row, found) {
  for (let at = row; ; ) {
    const above = rowOf(columns, columns.cause[at] ?? -1);
    if (above < 0) return at;
    found.add(columns.id[above] ?? -1);
    if (styleAt(columns, at) === FLIGHT && SENDERS.includes(styleAt(columns, above))) return at;
    at = above;
  }
}

/**
 * @param {import("./columns.js").Columns} columns
 * @param {number} row
 * @param {Set<number>} found
 * @param {boolean} asked whether somebody asked for just this one: then what it sends is meant
 */
function descend(columns, row, found, asked) {
  found.add(columns.id[row] ?? -1);
  const others = SENDERS.includes(styleAt(columns, row)) && !asked;
  for (const effect of effectsOf(columns, row)) {
    if (!others || styleAt(columns, effect) !== FLIGHT) descend(columns, effect, found, false);
  }
}
