/** The I/O APIC's pins as buttons: the trace shows the line's level, hatching that the pin is masked. */

import { element, find, setAttribute, setClass, setText } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";
import { spaced } from "../words.js";

/** @typedef {import("../state-types.js").PinState} PinState */

/** @param {PinState} pin */
export function pinWords(pin) {
  const { pins } = vocabulary();
  const known = /** @type {Record<string, unknown>} */ ({ ...pin, up: pins[pin.line ? "raised" : "low"] });
  const sentence = (pins[pin.masked ? "masked" : "open"] ?? "").replaceAll(/\{(\w+)\}/g, (_, key) =>
    spaced(String(known[key])),
  );
  return pin.remote_irr && !pin.masked ? `${sentence} ${pins.remote_irr}` : sentence;
}

/**
 * What ended at pins, by pin, the newest last. Once somebody has acted again the pin may be another: then the tray alone tells of it.
 *
 * @param {import("../state-types.js").EndingState[]} endings
 */
export const endingsAtPins = (endings) =>
  new Map(endings.flatMap((ending) => (ending.pin === null || !ending.fresh ? [] : [[ending.pin, ending]])));

/** Numbers with a hyphen for each run of them: "1-23". @param {number[]} numbers in rising order */
export function runsOf(numbers) {
  /** @type {[number, number][]} */
  const runs = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
}

/** The pins stand in rows of so many: what the arrows up and down go by. */
const ROW = 8;

/** Which pin a key leads to, or null. @param {string} key @param {number} from @param {number} count */
export function pinAt(key, from, count) {
  const steps = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -ROW,
    ArrowDown: ROW,
    Home: -count,
    End: count,
  });
  const step = steps[key];
  if (step === undefined) return null;
  const to = from + step;
  if (key === "Home" || key === "End") return Math.min(count - 1, Math.max(0, to));
  return to < 0 || to >= count ? from : to;
}

/**
 * One stop for Tab, and arrows from there: returns what makes a pin that stop.
 *
 * @param {HTMLElement} holder
 * @param {HTMLButtonElement[]} buttons
 */
export function createArrows(holder, buttons) {
  holder.addEventListener("keydown", (event) => {
    const from = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = from < 0 || event.shiftKey ? null : pinAt(event.key, from, buttons.length);
    if (to === null) return;
    event.preventDefault();
    buttons[to]?.focus();
  });
  /** @param {number} index */
  return (index) => {
    buttons.forEach((button, at) => {
      button.tabIndex = at === index ? 0 : -1;
    });
  };
}

/** @param {number} index */
function makePin(index) {
  const button = element("button", "pin", String(index));
  button.type = "button";
  button.dataset.pin = String(index);
  button.tabIndex = index === 0 ? 0 : -1;
  return button;
}

/** @param {HTMLElement} button @param {PinState} pin @param {boolean} ended */
function drawPin(button, pin, ended) {
  setAttribute(button, "aria-pressed", String(pin.line === 1));
  setAttribute(button, "aria-label", pinWords(pin));
  setClass(button, "masked", pin.masked);
  setClass(button, "level", pin.trigger_mode === "level");
  setClass(button, "remote", pin.remote_irr);
  setClass(button, "ended", ended);
}

/**
 * What there is to say of one pin, or of all of them, and of what ended there last.
 *
 * @param {PinState[]} pins
 * @param {PinState | undefined} pin
 * @param {import("../state-types.js").EndingState | undefined} ended
 */
function wordsOf(pins, pin, ended) {
  const open = pins.filter((one) => !one.masked).map((one) => one.pin);
  const all = say(open.length > 0 ? "pins_open" : "pins_masked", { pins: runsOf(open) });
  return ended ? `${ended.text} ${pin ? pinWords(pin) : ""}`.trim() : pin ? pinWords(pin) : all;
}

/** @param {import("../commands.js").Send} send @param {import("./editing.js").Editing} editing */
export function createPins(send, editing) {
  const holder = find(document, "#pins");
  const words = find(document, "#pin-words");
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  /** @type {PinState[]} */
  let pins = [];
  let about = -1;
  let reached = vocabulary().usual_pins.at(-1) ?? 0;
  const entry = find(document, "#pin-entry");
  /** @type {Map<number, import("../state-types.js").EndingState>} by pin */
  let endings = new Map();
  /** @type {import("../state-types.js").EndingState[]} */
  let told = [];

  const tell = () => {
    const pin = pins[about];
    const ended = endings.get(about) ?? (pin ? undefined : [...endings.values()].at(-1));
    setText(words, wordsOf(pins, pin, ended));
    setClass(words, "ended", ended !== undefined);
  };

  const stopAt = createArrows(holder, buttons);

  /** @param {number} index */
  const mention = (index) => {
    about = index;
    if (index >= 0) reached = index;
    setText(find(entry, "b"), say("a_pin", { pin: reached }));
    tell();
  };
  entry.addEventListener("click", () => editing.pin(reached, entry));
  setText(find(entry, "b"), say("a_pin", { pin: reached }));

  /** @param {number} index */
  const make = (index) => {
    const button = makePin(index);
    button.addEventListener("click", () =>
      send({ type: pins[index]?.line ? "lower_pin" : "raise_pin", pin: index }),
    );
    button.addEventListener("pointerenter", () => mention(index));
    button.addEventListener("focus", () => {
      mention(index);
      stopAt(index);
    });
    holder.append(button);
    buttons.push(button);
    return button;
  };
  const forget = () => mention(buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)));
  holder.addEventListener("pointerleave", forget);
  holder.addEventListener("focusout", () => setTimeout(forget));

  /** @param {import("../store.js").Model} model */
  const draw = (model) => {
    const next = model.state?.ioapic.pins;
    const ended = model.state?.endings ?? [];
    if (!next || (next === pins && ended === told)) return;
    pins = next;
    told = ended;
    endings = endingsAtPins(ended);
    for (const pin of pins) {
      drawPin(buttons[pin.pin] ?? make(pin.pin), pin, endings.has(pin.pin));
    }
    tell();
  };
  return { draw, focus: () => (buttons.find((button) => button.tabIndex === 0) ?? buttons[0])?.focus() };
}
