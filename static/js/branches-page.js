/** Two branches at one time: the slider asks for another time. The answer is the server's. */

import { find } from "./dom.js";
import { filled } from "./vocabulary.js";
import { grouped } from "./words.js";

/** Dragging asks no more often than this (ms); the last place is always asked for. */
const ASK_EVERY = 120;

const question = find(document, "#question");
const slider = /** @type {HTMLInputElement} */ (find(question, "#time-slider"));
const time = /** @type {HTMLInputElement} */ (find(question, "#time"));
const words = slider.dataset.words ?? "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pending;

const say = () =>
  slider.setAttribute("aria-valuetext", filled(words, { time: grouped(Number(slider.value)) }));

slider.addEventListener("input", () => {
  time.value = slider.value;
  say();
  clearTimeout(pending);
  pending = setTimeout(() => question.dispatchEvent(new Event("at-time")), ASK_EVERY);
});
// The slider's own change is no other question.
slider.addEventListener("change", (event) => event.stopPropagation());
time.addEventListener("change", () => {
  slider.value = time.value;
  say();
});
say();

// What is shown has an address.
new MutationObserver(() => {
  const { a = "", b = "", time: at = "" } = find(document, "#compared").dataset;
  history.replaceState(null, "", `?${new URLSearchParams({ a, b, time: at })}`);
}).observe(/** @type {HTMLElement} */ (question.parentElement), { childList: true });
