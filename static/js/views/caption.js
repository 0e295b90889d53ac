/** The machine in one sentence, which the server makes. While time runs it is shown and not read aloud: the log's narrator sums up. */

import { find, setAttribute, setText } from "../dom.js";

/** Nobody reads faster than this (ms). */
const WRITE_EVERY = 400;

/** @param {(import("../state-types.js").State & { caption?: { words: string } }) | null} state */
const saidOf = (state) => state?.caption?.words ?? "";

export function createCaption() {
  const caption = find(document, "#caption");
  let written = caption.textContent ?? "";
  let writtenAt = 0;

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether something is still unwritten */
  return ({ state }, now) => {
    const words = saidOf(state);
    if (!state || words === written) return false;
    if (!state.paused && now - writtenAt < WRITE_EVERY) return true;
    writtenAt = now;
    written = words;
    setAttribute(caption, "aria-live", state.paused ? "polite" : "off");
    setText(caption, words);
    return false;
  };
}
