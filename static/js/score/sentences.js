/** What is said of a span: the templates are the server's (`vocabulary().spans`). */

import { filled, say, vocabulary } from "../vocabulary.js";
import { grouped, hex } from "../words.js";
import { effectsOf, rowOf, spanOf, styleAt } from "./columns.js";

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

/** What a name of the model's is called; a function's is what it is. @param {string} name */
const called = (name) => vocabulary().events[name]?.words ?? vocabulary().holders[name] ?? name;

/** @param {number} cpu */
const cpuWords = (cpu) => say("cpu", { cpu });

/** Who sent a message: a CPU, or the line that it tells of. @param {Columns} columns @param {import("./columns.js").Span} span */
function senderWords(columns, { source, cause }) {
  if (source >= 0) return cpuWords(source);
  const line = spanOf(columns, cause);
  return line && line.name !== "" ? line.name : say("a_device");
}

/** Who gets a message: of one that the bus chose a CPU for, the CPU that has it. @param {Columns} columns @param {number} row @param {import("./columns.js").Span} span */
function receiverWords(columns, row, { lane, name }) {
  if (lane >= 0) return cpuWords(lane);
  for (const effect of effectsOf(columns, row)) return cpuWords(columns.lane[effect] ?? -1);
  return vocabulary().events[name]?.ended ? say("no_cpu") : say("to_io_apic");
}

/** Whether a message reaches nobody at all. @param {Columns} columns @param {number} row */
export function isLost(columns, row) {
  const name = columns.names[columns.name[row] ?? 0] ?? "";
  return (columns.lane[row] ?? -1) < 0 && (vocabulary().events[name]?.ended ?? false);
}

/** One sentence of a span. @param {Columns} columns @param {number} id @param {number} until when what lasts is said to end */
export function sentenceOf(columns, id, until) {
  const span = spanOf(columns, id);
  if (!span) return "";
  const row = rowOf(columns, id);
  const end = span.end ?? until;
  const flies = styleAt(columns, row) === "arrow";
  return filled(vocabulary().spans[span.kind]?.words ?? "", {
    cpu: flies ? receiverWords(columns, row, span) : span.lane,
    value: span.value < 0 ? "" : hex(span.value),
    name: called(span.name),
    from: grouped(span.start),
    to: grouped(end),
    length: say("cycles", { count: grouped(Math.max(0, end - span.start)) }),
    source: flies ? senderWords(columns, span) : "",
  }).trim();
}

/** Everything that somebody may look for in a span, in lower case. @param {Columns} columns @param {number} row */
function soughtIn(columns, row) {
  const value = columns.value[row] ?? -1;
  const kind = columns.kinds[columns.kind[row] ?? 0] ?? "";
  const name = columns.names[columns.name[row] ?? 0] ?? "";
  const known = vocabulary().names[value] ?? "";
  const lane = columns.lane[row] ?? -1;
  const where = lane < 0 ? "" : cpuWords(lane);
  return `${kind} ${name} ${called(name)} ${value < 0 ? "" : hex(value)} ${known} ${where}`.toLowerCase();
}

/** Whether a span has all of the words. Spans that are alike are read once, for there may be many. @param {Columns} columns @param {string} words in lower case */
function matcher(columns, words) {
  const sought = words.split(/\s+/);
  /** @type {Map<string, boolean>} */
  const known = new Map();
  return (/** @type {number} */ row) => {
    const { kind, name, value, lane } = columns;
    const alike = `${kind[row]} ${name[row]} ${value[row]} ${lane[row]}`;
    let answer = known.get(alike);
    if (answer === undefined) {
      const said = soughtIn(columns, row);
      answer = sought.every((word) => said.includes(word));
      known.set(alike, answer);
    }
    return answer;
  };
}

/** What was looked for last, by the spans it was looked for in. @type {WeakMap<Columns, { words: string, faint: (row: number) => boolean }>} */
const lastSought = new WeakMap();

/** Which spans are drawn faintly, because somebody looks for others; null while nobody does. For the same words it is the same function. @param {Columns} columns @param {string} words in lower case */
export function faintOf(columns, words) {
  if (words === "") return null;
  const last = lastSought.get(columns);
  if (last?.words === words) return last.faint;
  const matches = matcher(columns, words);
  const faint = (/** @type {number} */ row) => !matches(row);
  lastSought.set(columns, { words, faint });
  return faint;
}

/** All spans that are known and have all of the words, in the order in which they begin; none without words. @param {Columns} columns @param {string} words in lower case @param {string[]} hidden kinds that are not shown @returns {number[]} ids */
export function foundIn(columns, words, hidden) {
  const faint = faintOf(columns, words);
  if (!faint) return [];
  const kinds = columns.kinds.map((kind) => !hidden.includes(kind));
  const rows = [];
  for (let row = 0; row < columns.count; row++)
    if (kinds[columns.kind[row] ?? 0] && !faint(row)) rows.push(row);
  const { start, id } = columns;
  rows.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0) || (id[a] ?? 0) - (id[b] ?? 0));
  return rows.map((row) => id[row] ?? -1);
}
