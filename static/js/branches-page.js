/** Two branches at one time: the slider, or the playhead of the scores, asks for another. The answer is the server's. */

import { addressOf } from "./addresses.js";
import { find, setText } from "./dom.js";
import { createTwoScores } from "./views/two-scores.js";
import { fetchVocabulary, filled } from "./vocabulary.js";
import { grouped } from "./words.js";

await fetchVocabulary();

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

/** @param {number} cycle */
const goTo = (cycle) => {
  slider.value = String(cycle);
  time.value = String(cycle);
  say();
  clearTimeout(pending);
  pending = setTimeout(() => question.dispatchEvent(new Event("at-time")), ASK_EVERY);
};
slider.addEventListener("input", () => goTo(Number(slider.value)));
// The slider's own change is no other question.
slider.addEventListener("change", (event) => event.stopPropagation());
time.addEventListener("change", () => {
  slider.value = time.value;
  say();
});
say();

const api = addressOf(`/api/v1/sessions/${encodeURIComponent(document.body.dataset.session ?? "")}`);
const place = find(document, "#scores");
const boxes = [...place.querySelectorAll(".branches-score-box")].filter((box) => box instanceof HTMLElement);
const names = [...place.querySelectorAll("figcaption")];
const scores = createTwoScores(api, boxes, goTo);
for (const button of place.querySelectorAll("[data-action]"))
  button.addEventListener("click", () => scores.actions[button.getAttribute("data-action") ?? ""]?.());

/** What the server answered, in the scores and in the address. */
const show = () => {
  const {
    a = "",
    b = "",
    time: at = "",
    last = "",
    cpus = "",
    fork = "",
  } = find(document, "#compared").dataset;
  [a, b].forEach((branch, side) => {
    const name = question.querySelector(`option[value="${branch}"]`)?.textContent ?? branch;
    const caption = names[side];
    if (caption) setText(caption, name);
  });
  const courses = [a, b].map((branch) => ({ branch: Number(branch), cpus: Number(cpus) }));
  scores.show(courses, Number(at), Number(last), Number(fork));
  slider.max = last;
  time.max = last;
  return `?${new URLSearchParams({ a, b, time: at })}`;
};
show();
// Whoever moved the slider before this listened is answered now.
if (slider.value !== find(document, "#compared").dataset.time) goTo(Number(slider.value));
new MutationObserver(() => history.replaceState(null, "", show())).observe(
  /** @type {HTMLElement} */ (question.parentElement),
  { childList: true },
);
