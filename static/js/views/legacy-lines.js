/** The lines of the 8259: up or down, and whether a request waits to be acknowledged. They are made when somebody looks at them. */

import { element, find, setAttribute, setClass } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";
import { createArrows } from "./pins.js";

/** @typedef {import("../state-types.js").LegacyPicState} LegacyPicState */

/** @param {number} line @param {HTMLButtonElement} button @param {LegacyPicState} pic */
function writeLine(line, button, pic) {
  const up = pic.up.includes(line);
  const waits = pic.requested.includes(line);
  const level = vocabulary().pins[up ? "raised" : "low"] ?? "";
  const words = say("legacy_line", { line, level, request: waits ? say("legacy_requested") : "" });
  setAttribute(button, "aria-pressed", String(up));
  setAttribute(button, "aria-label", words);
  setAttribute(button, "data-says", words);
  setClass(button, "requested", waits);
}

/** @param {import("../commands.js").Send} send */
export function createLegacyLines(send) {
  const box = find(document, "#legacy-box");
  const holder = find(box, "#legacy-lines");
  /** @type {Map<number, HTMLButtonElement>} */
  const buttons = new Map();
  /** @type {LegacyPicState | null} */
  let pic = null;
  const draw = () => {
    for (const [line, button] of buttons) if (pic) writeLine(line, button, pic);
  };
  const make = () => {
    const lines = (holder.dataset.lines ?? "").split(" ").map(Number);
    for (const line of lines) {
      const button = element("button", "pin", String(line));
      button.type = "button";
      button.dataset.legacyLine = String(line);
      button.addEventListener("click", () =>
        send({ type: pic?.up.includes(line) ? "lower_legacy_line" : "raise_legacy_line", line }),
      );
      buttons.set(line, button);
    }
    const all = [...buttons.values()];
    const stopAt = createArrows(holder, all);
    for (const [at, button] of all.entries()) button.addEventListener("focus", () => stopAt(at));
    stopAt(0);
    holder.append(...all);
    draw();
  };
  box.addEventListener("beforetoggle", make, { once: true });
  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state || state.pic === pic) return;
    pic = state.pic;
    draw();
  };
}
