/**
 * Where something ended otherwise than by acceptance: the last such event of each place, until the place has news or
 * somebody clears it away. Events in, places out; no DOM.
 *
 * @typedef {import("./state-types.js").EventRecord} EventRecord
 * @typedef {{ event: EventRecord, count: number }} Ending `count`: how many in a row ended here
 * @typedef {{ cpus: Map<number, Ending>, pins: Map<number, Ending>, bus: Ending | null }} Places
 */

import { vocabulary } from "./vocabulary.js";

/** @returns {Places} */
export const nowhere = () => ({ cpus: new Map(), pins: new Map(), bus: null });

/** @param {Ending | null | undefined} before @param {EventRecord} event @returns {Ending} */
const another = (before, event) => ({ event, count: (before?.count ?? 0) + 1 });

/**
 * What is left once *event* has happened too.
 *
 * @param {Places} places
 * @param {EventRecord} event
 */
function note(places, event) {
  const ended = vocabulary().events[event.kind]?.ended === true;
  if (event.pin !== null && event.pin !== undefined) {
    if (ended) places.pins.set(event.pin, another(places.pins.get(event.pin), event));
    else places.pins.delete(event.pin);
  } else if (event.cpu !== null) {
    if (ended) places.cpus.set(event.cpu, another(places.cpus.get(event.cpu), event));
    // What a CPU takes or sends after that is news of the same place; its other events tell of something else.
    else if (event.kind === "accepted" || event.kind === "sent") places.cpus.delete(event.cpu);
  }
  if (event.cpu !== null || (event.pin !== null && event.pin !== undefined)) return;
  if (ended) places.bus = another(places.bus, event);
}

/**
 * @param {Places} before
 * @param {EventRecord[]} events those that are new
 * @returns {Places}
 */
export function endingsAfter(before, events) {
  if (events.length === 0) return before;
  const places = { cpus: new Map(before.cpus), pins: new Map(before.pins), bus: before.bus };
  for (const event of events) {
    // A message that finds somebody clears the bus of the one that found nobody.
    if (event.kind === "accepted" && event.message !== null) places.bus = null;
    note(places, event);
  }
  return places;
}

/** @param {Ending} ending */
export function endingWords({ event, count }) {
  const more = count > 1 ? ` (${count} in a row)` : "";
  return `${vocabulary().events[event.kind]?.glyph ?? ""} ${event.text}${more}`;
}
