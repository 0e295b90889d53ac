/**
 * Invites a newcomer, to one thing at a time: the next comes when the one before was followed, in whatever way. The server has the
 * words, and the signs by which it is told; this browser remembers how far somebody has come.
 */

import { setAttribute } from "../dom.js";
import { keep } from "../kept.js";

/** Of somebody who wants no more of them, or has followed all. */
const NO_MORE = "none";

/**
 * Whether *value* is as *pattern* says: an object wants its keys to fit, a list one of its values, and all else itself. Of a list of
 * values one must fit.
 *
 * @param {any} pattern
 * @param {any} value
 * @returns {boolean}
 */
export function fits(pattern, value) {
  if (Array.isArray(value)) return value.some((each) => fits(pattern, each));
  if (Array.isArray(pattern)) return pattern.some((each) => fits(each, value));
  if (pattern === null || typeof pattern !== "object") return pattern === value;
  if (value === null || typeof value !== "object") return false;
  return Object.entries(pattern).every(([key, part]) => fits(part, value[key]));
}

/**
 * Whether a sign is there: in the state, and in an event after number *heard*.
 *
 * @param {{ state: unknown, event?: unknown }} sign
 * @param {import("../store.js").Model} model
 * @param {number} heard
 */
export function isThere(sign, { state, events }, heard) {
  if (!fits(sign.state, state)) return false;
  return sign.event === undefined || events.some((event) => event.n > heard && fits(sign.event, event));
}

/** What is spoken of is marked, whichever element it is by now. */
function createMarking() {
  /** @type {Element | null} */
  let marked = null;
  /** @param {string | undefined} selector */
  return (selector) => {
    const at = selector ? document.querySelector(selector) : null;
    if (at === marked) return;
    marked?.removeAttribute("data-invited");
    at?.setAttribute("data-invited", "");
    marked = at;
  };
}

/** What an invitation speaks of. @param {HTMLElement} invitation @param {import("../state-types.js").State} state */
const placeOf = ({ dataset }, { cpus }) => (cpus[0]?.event_channels ? dataset.channelsAt : dataset.at);

/** @param {(cpu: number) => void} select */
export function createInvite(select) {
  const box = document.querySelector("#invite");
  const { dataset } = document.documentElement;
  const invitations = /** @type {HTMLElement[]} */ ([...(box?.querySelectorAll("[data-sign]") ?? [])]);
  const signs = invitations.map(({ dataset: { sign = "{}" } }) => JSON.parse(sign));
  const mark = createMarking();
  /** Where the events of the invitation that stands there begin; null before the first state. @type {number | null} */
  let heard = null;

  /** @param {string} step @param {string} remembered */
  const goTo = (step, remembered) => {
    dataset.invite = step;
    keep("invite", remembered);
  };
  document.querySelector("#invite-close")?.addEventListener("click", () => {
    goTo(NO_MORE, NO_MORE);
    mark(undefined);
  });

  /** @param {import("../store.js").Model} model */
  return (model) => {
    const { state, events } = model;
    const step = Number(dataset.invite);
    const invitation = invitations[step];
    if (!box || !state || !invitation) return;
    const last = events.at(-1)?.n ?? -1;
    if (heard === null) {
      heard = last;
      // What a newcomer finds first: the CPU that the caption speaks of.
      if (step === 0 && state.demonstration && state.caption.cpu !== null) select(state.caption.cpu);
    }
    setAttribute(box, "data-paused", state.paused ? "" : null);
    setAttribute(box, "data-channels", state.cpus[0]?.event_channels ? "" : null);
    mark(placeOf(invitation, state));
    const there = isThere(signs[step], model, heard);
    heard = there ? last : Math.min(heard, last); // at a past moment, or in another branch, numbers are lower
    if (!there) return;
    const next = step + 1;
    goTo(String(next), next < invitations.length ? String(next) : NO_MORE);
    const after = invitations[next];
    mark(after && placeOf(after, state));
  };
}
