/** Which span a line of the log is about: of the kind that the server's table says, at that time, the one that fits best. */

import { vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */
/** @typedef {import("./columns.js").SpanColumns} SpanColumns */

/**
 * How well a span fits: the same message, CPU and vector, beginning or ending then.
 *
 * @param {SpanColumns} spans
 * @param {number} row
 * @param {EventRecord} event
 */
function fitOf(spans, row, event) {
  const same = [
    event.message !== null && spans.message[row] === event.message,
    spans.lane[row] === event.cpu || spans.source[row] === event.cpu,
    spans.value[row] === (event.pin ?? event.vector ?? -1),
    spans.start[row] === event.time || spans.end[row] === event.time,
  ];
  return same.filter(Boolean).length;
}

/**
 * @param {SpanColumns} spans those at the event's time
 * @param {EventRecord} event
 * @returns {number | null} its id
 */
export function spanOfEvent(spans, event) {
  const kind = vocabulary().events[event.kind]?.span;
  let [best, most] = [/** @type {number | null} */ (null), 1]; // one thing in common is none
  spans.id.forEach((id, row) => {
    if (spans.kind[row] !== kind) return;
    const fit = fitOf(spans, row, event);
    if (fit <= most) return;
    [best, most] = [id, fit];
  });
  return best;
}

/** @param {string} api the session's address @param {number} branch @param {EventRecord} event */
export async function findSpan(api, branch, event) {
  const range = { branch, from: Math.floor(event.time), to: Math.ceil(event.time) };
  const asked = new URLSearchParams(Object.entries(range).map(([name, value]) => [name, String(value)]));
  const answer = await fetch(`${api}/score?${asked}`).catch(() => null);
  if (!answer?.ok) return null;
  return spanOfEvent((await answer.json()).spans, event);
}
