/** The lines of the I/O APIC that tell something: up, waiting for an EOI, or lost; each with its entry, and a press raises or lowers it. */

import { drawn, element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { say } from "../vocabulary.js";
import { spaced } from "../words.js";
import { pinWords } from "./pins.js";

/** @typedef {import("../state-types.js").PinState} PinState */

/** A line that is low, up, or up for a moment, which an edge is enough for. In 34 × 14. */
const WAVES = {
  low: "M1 12h32",
  edge: "M1 12h13v-10h7v10h12",
  level: "M1 12h11v-10h21",
};

/** @param {PinState} pin */
const waveOf = (pin) => (pin.line === 0 ? WAVES.low : WAVES[pin.trigger_mode]);

/** @param {PinState} pin @param {Set<number>} ended */
const tells = (pin, ended) => pin.line === 1 || pin.remote_irr || ended.has(pin.pin);

/** @param {(pin: number) => void} press */
function makeLine(press) {
  const item = element("li");
  const button = element("button", "line-row");
  button.type = "button";
  const wave = drawn("svg", { viewBox: "0 0 34 14", "aria-hidden": "true" });
  wave.append(drawn("path"));
  button.append(
    element("b", "mono"),
    wave,
    element("span", "line-trigger"),
    element("span", "mono"),
    element("i"),
  );
  button.addEventListener("click", () => press(Number(button.dataset.line)));
  item.append(button);
  return item;
}

/** @param {HTMLElement} item @param {PinState} pin */
function writeLine(item, pin) {
  const button = /** @type {HTMLElement} */ (item.firstElementChild);
  const [number, wave, trigger, entry, mark] = [...button.children];
  if (!number || !wave?.firstElementChild || !trigger || !entry || !mark) return;
  setAttribute(button, "data-line", String(pin.pin));
  setAttribute(button, "aria-pressed", String(pin.line === 1));
  setAttribute(button, "aria-label", pinWords(pin));
  setAttribute(button, "data-says", pinWords(pin));
  setClass(button, "masked", pin.masked);
  setText(number, String(pin.pin));
  setAttribute(wave.firstElementChild, "d", waveOf(pin));
  setText(trigger, spaced(pin.trigger_mode));
  setText(entry, say("line_entry", { vector: pin.vector.slice(2), destination: pin.destination.slice(2) }));
  setText(mark, pin.remote_irr ? say("remote_irr_mark") : "");
}

/** @param {import("../commands.js").Send} send */
export function createLines(send) {
  const list = find(document, "#lines-up");
  const empty = find(document, "#lines-down");
  const form = /** @type {HTMLFormElement} */ (find(document, "#pin-form"));
  const number = /** @type {HTMLInputElement} */ (find(form, "#pin-number"));
  const entry = /** @type {HTMLInputElement} */ (find(form, "#pin-entry"));
  /** @type {PinState[]} */
  let pins = [];
  /** @type {unknown[]} */
  let known = [];
  const write = reusedList(
    list,
    () => makeLine((pin) => send({ type: pins[pin]?.line ? "lower_pin" : "raise_pin", pin })),
    writeLine,
  );
  /** The entry as it is, for somebody to change. */
  const fill = () => {
    entry.value = pins[Number(number.value)]?.redirection ?? "";
  };
  number.addEventListener("input", fill);
  for (const holder of [find(document, "#pins"), list]) {
    holder.addEventListener("focusin", (event) => {
      const { pin, line } = /** @type {HTMLElement} */ (event.target).dataset;
      number.value = pin ?? line ?? number.value;
      fill();
    });
  }
  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state || (state.ioapic.pins === known[0] && state.endings === known[1])) return;
    known = [state.ioapic.pins, state.endings];
    pins = state.ioapic.pins;
    const ended = new Set(state.endings.flatMap(({ pin }) => (pin === null ? [] : [pin])));
    const telling = pins.filter((pin) => tells(pin, ended));
    write(telling);
    setHidden(empty, telling.length > 0);
    if (!form.contains(document.activeElement)) fill();
  };
}
