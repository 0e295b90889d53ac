/** The list of what may come next: it lies over the page under the line, or above it where there is more room. */

import { element } from "../dom.js";

/** Below so much room (px) under the line the list opens upwards. */
const LEAST_ROOM = 140;
/** Between the line and the list, and between the list and the edge of the window (px). */
const GAP = 4;
/** A longer list is scrolled: what happens must stay in sight. */
const MOST_OF_WINDOW = 0.32;

/** Under the line, or above it: where there is more room, or where what is under it is read meanwhile. @param {HTMLInputElement} field @param {HTMLElement} list */
function place(field, list) {
  const line = (field.form ?? field).getBoundingClientRect();
  const [below, above] = [innerHeight - line.bottom, line.top];
  const upwards = getComputedStyle(list).getPropertyValue("--opens").trim() === "upwards";
  const up = upwards || (below < LEAST_ROOM && above > below);
  list.style.left = `${line.left}px`;
  list.style.width = `${Math.min(line.width, innerWidth - line.left)}px`;
  list.style.top = up ? "auto" : `${line.bottom + GAP}px`;
  list.style.bottom = up ? `${innerHeight - line.top + GAP}px` : "auto";
  list.style.maxHeight = `${Math.min((up ? above : below) - 2 * GAP, innerHeight * MOST_OF_WINDOW)}px`;
}

/** @param {string} id @param {{ text: string, says: string }} completion */
function optionOf(id, { text, says }) {
  const option = element("li");
  option.id = id;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.append(element("span", "choice", text), element("span", "says", says));
  return option;
}

/**
 * @param {HTMLInputElement} field the line
 * @param {HTMLElement} list
 * @param {(index: number) => void} choose
 */
export function createChoices(field, list, choose) {
  /** @type {HTMLElement[]} */
  let options = [];
  let active = -1;
  let shown = "";

  const activate = (/** @type {number} */ index) => {
    options[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = options[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };

  const hide = () => {
    if (list.matches(":popover-open")) list.hidePopover();
    field.setAttribute("aria-expanded", "false");
    list.replaceChildren();
    [options, shown] = [[], ""];
    activate(-1);
  };

  // The field keeps the focus; a touch chooses when it ends, so that the list can be scrolled
  list.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    if (option instanceof HTMLElement) choose(options.indexOf(option));
  });

  return {
    hide,
    /** @param {{ text: string, says: string }[]} completions */
    show(completions) {
      if (completions.length === 0) return hide();
      const now = JSON.stringify(completions);
      if (now !== shown) {
        options = completions.map((one, index) => optionOf(`${list.id}-${index}`, one));
        list.replaceChildren(...options);
        shown = now;
        activate(-1);
      }
      if (!list.matches(":popover-open")) list.showPopover();
      field.setAttribute("aria-expanded", "true");
      place(field, list);
    },
    active: () => active,
    /** To the next one, or the one before; from the first up to none. @param {number} by @returns {boolean} whether there is one */
    move(by) {
      if (options.length === 0) return false;
      activate(active + by >= options.length ? 0 : Math.max(-1, active + by));
      return true;
    },
  };
}
