/**
 * The words, marks and bit positions of the model. The server tells them once (`GET /api/v1/vocabulary`), and no script here has
 * any of its own.
 *
 * @typedef {object} IcrField
 * @property {string} name
 * @property {number} high
 * @property {number} low
 * @property {string} bits as the manual prints them
 * @property {number} radix
 * @property {number} places
 * @property {string[]} values what single values are called; empty where the number says it all
 * @property {string} called its name as it is read
 * @property {boolean} writable
 * @property {string} meaning
 *
 * @typedef {object} WrittenWord a word that people write by its fields
 * @property {string} title
 * @property {number} width in bits
 * @property {Record<string, string | number>} command what writes it, without the word and whose it is
 * @property {string} field of the command that the word is
 * @property {IcrField[]} fields the lowest bits first
 * @property {{ words: string, bits: string, mask: string, choices: { words: string, bits: string }[] } | null} together fields that are one choice
 *
 * @typedef {{ glyph: string, words: string, ended: boolean, span: string }} EventKind `span`: the kind of span that it is about
 * @typedef {{ bits: string[], words: string }} Mark
 *
 * @typedef {object} Act
 * @property {string} name
 * @property {string[]} places the kinds of things that it is done to
 * @property {string} words with the names of facts in braces
 * @property {string} line of the one-line command, likewise; empty where the page does it by itself
 * @property {string} does what the page does by itself, or asks for
 * @property {string} group
 * @property {{ fact: string, values: string[], mask: string }[]} when
 * @property {{ of: string, set: string, clear: string } | null} change
 *
 * @typedef {object} Vocabulary
 * @property {Record<string, Record<string, string>>} vectors by kernel: what it calls its vectors, by their numbers
 * @property {Record<string, string>} names those of this page's kernel; none where nobody knows it
 * @property {Record<string, IcrField>} priority the fields of a vector, of TPR and of PPR: the class and what is below it
 * @property {Record<string, { name: string, words: string, crossing: boolean }>} counters `crossing`: a way out of the guest
 * @property {string[]} card_registers
 * @property {string[]} listed_registers
 * @property {{ lvt: Record<string, string>, timer: string, tsc_deadline: string }} anchors where the register reference explains them
 * @property {Record<string, string>} sentences with the names of values in braces
 * @property {Act[]} acts what can be done to a part of the picture, in the order in which it stands
 * @property {{ by_class: string[], by_kernel: Record<string, string> }} usual_vectors in two digits, where nobody has named one
 * @property {Record<string, EventKind>} events
 * @property {Record<string, { words: string, lane: string, mark: string, label: string }>} spans by kind: a sentence, where it is drawn, how, and what stands in it
 * @property {Record<string, IcrField[]>} icr by the APIC's mode, the highest bits first
 * @property {Record<string, WrittenWord>} layouts by the manual's names
 * @property {Record<string, string>} pin_names what hangs at a pin of a PC's I/O APIC
 * @property {number[]} usual_pins shown before any has told anything
 * @property {Record<string, { called: string, pin: number | null, source: string | null }>} local_table entries of the local vector table by the state's names, and what fires each
 * @property {Record<string, string>} registers
 * @property {Record<string, string>} shared_words
 * @property {Record<string, string>} cells
 * @property {Mark[]} marks
 * @property {string} coalesced
 * @property {[number, number, string][]} reserved first and last vector, which of `cells`
 * @property {Record<string, string>} run_states
 * @property {Record<string, string>} windows
 * @property {Record<string, string>} holders who keeps interrupts out, by the window's state
 * @property {Record<string, string>} gates what a gate is called where there is little room
 * @property {Record<string, string>} faces
 * @property {Record<string, string>} senders
 * @property {Record<string, string>} pins sentences with the keys of a pin in braces
 * @property {string[]} vector_modes
 * @property {Record<string, Record<string, string>>} keys by page: key to action
 */

/** @type {Vocabulary} */
let known = {
  vectors: {},
  names: {},
  priority: {},
  counters: {},
  card_registers: [],
  listed_registers: [],
  anchors: { lvt: {}, timer: "", tsc_deadline: "" },
  sentences: {},
  acts: [],
  usual_vectors: { by_class: [], by_kernel: {} },
  events: {},
  spans: {},
  icr: {},
  layouts: {},
  pin_names: {},
  usual_pins: [],
  local_table: {},
  registers: {},
  shared_words: {},
  cells: {},
  marks: [],
  coalesced: "",
  reserved: [],
  run_states: {},
  windows: {},
  holders: {},
  gates: {},
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

/** A server that is just starting again is asked anew after so long (ms). */
const AGAIN_AFTER = 1000;

/** Asks the server, at the address that the page names; its version stands in it, so the browser asks once and keeps it. */
export async function fetchVocabulary() {
  const link = /** @type {HTMLLinkElement} */ (document.getElementById("vocabulary"));
  const told = await fetch(link.href).catch(() => null);
  if (!told?.ok) {
    await new Promise((resume) => setTimeout(resume, AGAIN_AFTER));
    return fetchVocabulary();
  }
  learn(await told.json());
  learn({ names: known.vectors[document.body.dataset.generation ?? ""] ?? {} });
}

/** Sentences in pieces: every other one is the name of a value. A drawing fills the same few again and again. @type {Map<string, string[]>} */
const pieces = new Map();

/**
 * A sentence with values in the places of their names, which stand in braces.
 *
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 */
export function filled(sentence, values) {
  const known = pieces.get(sentence) ?? sentence.split(/\{(\w+)\}/);
  pieces.set(sentence, known);
  let whole = "";
  known.forEach((piece, at) => {
    whole += at % 2 === 0 ? piece : String(values[piece] ?? "");
  });
  return whole;
}

/**
 * A sentence of the vocabulary with values in the places of their names.
 *
 * @param {string} sentence its name
 * @param {Record<string, string | number>} [values]
 */
export function say(sentence, values = {}) {
  return filled(known.sentences[sentence] ?? "", values);
}
