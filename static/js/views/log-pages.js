/** The few lines of the log that stand there, of all that the page knows: the newest, or those that somebody has scrolled to. */

import { eventOfLine, makeLine } from "./log-lines.js";

/** @typedef {import("../state-types.js").EventRecord} EventRecord */

/** So many lines stand there at once. */
export const LINES = 40;
/** So many come when somebody reaches the first or the last, and as many go at the other end. */
const PAGE = 20;
/** So near (px) to its end counts as there. */
const NEAR = 24;

/**
 * @param {HTMLElement} box which scrolls
 * @param {HTMLElement} list
 * @param {() => void} changed called when somebody's scrolling has brought other lines
 */
export function createPaging(box, list, changed) {
  /** @type {readonly EventRecord[]} */
  let events = [];
  let follows = true;

  const numberOf = (/** @type {Element | null} */ line) => (line && eventOfLine(line)?.n) ?? -1;

  /** Lines of the events from *first* on; those that stand there already stay. @param {number} first */
  const stand = (first) => {
    const wanted = events.slice(first, first + LINES);
    const [begins, ends] = [wanted[0]?.n ?? 0, wanted.at(-1)?.n ?? -1];
    for (const line of [...list.children]) {
      const number = numberOf(line);
      if (number < begins || number > ends) line.remove();
    }
    const [from, to] = [numberOf(list.firstElementChild), numberOf(list.lastElementChild)];
    const before = from < 0 ? wanted : wanted.filter((event) => event.n < from);
    list.prepend(...before.map(makeLine));
    if (from >= 0) list.append(...wanted.filter((event) => event.n > to).map(makeLine));
  };

  const follow = () => {
    if (follows) box.scrollTop = box.scrollHeight;
  };

  /** Other lines, so that the one at the edge stays where it is. @param {number} by @param {Element | null} edge */
  const page = (by, edge) => {
    const at = events.findIndex((event) => event.n === numberOf(list.firstElementChild));
    const first = Math.max(0, Math.min(events.length - LINES, Math.max(0, at) + by));
    if (first === at || !edge) return;
    const before = edge.getBoundingClientRect().top;
    stand(first);
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
  new ResizeObserver(follow).observe(box); // what is not shown does not scroll

  return {
    follow,
    /** All that there is, the newest last. @param {readonly EventRecord[]} all */
    show(all) {
      events = all;
      if (follows) stand(Math.max(0, all.length - LINES));
      follow();
    },
    clear() {
      list.replaceChildren();
      events = [];
      follows = true;
    },
  };
}
