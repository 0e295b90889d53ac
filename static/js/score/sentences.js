/** What is said of a span: the templates are the server's (`vocabulary().spans`). */

import { filled, say, vocabulary } from "../vocabulary.js";
import { grouped, hex } from "../words.js";
import { spanOf } from "./columns.js";

/** @typedef {import("./columns.js").Columns} Columns */

/** How a kind is drawn. @param {string} kind */
export const styleOf = (kind) => vocabulary().spans[kind]?.mark ?? kind;

/** Two digits stand in a bar; the sentence says the whole number. @param {number} value */
const digits = (value) => (value < 0 ? "" : value.toString(16).padStart(2, "0"));

/** @param {Columns} columns @param {number} row */
export function labelOf(columns, row) {
  const kind = columns.kinds[columns.kind[row] ?? 0] ?? "";
  const name = columns.names[columns.name[row] ?? 0] ?? "";
  return filled(vocabulary().spans[kind]?.label ?? "", {
    value: digits(columns.value[row] ?? -1),
    name,
  }).trim();
}

/** One sentence of a span. @param {Columns} columns @param {number} id @param {number} until when what lasts is said to end */
export function sentenceOf(columns, id, until) {
  const span = spanOf(columns, id);
  if (!span) return "";
  const end = span.end ?? until;
  return filled(vocabulary().spans[span.kind]?.words ?? "", {
    cpu: span.lane,
    value: span.value < 0 ? "" : hex(span.value),
    name: span.name,
    from: grouped(span.start),
    to: grouped(end),
    length: grouped(Math.max(0, end - span.start)),
    source: span.source < 0 ? "" : say("cpu", { cpu: span.source }),
  });
}

/** Everything that somebody may look for in a span, in lower case. @param {Columns} columns @param {number} row */
function soughtIn(columns, row) {
  const value = columns.value[row] ?? -1;
  const kind = columns.kinds[columns.kind[row] ?? 0] ?? "";
  const name = columns.names[columns.name[row] ?? 0] ?? "";
  const called = vocabulary().names[value] ?? "";
  return `${kind} ${name} ${value < 0 ? "" : hex(value)} ${called} ${say("cpu", { cpu: columns.lane[row] ?? -1 })}`.toLowerCase();
}

/** Whether a span has all of the words. @param {Columns} columns @param {number} row @param {string} words in lower case */
export function matches(columns, row, words) {
  const said = soughtIn(columns, row);
  return words.split(/\s+/).every((word) => said.includes(word));
}

/**
 * Which spans are drawn faintly: those of hidden kinds are not drawn at all, those that nobody looks for are faint.
 *
 * @param {Columns} columns
 * @param {{ hidden: string[], words: string }} filter
 */
export function filterOf(columns, filter) {
  if (filter.hidden.length === 0 && filter.words === "") return null;
  /** @param {number} row @returns {"plain" | "faint" | "hidden"} */
  return (row) => {
    if (filter.hidden.includes(columns.kinds[columns.kind[row] ?? 0] ?? "")) return "hidden";
    return filter.words === "" || matches(columns, row, filter.words) ? "plain" : "faint";
  };
}
