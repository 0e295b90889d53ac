/** The A/B page: its stream says that something has changed; htmx fetches what. Keys press the page's own buttons. */

import { addressOf, socketAddress } from "./addresses.js";
import { find } from "./dom.js";
import { recall } from "./kept.js";
import { openStream } from "./socket.js";
import { createTheme } from "./views/theme.js";

/** The table is fetched anew at most this often (ms). */
const EVERY = 400;
/** @type {Record<string, string>} */
const KEYS = { n: "#ab-next", i: "#ab-step", r: "#ab-run", ".": "#ab-pause" };

const pair = document.body.dataset.pair ?? "";
const link = find(document, "#link");

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
  if (focused) document.getElementById(focused)?.focus();
  focused = "";
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (recall("keys") === "off") return; // chosen beside the list of keys, for every page
  if (event.target instanceof Element && event.target.closest("input:not([type=radio]), select, textarea"))
    return;
  const button = KEYS[event.key] ? document.querySelector(KEYS[event.key] ?? "") : null;
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  button.click();
});

createTheme(() => undefined);

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

let seen = false;
openStream(socketAddress(addressOf(`/api/v1/pairs/${encodeURIComponent(pair)}/a/stream`)), {
  message: (message) => {
    say("live", "live");
    if (message.type !== "snapshot" && message.type !== "delta") return false;
    if (seen) changed();
    seen = true;
    return false;
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
