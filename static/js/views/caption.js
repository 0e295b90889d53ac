/**
 * The machine in one sentence, which the server makes. It is always shown; read aloud it is while time stands still, the newest one
 * and not too often. While time runs the log's narrator sums up.
 */

import { find, setAttribute, setClass, setStyle, setText } from "../dom.js";

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

/** All of a sentence that is longer than its lines, for whoever asks for it. @param {HTMLElement} caption */
function createWhole(caption) {
  const section = /** @type {HTMLElement} */ (caption.parentElement);
  const whole = find(section, "#caption-whole");
  whole.addEventListener("beforetoggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    whole.textContent = caption.textContent;
    const { left, top, bottom, width } = section.getBoundingClientRect();
    const low = top > innerHeight / 2;
    setStyle(whole, "left", `${left}px`);
    setStyle(whole, "width", `${width}px`);
    setStyle(whole, "top", low ? "auto" : `${top}px`);
    setStyle(whole, "bottom", low ? `${innerHeight - bottom}px` : "auto");
  });
  const measure = () => setClass(section, "cut", caption.scrollHeight > caption.clientHeight + 1);
  new ResizeObserver(measure).observe(caption);
  return measure;
}

export function createCaption() {
  const caption = find(document, "#caption");
  const measure = createWhole(caption);
  let measured = "";
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
    if (!state.paused) return false;
    read(words);
    if (measured !== words) measure(); // while time runs nobody reads so much, and to measure lays the page out
    measured = words;
    return false;
  };
}
