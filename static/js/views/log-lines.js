/** The lines of the log: each tells an event, keys go through them, and those of the selected span are marked. */

import { element, setAttribute, setClass } from "../dom.js";
import { vocabulary } from "../vocabulary.js";
import { grouped } from "../words.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */
/** @typedef {import("../store.js").Model} Model */

/** @type {WeakMap<Element, EventRecord>} */
const eventOf = new WeakMap();

/** @param {EventRecord} event */
export function makeLine(event) {
  const line = element("li");
  line.id = `log-line-${event.n}`;
  line.setAttribute("role", "option");
  line.setAttribute("aria-selected", "false");
  line.dataset.kind = event.kind;
  if (event.cpu !== null) line.dataset.ofCpu = String(event.cpu);
  const kind = vocabulary().events[event.kind];
  if (kind?.ended) line.dataset.fault = "";
  const time = element("time", "", grouped(event.time));
  time.dataset.glyph = kind?.glyph ?? "";
  if (kind) line.title = kind.words;
  line.append(time, event.text);
  eventOf.set(line, event);
  return line;
}

/** What a line tells. @param {Element} line */
export const eventOfLine = (line) => eventOf.get(line);

/** @param {EventRecord} event */
const spanKindOf = (event) => vocabulary().events[event.kind]?.span ?? "";

/**
 * Whether a line tells of a span's beginning or end.
 *
 * @param {EventRecord} event
 * @param {import("../score/columns.js").Span} span
 */
export function tellsOf(event, span) {
  if (spanKindOf(event) !== span.kind) return false;
  const here = event.cpu === span.lane || event.cpu === span.source || event.pin === span.value;
  const one = event.vector === null || span.value < 0 || event.vector === span.value || event.pin !== null;
  return here && one && (event.time === span.start || event.time === span.end);
}

/**
 * Whether the score's filter leaves a line in sight.
 *
 * @param {EventRecord} event
 * @param {{ hidden: string[], words: string }} filter words in lower case
 */
export function passes(event, { hidden, words }) {
  if (hidden.includes(spanKindOf(event))) return false;
  const text = event.text.toLowerCase();
  return words.split(/\s+/).every((word) => text.includes(word));
}

/**
 * Lines that keys go through and that can be selected.
 *
 * @param {HTMLElement} list
 * @param {(event: EventRecord) => void} choose
 */
export function createChoice(list, choose) {
  const lines = () =>
    [...list.children].filter((line) => line instanceof HTMLElement && line.checkVisibility());
  const current = () => list.querySelector(".current");

  /** @param {Element | undefined} line */
  const goTo = (line) => {
    if (!line) return;
    current()?.classList.remove("current");
    line.classList.add("current");
    list.setAttribute("aria-activedescendant", line.id);
    line.scrollIntoView({ block: "nearest" });
  };
  /** @param {number} by */
  const along = (by) => {
    const all = lines();
    const now = current();
    const at = now ? all.indexOf(now) : -1;
    goTo(at < 0 ? all.at(-1) : all[Math.min(all.length - 1, Math.max(0, at + by))]);
  };
  const act = () => {
    const line = current();
    const event = line && eventOf.get(line);
    if (event) choose(event);
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowUp: () => along(-1),
    ArrowDown: () => along(1),
    Home: () => goTo(lines()[0]),
    End: () => goTo(lines().at(-1)),
    Enter: act,
  };
  list.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  });
  list.addEventListener("click", (event) => {
    const line = event.target instanceof Element ? event.target.closest("li") : null;
    if (!line) return;
    goTo(line);
    act();
  });
  /** A line that has gone takes its place with it. */
  return () => {
    if (!current()) list.removeAttribute("aria-activedescendant");
  };
}

/** @param {HTMLElement} list @param {() => void} shown called when another span is shown, or another filter */
export function createMarking(list, shown) {
  /** @type {unknown[]} */
  let drawn = [];
  /** @param {Model} model @param {import("../score/columns.js").Span | null} span @param {boolean} anew */
  return ({ selected, scoreFilter }, span, anew) => {
    const now = [selected, scoreFilter, span?.id, span?.end];
    const same = now.every((part, at) => part === drawn[at]);
    if (same && !anew) return;
    drawn = now;
    for (const line of list.children) {
      const event = eventOf.get(line);
      if (!event) continue;
      const tells = span !== null && tellsOf(event, span);
      setClass(line, "of-selected", event.cpu === selected);
      setClass(line, "of-span", tells);
      setAttribute(line, "aria-selected", String(tells));
      setClass(line, "unmatched", !passes(event, scoreFilter));
    }
    if (!same) shown();
  };
}
