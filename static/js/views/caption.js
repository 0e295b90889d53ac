/**
 * The machine in one sentence, which the server makes. It is always shown; read aloud it is while time stands still, the newest one
 * and not too often. While time runs the log's narrator sums up.
 */

import { find, setAttribute, setText } from "../dom.js";

/** Nobody reads faster than this (ms). */
const WRITE_EVERY = 400;
/** Nobody wants to hear more often than this (ms). */
const READ_EVERY = 2000;

/** @param {(import("../state-types.js").State & { caption?: { words: string } }) | null} state */
const saidOf = (state) => state?.caption?.words ?? "";

/**
 * Reads the first sentence at once, and of those that come within a pause the last one behind it.
 *
 * @param {(words: string) => void} read
 * @param {(callback: () => void, wait: number) => unknown} [later]
 */
export function createReader(read, later = (callback, wait) => setTimeout(callback, wait)) {
  let newest = "";
  let last = "";
  let pausing = false;

  const go = () => {
    pausing = newest !== last;
    if (!pausing) return;
    last = newest;
    read(last);
    later(go, READ_EVERY);
  };

  /** @param {string} words */
  return (words) => {
    newest = words;
    if (!pausing) go();
  };
}

export function createCaption() {
  const caption = find(document, "#caption");
  let written = caption.textContent ?? "";
  let writtenAt = 0;
  const read = createReader((words) => {
    setAttribute(caption, "aria-live", "polite");
    caption.replaceChildren(words); // also where it stands there already, unheard
  });

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether something is still unwritten */
  return ({ state }, now) => {
    const words = saidOf(state);
    if (!state) return false;
    if (words !== written) {
      if (!state.paused && now - writtenAt < WRITE_EVERY) return true;
      writtenAt = now;
      written = words;
      setAttribute(caption, "aria-live", "off");
      setText(caption, words);
    }
    if (state.paused) read(words);
    return false;
  };
}
