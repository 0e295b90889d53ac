/**
 * What happened, in words, line by line: the score's list form. Bounded, following its end unless someone scrolled back to read.
 * Selecting a line selects its span, and the reverse.
 */

import { find, setClass, setHidden, setText } from "../dom.js";
import { createNarrator } from "../narration.js";
import { EVENTS_KEPT } from "../store.js";
import { grouped } from "../words.js";
import { createChoice, createMarking, makeLine } from "./log-lines.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */
/** @typedef {import("../store.js").Model} Model */

/** Nobody reads faster than this (ms), and every writing costs a layout. */
const WRITE_EVERY = 120;
/** More new lines than this at once could not be read anyway; the rest is counted as skipped. */
const MOST_AT_ONCE = 40;

/** The box that scrolls: whether it follows its end. @param {HTMLElement} box */
function createScrolling(box) {
  const scrolling = { follows: true };
  box.addEventListener("scroll", () => {
    scrolling.follows = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  });
  const follow = () => {
    if (scrolling.follows) box.scrollTop = box.scrollHeight;
  };
  new ResizeObserver(follow).observe(box); // what is not shown does not scroll
  return {
    follow,
    restart: () => {
      scrolling.follows = true;
    },
  };
}

/** Which lines are in sight. @param {HTMLElement} box */
function createOnly(box) {
  const only = /** @type {HTMLInputElement} */ (find(document, "#log-only"));
  const cpu = find(document, "#log-only-cpu");
  only.addEventListener("change", () => setClass(box, "only-one", only.checked));
  return (/** @type {number} */ selected) => setText(cpu, String(selected));
}

/**
 * @param {(event: EventRecord) => void} choose
 * @param {(id: number) => import("../score/columns.js").Span | null} row
 */
export function createLog(choose, row) {
  const box = find(document, "#log");
  const list = find(box, "#log-lines");
  const skipped = find(document, "#log-skipped");
  const only = createOnly(box);
  const scrolling = createScrolling(box);
  const announcer = find(document, "#announcer");
  const narrator = createNarrator((sentence) => setText(announcer, sentence));
  const trimmed = createChoice(list, choose);
  let [shown, missing] = [-1, 0];
  let [writtenAt, past] = [0, 0];
  const mark = createMarking(list, () => {
    const [told] = list.getElementsByClassName("of-span");
    if (told) told.scrollIntoView({ block: "nearest" });
    else scrolling.follow();
  });

  /** @param {EventRecord[]} events */
  const append = (events) => {
    const fresh = events.filter((event) => event.n > shown);
    const last = fresh.at(-1)?.n;
    if (last === undefined) return;
    const most = shown < 0 ? EVENTS_KEPT : MOST_AT_ONCE; // what happened before we came is not skipped
    const written = fresh.slice(-most);
    // Events are numbered, so whatever was left out, there or here, is a gap in the numbers.
    if (shown >= 0) missing += last - shown - written.length;
    shown = last;
    list.append(...written.map(makeLine));
    while (list.childElementCount > EVENTS_KEPT) list.firstElementChild?.remove();
    trimmed();
    scrolling.follow();
  };

  /** Another past: what stood here is not part of it. */
  const restart = () => {
    list.replaceChildren();
    trimmed();
    shown = -1;
    missing = 0;
    scrolling.restart();
  };

  /** @param {Model} model @param {number} now @returns {boolean} whether something is still unwritten */
  const draw = (model, now) => {
    only(model.selected);
    const span = model.selectedSpan === null ? null : row(model.selectedSpan);
    const another = past !== model.past;
    if (another) narrator.skip(model.events);
    else narrator.hear(model.events);
    const written = !another && (model.events.at(-1)?.n ?? -1) === shown;
    if (written) mark(model, span, false);
    if (written) return false;
    if (now - writtenAt < WRITE_EVERY) return true;
    writtenAt = now;
    if (another) restart();
    past = model.past;
    append(model.events);
    mark(model, span, true);
    setHidden(skipped, missing === 0);
    setText(skipped, `${grouped(missing)} skipped`);
    return false;
  };
  return { draw, focus: () => list.focus() };
}
