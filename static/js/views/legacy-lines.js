/** The lines of the 8259: up or down, and whether a request waits to be acknowledged. */

import { find, setAttribute, setClass } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";
import { createArrows } from "./pins.js";

/** @param {import("../commands.js").Send} send */
export function createLegacyLines(send) {
  const holder = find(document, "#legacy-lines");
  const buttons = /** @type {HTMLButtonElement[]} */ ([...holder.querySelectorAll("button")]);
  /** @type {import("../state-types.js").LegacyPicState | null} */
  let pic = null;
  const stopAt = createArrows(holder, buttons);
  for (const [at, button] of buttons.entries()) {
    button.addEventListener("focus", () => stopAt(at));
    button.addEventListener("click", () => {
      const line = Number(button.dataset.legacyLine);
      send({ type: pic?.up.includes(line) ? "lower_legacy_line" : "raise_legacy_line", line });
    });
  }
  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state || state.pic === pic) return;
    pic = state.pic;
    for (const button of buttons) {
      const line = Number(button.dataset.legacyLine);
      const up = pic.up.includes(line);
      const waits = pic.requested.includes(line);
      const level = vocabulary().pins[up ? "raised" : "low"] ?? "";
      const words = say("legacy_line", { line, level, request: waits ? say("legacy_requested") : "" });
      setAttribute(button, "aria-pressed", String(up));
      setAttribute(button, "aria-label", words);
      setAttribute(button, "data-says", words);
      setClass(button, "requested", waits);
    }
  };
}
