/** The few lines of the log that stand there, of all that the page knows: the newest, or those that somebody has scrolled to. */

import { eventOfLine, makeLine } from "./log-lines.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */

/** So many lines stand there at once. */
export const LINES = 40;
/** So many come when somebody reaches the first or the last, and as many go at the other end. */
const PAGE = 20;
/** So near (px) to its end counts as there. */
const NEAR = 24;

const numberOf = (/** @type {Element | null} */ line) => (line && eventOfLine(line)?.n) ?? -1;

/** Makes a list stand for these events; lines of it that stand there already stay. @param {HTMLElement} list @param {readonly EventRecord[]} wanted */
function stand(list, wanted) {
  const [begins, ends] = [wanted[0]?.n ?? 0, wanted.at(-1)?.n ?? -1];
  for (const line of [...list.children]) {
    const number = numberOf(line);
    if (number < begins || number > ends) line.remove();
  }
  const [from, to] = [numberOf(list.firstElementChild), numberOf(list.lastElementChild)];
  const before = from < 0 ? wanted : wanted.filter((event) => event.n < from);
  list.prepend(...before.map(makeLine));
  if (from >= 0) list.append(...wanted.filter((event) => event.n > to).map(makeLine));
}

/**
 * @param {HTMLElement} box which scrolls
 * @param {HTMLElement} list
 * @param {() => void} changed called when other lines have come
 */
export function createPaging(box, list, changed) {
  /** @type {readonly EventRecord[]} */
  let events = [];
  let follows = true;

  /** Whether it is on the page: what is not has no height to be asked for, which would lay the page out. */
  let shown = false;
  /** Whether newer lines are to stand there. */
  let owed = false;

  const follow = () => {
    if (follows && shown) box.scrollTop = box.scrollHeight;
  };

  /** Other lines, so that the one at the edge stays where it is. @param {number} by @param {Element | null} edge */
  const page = (by, edge) => {
    const at = events.findIndex((event) => event.n === numberOf(list.firstElementChild));
    const first = Math.max(0, Math.min(events.length - LINES, Math.max(0, at) + by));
    if (first === at || !edge) return;
    const before = edge.getBoundingClientRect().top;
    stand(list, events.slice(first, first + LINES));
    if (edge.isConnected) box.scrollTop += edge.getBoundingClientRect().top - before;
    changed();
  };

  box.addEventListener("scroll", () => {
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    const newest = numberOf(list.lastElementChild) === (events.at(-1)?.n ?? -1);
    follows = atEnd && newest;
    if (atEnd && !newest) page(PAGE, list.lastElementChild);
    else if (box.scrollTop < NEAR) page(-PAGE, list.firstElementChild);
  });
  const catchUp = () => {
    if (!owed) return;
    owed = false;
    stand(list, events.slice(-LINES));
    follow();
    changed();
  };

  new ResizeObserver(([entry]) => {
    shown = (entry?.contentRect.height ?? 0) > 0;
    catchUp();
    follow();
  }).observe(box);

  return {
    follow,
    /** Brings the lines that nobody could see while time ran. */
    catchUp,
    /** All that there is, the newest last. @param {readonly EventRecord[]} all @param {boolean} runs whether more come at once: then nothing is written that is not seen */
    show(all, runs) {
      events = all;
      owed = follows;
      if (shown || !runs) catchUp();
    },
    clear() {
      list.replaceChildren();
      events = [];
      owed = false;
      follows = true;
    },
  };
}
