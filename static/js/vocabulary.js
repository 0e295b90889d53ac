/**
 * The words, marks and bit positions of the model. The server gives them with the page, and no script here has any of its own.
 *
 * @typedef {object} IcrField
 * @property {string} name
 * @property {number} high
 * @property {number} low
 * @property {string} bits as the manual prints them
 * @property {number} radix
 * @property {number} places
 * @property {string[]} values what single values are called; empty where the number says it all
 * @property {string} meaning
 *
 * @typedef {{ glyph: string, words: string, ended: boolean }} EventKind
 * @typedef {{ bits: string[], words: string }} Mark
 *
 * @typedef {object} Vocabulary
 * @property {Record<string, string>} names what the kernel calls its vectors, by their numbers
 * @property {Record<string, EventKind>} events
 * @property {Record<string, IcrField[]>} icr by the APIC's mode, the highest bits first
 * @property {Record<string, string>} registers
 * @property {Record<string, string>} shared_words
 * @property {Record<string, string>} cells
 * @property {Mark[]} marks
 * @property {string} coalesced
 * @property {[number, number, string][]} reserved first and last vector, which of `cells`
 * @property {Record<string, string>} run_states
 * @property {Record<string, string>} windows
 * @property {Record<string, string>} faces
 * @property {Record<string, string>} senders
 * @property {Record<string, string>} pins sentences with the keys of a pin in braces
 * @property {string[]} vector_modes
 * @property {Record<string, string>} keys key to action
 */

/** @type {Vocabulary} */
let known = {
  names: {},
  events: {},
  icr: {},
  registers: {},
  shared_words: {},
  cells: {},
  marks: [],
  coalesced: "",
  reserved: [],
  run_states: {},
  windows: {},
  faces: {},
  senders: {},
  pins: {},
  vector_modes: [],
  keys: {},
};

export const vocabulary = () => known;

/** @param {Partial<Vocabulary>} given */
export function learn(given) {
  known = { ...known, ...given };
}

/** What stands in the page, as data that no browser runs. */
export function readVocabulary() {
  learn(JSON.parse(document.getElementById("vocabulary")?.textContent ?? "{}"));
}
