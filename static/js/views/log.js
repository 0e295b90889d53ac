/** What happened, in words: bounded, following its end unless someone scrolled back to read. */

import { element, find, setClass, setHidden, setText } from "../dom.js";
import { createNarrator } from "../narration.js";
import { EVENTS_KEPT } from "../store.js";
import { vocabulary } from "../vocabulary.js";
import { grouped } from "../words.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */

/** Nobody reads faster than this (ms), and every writing costs a layout. */
const WRITE_EVERY = 120;
/** More new lines than this at once could not be read anyway; the rest is counted as skipped. */
const MOST_AT_ONCE = 40;

/** @param {EventRecord} event */
function makeLine(event) {
  const line = element("li");
  line.dataset.kind = event.kind;
  if (event.cpu !== null) line.dataset.ofCpu = String(event.cpu);
  const kind = vocabulary().events[event.kind];
  if (kind?.ended) line.dataset.fault = "";
  const glyph = element("span", "glyph", kind?.glyph ?? "");
  if (kind) glyph.title = kind.words;
  glyph.setAttribute("aria-hidden", "true");
  line.append(element("time", "", grouped(event.time)), glyph, element("span", "", event.text));
  return line;
}

export function createLog() {
  const box = find(document, "#log");
  const list = find(box, "#log-lines");
  const skipped = find(document, "#log-skipped");
  const only = /** @type {HTMLInputElement} */ (find(document, "#log-only"));
  const onlyCpu = find(document, "#log-only-cpu");
  const announcer = find(document, "#announcer");
  const narrator = createNarrator((sentence) => setText(announcer, sentence));
  let shown = -1;
  let missing = 0;
  let selected = -1;
  let follows = true;
  let [writtenAt, past] = [0, 0];
  only.addEventListener("change", () => setClass(box, "only-one", only.checked));
  box.addEventListener("scroll", () => {
    follows = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  });

  const markSelected = () => {
    for (const line of list.children) {
      if (line instanceof HTMLElement) setClass(line, "of-selected", line.dataset.ofCpu === String(selected));
    }
  };

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
    markSelected();
    if (follows) box.scrollTop = box.scrollHeight;
  };

  /** Another past: what stood here is not part of it. */
  const restart = () => {
    list.replaceChildren();
    shown = -1;
    missing = 0;
    follows = true;
  };

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether something is still unwritten */
  return (model, now) => {
    if (selected !== model.selected) {
      selected = model.selected;
      setText(onlyCpu, String(selected));
      markSelected();
    }
    const another = past !== model.past;
    if (another) narrator.skip(model.events);
    else narrator.hear(model.events);
    if (!another && (model.events.at(-1)?.n ?? -1) === shown) return false;
    if (now - writtenAt < WRITE_EVERY) return true;
    writtenAt = now;
    if (another) restart();
    past = model.past;
    append(model.events);
    setHidden(skipped, missing === 0);
    setText(skipped, `${grouped(missing)} skipped`);
    return false;
  };
}
