/** The pins of the I/O APIC that are in use: the line, what hangs there, and its entry. A press on the line raises or lowers it, one on the entry edits it. */

import { drawn, element, find, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";
import { spaced } from "../words.js";
import { endingsAtPins, pinWords } from "./pins.js";

/** @typedef {import("../state-types.js").PinState} PinState */

/** A line that is low, up, or up for a moment, which an edge is enough for. In 34 × 14. */
const WAVES = {
  low: "M1 12h32",
  edge: "M1 12h13v-10h7v10h12",
  level: "M1 12h11v-10h21",
};
/** So many are in sight at once; of more, those that tell nothing any more go first. */
const IN_SIGHT = 5;

/** @param {PinState} pin */
const waveOf = (pin) => (pin.line === 0 ? WAVES.low : WAVES[pin.trigger_mode]);

/** @param {PinState} pin @param {Map<number, unknown>} ended */
const tells = (pin, ended) => pin.line === 1 || pin.remote_irr || ended.has(pin.pin);

/**
 * Which pins are shown, in what order: those that told something first stay where they are, new ones come last.
 *
 * @param {number[]} before
 * @param {Set<number>} telling
 * @param {boolean} still nobody may lose what is under the pointer
 */
export function pinsInUse(before, telling, still) {
  const more = [...telling].filter((pin) => !before.includes(pin));
  const all = [...before, ...more];
  if (still) return all;
  let over = all.length - IN_SIGHT;
  return all.filter((pin) => {
    if (over <= 0 || telling.has(pin)) return true;
    over -= 1;
    return false;
  });
}

/** What hangs at a pin of this kernel's machine; of a recorded one nobody has told. @param {number} pin */
const nameOfPin = (pin) => (document.body.dataset.generation ? (vocabulary().pin_names[pin] ?? "") : "");

/** @param {PinState} pin */
function destinationOf({ destination, destination_mode }) {
  const digits = destination.slice(2);
  return destination_mode === "logical" ? say("line_logical", { destination: digits }) : digits;
}

/** @param {(pin: number) => void} press @param {(pin: number, at: HTMLElement) => void} edit */
function makeLine(press, edit) {
  const item = element("li", "line");
  const row = element("button", "line-row");
  row.type = "button";
  const wave = drawn("svg", { viewBox: "0 0 34 14", "aria-hidden": "true" });
  wave.append(drawn("path"));
  row.append(element("b", "mono"), wave, element("span", "line-device"), element("span", "line-trigger"));
  row.addEventListener("click", () => press(Number(row.dataset.line)));
  const entry = element("button", "line-entry");
  entry.type = "button";
  entry.setAttribute("aria-haspopup", "dialog");
  entry.setAttribute("aria-expanded", "false");
  entry.dataset.command = "configure_pin";
  entry.append(element("span"), element("i"));
  entry.addEventListener("click", () => edit(Number(row.dataset.line), entry));
  item.append(row, entry);
  return item;
}

/** @param {HTMLElement} item @param {PinState} pin */
function writeLine(item, pin) {
  const [row, entry] = /** @type {HTMLElement[]} */ ([...item.children]);
  if (!row || !entry) return;
  const [number, wave, name, trigger] = [...row.children];
  const [target, mark] = [...entry.children];
  if (!number || !wave?.firstElementChild || !name || !trigger || !target || !mark) return;
  const words = pinWords(pin);
  setAttribute(row, "data-line", String(pin.pin));
  setAttribute(row, "aria-pressed", String(pin.line === 1));
  setAttribute(row, "aria-label", words);
  setAttribute(row, "data-says", words);
  setText(number, String(pin.pin));
  setAttribute(wave.firstElementChild, "d", waveOf(pin));
  setText(name, nameOfPin(pin.pin));
  setText(trigger, spaced(pin.trigger_mode));
  setClass(entry, "masked", pin.masked);
  setAttribute(entry, "aria-label", say("line_edit", { pin: pin.pin, words }));
  setAttribute(entry, "data-says", pin.redirection);
  const destination = destinationOf(pin);
  const whither = say("line_entry", { vector: pin.vector.slice(2), destination });
  setText(target, pin.masked ? say("line_masked") : whither);
  setText(mark, pin.remote_irr ? say("remote_irr_mark") : "");
}

/** @param {import("../commands.js").Send} send @param {import("./editing.js").Editing} editing */
export function createLines(send, editing) {
  const list = find(document, "#lines-up");
  const message = find(document, "#message-open");
  message.addEventListener("click", () => {
    const { address = "", data = "" } = message.dataset;
    editing.message([address, data], message);
  });
  /** @type {PinState[]} */
  let pins = [];
  /** @type {unknown[]} */
  let known = [];
  let shown = vocabulary().usual_pins;
  const write = reusedList(
    list,
    () => makeLine((pin) => send({ type: pins[pin]?.line ? "lower_pin" : "raise_pin", pin }), editing.pin),
    writeLine,
  );
  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state || (state.ioapic.pins === known[0] && state.endings === known[1])) return;
    known = [state.ioapic.pins, state.endings];
    pins = state.ioapic.pins;
    const ended = endingsAtPins(state.endings);
    const telling = new Set(pins.filter((pin) => tells(pin, ended)).map(({ pin }) => pin));
    shown = pinsInUse(shown, telling, list.matches(":hover, :focus-within"));
    write(shown.flatMap((pin) => pins[pin] ?? []));
  };
}
