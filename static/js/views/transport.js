/** When: pause and run, steps forward and back, speed and the machine's own clock. */

import { FLAT_OUT, notchOf, speedAt } from "../clock.js";
import { element, find, setAttribute, setHidden, setText } from "../dom.js";
import { say } from "../vocabulary.js";
import { grouped, speedWords } from "../words.js";

/** Dragging the slider sends at most this often (ms); the last position always goes. */
const SPEED_EVERY = 120;
/** Notches of the slider for a press of a key. */
const SPEED_STEP = 10;

/** @param {import("../commands.js").Send} send */
function createSpeed(send) {
  const slider = /** @type {HTMLInputElement} */ (find(document, "#speed"));
  const words = find(document, "#speed-words");
  let heldUntil = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pending;

  /** @param {number | null} speed */
  const say = (speed) => {
    setText(words, speedWords(speed));
    setAttribute(slider, "aria-valuetext", speedWords(speed));
  };

  const slid = () => {
    const speed = speedAt(Number(slider.value));
    heldUntil = performance.now() + 1500; // the server's echo must not pull the knob from under the hand
    say(speed);
    clearTimeout(pending);
    pending = setTimeout(() => send({ type: "set_speed", speed }), SPEED_EVERY);
  };
  slider.addEventListener("input", slid);

  /** @param {number} notches */
  const move = (notches) => {
    slider.value = String(Math.min(FLAT_OUT, Math.max(0, Number(slider.value) + notches)));
    slid();
  };

  /** @param {number | null} speed @param {number} now */
  const draw = (speed, now) => {
    if (now < heldUntil) return;
    const notch = String(notchOf(speed));
    if (slider.value !== notch) slider.value = notch;
    setAttribute(slider, "max", String(FLAT_OUT));
    say(speed);
  };
  return { draw, move };
}

/**
 * Whether time stands, and what the machine is about otherwise.
 *
 * @param {import("../state-types.js").State} state
 * @returns {[string, string]}
 */
function modeWords(state) {
  if (state.under_way) return ["", state.under_way.command === "step" ? "steps" : "runs until idle"];
  if (state.recording?.finished) return ["", "the recording is over"];
  const paused = state.paused ? "paused" : "";
  const turning = state.cpus.find((cpu) => cpu.waits?.for_ever && !state.idle);
  if (turning) return [paused, say("polls_for_ever", { cpu: turning.cpu })];
  if (state.demonstration) return [paused, say("acts_by_itself")];
  if (!state.idle) return [paused, ""];
  const stuck = state.cpus.some((cpu) => cpu.why.length > 0 || cpu.waits !== null);
  const rest = say(stuck ? "something_waits" : "nothing_left");
  return [paused, paused ? rest : `idle: ${rest}`];
}

/**
 * @param {import("../commands.js").Send} send
 * @param {import("../journeys.js").Journeys} journeys
 * @param {() => import("../store.js").Model} model
 */
export function createTransport(send, journeys, model) {
  const play = find(document, "#play");
  const playWords = find(document, "#play-words");
  const time = find(document, "#time");
  const mode = find(document, "#mode");
  const [stands, about] = [element("span", "stands"), element("span")];
  mode.append(stands, about);
  const unit = /** @type {HTMLSelectElement} */ (find(document, "#unit"));
  const speed = createSpeed(send);
  /** @param {string} unit @param {number} count */
  const step = (unit, count) => journeys.go({ type: "step", unit, count });

  const actions = {
    toBeginning: () => journeys.go({ type: "seek", tick: 0 }),
    playOrPause: () => send({ type: model().state?.paused ? "run" : "pause" }),
    stepForward: () => step(unit.value, 1),
    stepBack: () => step(unit.value, -1),
    stepInterrupt: () => step("interrupt", 1),
    stepBackInterrupt: () => step("interrupt", -1),
    untilIdle: () => send({ type: "run_until_idle" }),
    slower: () => speed.move(-SPEED_STEP),
    faster: () => speed.move(SPEED_STEP),
  };

  for (const form of ["#transport-form", "#back-form", "#beginning-form"])
    find(document, form).addEventListener("submit", (event) => event.preventDefault());
  play.addEventListener("click", actions.playOrPause);
  find(document, "#to-beginning").addEventListener("click", actions.toBeginning);
  find(document, "#step-forward").addEventListener("click", actions.stepForward);
  find(document, "#step-back").addEventListener("click", actions.stepBack);
  find(document, "#step-interrupt").addEventListener("click", actions.stepInterrupt);
  find(document, "#step-back-interrupt").addEventListener("click", actions.stepBackInterrupt);
  find(document, "#until-idle").addEventListener("click", actions.untilIdle);

  /** @param {import("../store.js").Model} now @param {number} at */
  const draw = ({ state }, at) => {
    if (!state) return;
    setAttribute(play, "value", state.paused ? "run" : "pause");
    setText(playWords, state.paused ? "Run" : "Pause");
    setText(time, grouped(Math.floor(state.time)));
    const words = modeWords(state);
    setText(stands, words.every(Boolean) ? `${words[0]}; ` : words[0]);
    setText(about, words[1]);
    setAttribute(mode, "title", words.filter(Boolean).join("; "));
    speed.draw(state.speed, at);
  };
  return { actions, draw };
}

/** What was refused, for a while, above the transport; what cannot be mended by waiting stays, with a way out. */
export function createNotice() {
  const notice = find(document, "#notice");
  const said = find(notice, "span");
  const wayOut = find(notice, "a");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let gone;
  /** @param {string} words @param {boolean} final */
  const show = (words, final) => {
    setText(said, words);
    setHidden(wayOut, !final);
    setHidden(notice, false);
    clearTimeout(gone);
    if (!final) gone = setTimeout(() => setHidden(notice, true), 7000);
  };
  const told = find(document, "#told");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let toldGone;
  return {
    /** What a command came to that must not go unseen. @param {string} words */
    told: (words) => {
      setText(told, words);
      clearTimeout(toldGone);
      toldGone = setTimeout(() => setText(told, ""), 7000);
    },
    /** @param {string} words */
    refused: (words) => show(words, false),
    /** @param {string} words */
    over: (words) => show(`Nothing more will come: ${words}.`, true),
  };
}
