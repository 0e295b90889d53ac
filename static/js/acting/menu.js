/**
 * The menu of what can be done to a part of the picture: words beside the line that each act is, and under them what the one
 * that has the focus would come to. It stands still while the machine goes on.
 */

import { element, find, setText } from "../dom.js";
import { say } from "../vocabulary.js";
import { hex } from "../words.js";
import { actsAt, factsOf, setOf } from "./acts.js";
import { createPopover } from "./popover.js";

/** @typedef {import("./acts.js").Place} Place */
/** @typedef {import("./acts.js").Written} Written */

/** What it is the menu of. @param {Place} place */
function titleOf(place) {
  const { cpu = 0, vector = 0, pin = 0, cpus = [] } = place;
  switch (place.kind) {
    case "chip":
    case "shelf":
      return say("acts_of_vector", { vector: hex(vector), cpu });
    case "pin":
      return say("acts_of_pin", { pin });
    case "bus":
      return say("acts_of_bus");
    case "tiles":
      return say("acts_of_tiles", { count: cpus.length, cpus: setOf(cpus) });
    default:
      return say("acts_of_cpu", { cpu });
  }
}

/** @param {Written} one @param {() => void} choose @param {() => void} consider */
function makeItem({ act, words, line }, choose, consider) {
  const item = element("li");
  item.setAttribute("role", "none");
  const button = element("button", "act");
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.act = act.name;
  button.setAttribute("role", "menuitem");
  button.append(
    element("span", "act-words", words),
    element("code", "act-line mono", line.replace(/\{\w+\}/, "…")),
  );
  button.addEventListener("click", choose);
  button.addEventListener("focus", consider);
  button.addEventListener("pointermove", () => button.focus({ preventScroll: true }));
  item.append(button);
  return item;
}

/** @returns {HTMLElement} */
function makeSeparator() {
  const line = element("li", "acts-parting");
  line.setAttribute("role", "separator");
  return line;
}

/** Where an arrow leads, or the first letter of a word; null where a key means nothing. @param {string} key @param {HTMLElement[]} items @param {number} at */
function itemAt(key, items, at) {
  const count = items.length;
  const steps = /** @type {Record<string, number>} */ ({
    ArrowDown: (at + 1) % count,
    ArrowUp: (at - 1 + count) % count,
    Home: 0,
    End: count - 1,
  });
  const step = steps[key];
  if (step !== undefined) return items[step];
  if (key.length !== 1 || key === " ") return null;
  const behind = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return behind.find((item) => item.textContent?.toLowerCase().startsWith(key.toLowerCase())) ?? null;
}

/** Arrows, Home, End and first letters go from act to act; Tab leaves. @param {HTMLElement} box @param {HTMLElement} list @param {() => void} close */
function listenToKeys(box, list, close) {
  box.addEventListener("keydown", (event) => {
    const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=menuitem]")]);
    const leaves = event.key === "Tab";
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = leaves ? null : itemAt(event.key, items, at);
    if (!leaves && !next) return;
    event.preventDefault();
    event.stopPropagation();
    if (leaves) close();
    else next?.focus();
  });
}

/**
 * @param {object} parts
 * @param {import("../store.js").Store} parts.store
 * @param {import("./reading.js").Foresight} parts.foresight
 * @param {(chosen: Written, place: Place, at: import("./popover.js").Spot) => void} parts.choose
 */
export function createMenu({ store, foresight, choose }) {
  const box = find(document, "#acts");
  const title = find(box, "#acts-title");
  const list = find(box, "[role=menu]");
  const foreseen = find(box, ".acts-foreseen");
  const { open, close } = createPopover(box, foresight.stop);
  listenToKeys(box, list, close);

  /** @param {string} line @param {Place} place */
  const consider = (line, { cpus = [] }) => {
    setText(foreseen, "");
    if (line === "" || line.includes("{")) return foresight.stop();
    foresight.want(line, (words) => setText(foreseen, words), cpus);
  };

  /** @param {Written[]} acts @param {Place} place @param {import("./popover.js").Spot} at */
  const write = (acts, place, at) => {
    const items = acts.flatMap((one, index) => {
      const item = makeItem(
        one,
        () => {
          close();
          choose(one, place, at);
        },
        () => consider(one.line, place),
      );
      const parted = index > 0 && acts[index - 1]?.act.group !== one.act.group;
      return parted ? [makeSeparator(), item] : [item];
    });
    list.replaceChildren(...items);
  };

  return {
    close,
    /** @param {Place} place @param {import("./popover.js").Spot} at @param {Element | null} from gets the focus back @returns {boolean} whether there is anything to do */
    open(place, at, from) {
      close();
      const { state, selected } = store.get();
      if (!state || state.recording) return false;
      const acts = actsAt(place.kind, factsOf(place, state, selected));
      if (acts.length === 0) return false;
      setText(title, titleOf(place));
      write(acts, place, at);
      open(at, from);
      /** @type {HTMLElement | null} */ (list.querySelector("[role=menuitem]"))?.focus({
        preventScroll: true,
      });
      return true;
    },
  };
}
