/** Which moment is shown: a slider over the branch's ticks, words where it is the past, and the way back. */

import { find, setAttribute, setClass, setText } from "../dom.js";
import { filled } from "../vocabulary.js";
import { grouped } from "../words.js";

/** While time runs, the slider says no more often than this (ms) where it is. */
const SAY_EVERY = 1000;
/** What is said aloud of a step waits so long (ms) for the next one: the last is worth hearing. */
const SETTLES = 400;

/** What is said aloud, once in a while. */
function createSaid() {
  const said = find(document, "#moment-said");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pending;
  return {
    /** @param {string} words */
    say: (words) => {
      clearTimeout(pending);
      pending = setTimeout(() => setText(said, words), SETTLES);
    },
    past: said.dataset.past ?? "",
    live: said.dataset.live ?? "",
  };
}

/** @param {import("../journeys.js").Journeys} journeys */
function createSlider(journeys) {
  const slider = /** @type {HTMLInputElement} */ (find(document, "#moment-slider"));
  const words = slider.dataset.words ?? "";
  const wordsHeld = slider.dataset.wordsHeld ?? "";
  let saidAt = 0;

  slider.addEventListener("input", () => {
    const tick = Number(slider.value);
    setAttribute(
      slider,
      "aria-valuetext",
      filled(wordsHeld, { tick: grouped(tick), head: grouped(Number(slider.max)) }),
    );
    journeys.go({ type: "seek", tick });
  });

  /** @param {import("../state-types.js").State} state @param {number} now */
  const draw = (state, now) => {
    if (journeys.underWay()) return; // what is still on its way must not pull the knob from under the hand
    setAttribute(slider, "max", String(state.head));
    const place = String(state.tick);
    if (slider.value !== place) slider.value = place;
    if (!state.paused && now - saidAt < SAY_EVERY) return;
    saidAt = now;
    const { tick, head, time } = state;
    const values = { tick: grouped(tick), head: grouped(head), time: grouped(Math.floor(time)) };
    setAttribute(slider, "aria-valuetext", filled(words, values));
  };
  return { draw, focus: () => slider.focus() };
}

/**
 * Whether more has happened since. All of a recording has, and nobody can add to it.
 *
 * @param {import("../state-types.js").State} state
 */
export const isPast = (state) => !state.live && state.recording === null;

/**
 * @param {import("../journeys.js").Journeys} journeys
 * @param {() => import("../store.js").Model} model
 */
export function createMoment(journeys, model) {
  const slider = createSlider(journeys);
  const said = createSaid();
  const backToLive = document.querySelector("#back-to-live");
  const ticks = document.querySelectorAll("[data-moment=tick]");
  const heads = document.querySelectorAll("[data-moment=head]");
  /** @type {boolean | null} */
  let before = null;

  const actions = {
    backToLive: () => {
      const { state } = model();
      if (state && isPast(state)) journeys.go({ type: "switch_branch", branch: state.branch });
    },
  };
  document.querySelector("#live-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    actions.backToLive();
  });

  /** @param {import("../store.js").Model} now @param {number} at */
  const draw = ({ state }, at) => {
    if (!state) return;
    const values = { tick: grouped(state.tick), head: grouped(state.head) };
    for (const node of ticks) setText(node, values.tick);
    for (const node of heads) setText(node, values.head);
    // A button that goes away hands the focus on.
    const past = isPast(state);
    if (!past && backToLive && document.activeElement === backToLive) slider.focus();
    setClass(document.body, "past", past);
    slider.draw(state, at);
    if (before !== null && before !== past) said.say(filled(past ? said.past : said.live, values));
    before = past;
  };
  return { actions, draw, say: said.say };
}
