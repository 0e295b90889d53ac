/**
 * What happened, in words, line by line: the score's list form. A few lines stand there, which follow the end unless someone scrolls back
 * to read; whoever comes to the first or the last of them gets others. Selecting a line selects its span, and the reverse.
 */

import { find, setClass, setHidden, setText } from "../dom.js";
import { createNarrator } from "../narration.js";
import { grouped } from "../words.js";
import { createChoice, createMarking } from "./log-lines.js";
import { createPaging } from "./log-pages.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */
/** @typedef {import("../store.js").Model} Model */

/** Nobody reads faster than this (ms), and every writing costs a layout. */
const WRITE_EVERY = 120;
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
  const announcer = find(document, "#announcer");
  const narrator = createNarrator((sentence) => setText(announcer, sentence));
  const trimmed = createChoice(list, choose);
  let [shown, missing] = [-1, 0];
  let [writtenAt, past] = [0, 0];
  let marked = () => {};
  const pages = createPaging(box, list, () => {
    trimmed();
    marked();
  });
  const mark = createMarking(list, () => {
    const [told] = list.getElementsByClassName("of-span");
    if (told) told.scrollIntoView({ block: "nearest" });
    else pages.follow();
  });

  /** @param {EventRecord[]} events @param {boolean} runs */
  const append = (events, runs) => {
    const last = events.at(-1)?.n;
    if (last === undefined || last === shown) return;
    // Events are numbered, so whatever was left out on the way here is a gap in the numbers.
    const fresh = events.filter((event) => event.n > shown);
    if (shown >= 0) missing += last - shown - fresh.length;
    shown = last;
    pages.show(events, runs);
  };

  /** Another past: what stood here is not part of it. */
  const restart = () => {
    pages.clear();
    shown = -1;
    missing = 0;
  };

  /** @param {Model} model @param {number} now @returns {boolean} whether something is still unwritten */
  const draw = (model, now) => {
    only(model.selected);
    const span = model.selectedSpan === null ? null : row(model.selectedSpan);
    const another = past !== model.past;
    if (another) narrator.skip(model.events);
    else narrator.hear(model.events);
    marked = () => mark(model, span, true);
    const runs = model.state?.paused === false;
    if (!runs) pages.catchUp();
    const written = !another && (model.events.at(-1)?.n ?? -1) === shown;
    if (written) mark(model, span, false);
    if (written) return false;
    if (now - writtenAt < WRITE_EVERY) return true;
    writtenAt = now;
    if (another) restart();
    past = model.past;
    append(model.events, runs);
    mark(model, span, true);
    setHidden(skipped, missing === 0);
    setText(skipped, `${grouped(missing)} skipped`);
    return false;
  };
  return { draw, focus: () => list.focus() };
}
