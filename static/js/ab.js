/** The A/B page: its stream says that something has changed; htmx fetches what. Keys press the page's own buttons. */

import { addressOf, socketAddress } from "./addresses.js";
import { find } from "./dom.js";
import { recall } from "./kept.js";
import { listenToKeys } from "./keys.js";
import { openStream } from "./socket.js";
import { createDensity } from "./views/density.js";
import { createGuestForm } from "./views/guest-form.js";
import { resultOf } from "./views/pair-rows.js";
import { PairScores } from "./views/pair-scores.js";
import { createTheme } from "./views/theme.js";
import { fetchVocabulary, vocabulary } from "./vocabulary.js";

/** The table is fetched anew at most this often (ms). */
const EVERY = 400;

const pair = document.body.dataset.pair ?? "";
const api = addressOf(`/api/v1/pairs/${encodeURIComponent(pair)}`);
const link = find(document, "#link");

const functions = document.querySelector("#call-function");
if (functions instanceof HTMLSelectElement && functions.form) createGuestForm(functions.form);

/** @param {string} name @param {string} words */
const say = (name, words) => {
  if (link.dataset.link === name) return;
  link.dataset.link = name;
  find(link, ".words").textContent = words;
};

/** What had the focus keeps it when the part of the page around it is new. */
let focused = "";
let last = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let due;

const refresh = () => {
  due = undefined;
  last = performance.now();
  focused = document.activeElement?.closest("#result") ? (document.activeElement.id ?? "") : "";
  document.querySelector("#result")?.dispatchEvent(new Event("pair-changed"));
};

const changed = () => {
  if (due !== undefined) return;
  due = setTimeout(refresh, Math.max(0, last + EVERY - performance.now()));
};

document.addEventListener("htmx:after:swap", () => {
  scores.tableChanged();
  if (focused) document.getElementById(focused)?.focus();
  focused = "";
});

let paused = true;

/** A key presses the page's own button. @param {string} button */
const press = (button) => () => {
  const found = find(document, button);
  if (found instanceof HTMLButtonElement && !found.disabled) found.click();
};

await fetchVocabulary();
const scores = new PairScores(api);
listenToKeys(
  vocabulary().keys.pair ?? {},
  {
    playOrPause: () => press(paused ? "#ab-run" : "#ab-pause")(),
    nextStimulus: press("#ab-next"),
    stepInterrupt: press("#ab-step"),
    backStimulus: press("#ab-back-stimulus"),
    stepBackInterrupt: press("#ab-back-interrupt"),
  },
  () => recall("keys") !== "off", // chosen beside the list of keys, for every page
);

createTheme(
  () => undefined,
  createDensity(() => undefined),
);

/** What is over answers nothing any more: its controls would only fail. @param {string} words */
const end = (words) => {
  const said = words.replace("session", "pair");
  say("over", said);
  const notice = find(document, "#over");
  find(notice, ".words").textContent = `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
  notice.hidden = false;
  const controls = ".ab-causes :is(button, input, select), .ab-top form button";
  for (const control of document.querySelectorAll(controls)) control.toggleAttribute("disabled", true);
  for (const link of document.querySelectorAll(`#result a[href^='${addressOf("/ab/")}']`)) {
    link.replaceWith(...link.childNodes);
  }
};

/**
 * Whether the pair is no longer where the table was when the page came: somebody was quicker than the stream.
 *
 * @typedef {{ paused: boolean, stimuli: number, waiting: number }} Progress
 * @param {Partial<Progress> | undefined} now
 */
const isBehind = (now) => {
  const shown = resultOf()?.dataset;
  return now !== undefined && (shown?.stimuli !== `${now.stimuli}` || shown.waiting !== `${now.waiting}`);
};

let seen = false;
let silence = 0;
openStream(socketAddress(`${api}/b/stream?spans=1`), {
  message: (message) => scores.receive("b", message),
  lost: () => undefined, // what is to be said of the server is said of the other stream
  silent: () => undefined,
  over: () => undefined,
});
openStream(socketAddress(`${api}/a/stream?spans=1`), {
  message: (message) => {
    say("live", "live");
    const resync = scores.receive("a", message);
    if (message.type !== "snapshot" && message.type !== "delta") return resync;
    const now = /** @type {Partial<Progress> | undefined} */ (
      message.type === "snapshot" ? message.state.pair : message.pair
    );
    paused = now?.paused ?? paused;
    if (seen || isBehind(now)) changed();
    seen = true;
    return resync;
  },
  silent: (seconds) => {
    if (seconds !== silence) link.dataset.link = ""; // other words for the same
    silence = seconds;
    say("silent", `nothing heard for ${seconds} s`);
  },
  lost: () => {
    seen = true; // what comes after a gap is news
    say("stale", "reconnecting");
  },
  over: (words) => {
    clearTimeout(due); // what is over has no result to fetch
    end(words);
  },
});
