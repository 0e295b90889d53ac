/** The tray: what ended otherwise than by acceptance, with its sentence, until somebody dismisses it or another moment is shown. */

import { element, find, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").EndingState} EndingState */

/** Another time is another ending. @param {EndingState} ending */
const keyOf = ({ kind, cpu, vector, message, pin, times }) => [kind, cpu, vector, message, pin, times].join();

/** @param {(at: number) => void} choose @param {(at: number) => void} dismiss */
function makeItem(choose, dismiss) {
  const item = element("li", "tray-item");
  const open = element("button", "tray-open");
  open.type = "button";
  open.append(element("span", "tray-glyph mono"), element("span", "tray-words"), element("small", "mono"));
  const close = element("button", "quiet tray-close", "×");
  close.type = "button";
  close.setAttribute("aria-label", say("dismiss"));
  item.append(open, close);
  open.addEventListener("click", () => choose(Number(item.dataset.at)));
  close.addEventListener("click", () => dismiss(Number(item.dataset.at)));
  return item;
}

/** @param {HTMLElement} item @param {EndingState} ending @param {number} at */
function writeItem(item, ending, at) {
  const open = /** @type {HTMLElement} */ (item.firstElementChild);
  const [glyph, words, times] = /** @type {HTMLElement[]} */ ([...open.children]);
  if (!glyph || !words || !times) return;
  setAttribute(item, "data-at", String(at));
  setAttribute(item, "data-kind", ending.kind);
  setText(glyph, vocabulary().events[ending.kind]?.glyph ?? "");
  setText(words, ending.text);
  setText(times, ending.times > 1 ? `×${ending.times}` : "");
  setAttribute(open, "data-says", ending.text);
}

/**
 * @param {(cpu: number) => void} select
 * @param {(cpu: number, vector: number) => void} selectVector
 */
export function createTray(select, selectVector) {
  const tray = find(document, "#tray");
  /** @type {EndingState[]} */
  let shown = [];
  /** @type {EndingState[]} the newest last */
  let told = [];
  /** @type {Set<string>} */
  const dismissed = new Set();

  const items = reusedList(
    find(tray, "ol"),
    () =>
      makeItem(
        (at) => choose(shown[at]),
        (at) => dismiss(shown[at]),
      ),
    writeItem,
  );

  /** @param {EndingState | undefined} ending */
  const choose = (ending) => {
    if (ending?.cpu === null || ending?.cpu === undefined) return;
    if (ending.vector === null) select(ending.cpu);
    else selectVector(ending.cpu, ending.vector);
  };

  const write = () => {
    shown = told.filter((ending) => !dismissed.has(keyOf(ending))).reverse();
    items(shown);
    setClass(tray, "empty", shown.length === 0);
  };

  /** @param {EndingState | undefined} ending */
  const dismiss = (ending) => {
    if (!ending) return;
    dismissed.add(keyOf(ending));
    write();
  };

  return {
    /** @param {EndingState[]} endings */
    draw(endings) {
      if (endings === told) return;
      told = endings;
      const there = new Set(told.map(keyOf));
      for (const key of dismissed) if (!there.has(key)) dismissed.delete(key);
      write();
    },
    dismissAll() {
      for (const ending of told) dismissed.add(keyOf(ending));
      write();
    },
  };
}
