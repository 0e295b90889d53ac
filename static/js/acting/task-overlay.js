/** What lies on a well's shelves for its task priority: the slider at their left end, and the line where somebody wants it. */

import { element, find, setAttribute, setClass, setHidden, setStyle, setText } from "../dom.js";
import { vectorOf } from "../fields.js";
import { say } from "../vocabulary.js";
import { digitsOf } from "./acts.js";

/** The value of TPR that holds a class back, and all below. @param {number} priority */
export const taskWords = (priority) => say("task_value", { tpr: digitsOf(vectorOf(priority, 0)) });

/** Made where somebody wants one first: the page is long enough without. */
function makeWantedLine() {
  const line = element("div", "task-wanted");
  line.setAttribute("aria-hidden", "true");
  line.append(element("span", "line-name mono"));
  return line;
}

/** @param {HTMLElement} well @param {number} last the highest class */
export function makeOverlay(well, last) {
  const lines = find(well, ".lines");
  const handle = element("div", "task-handle");
  for (const [attribute, value] of Object.entries({
    role: "slider",
    "aria-orientation": "vertical",
    "aria-valuemin": "0",
    "aria-valuemax": String(last),
    "aria-label": say("task_slider", { cpu: Number(well.dataset.cpu) }),
  }))
    handle.setAttribute(attribute, value);
  lines.append(handle);
  return {
    ...{ lines, handle, last, dragged: false, until: 0 },
    line: /** @type {HTMLElement | null} */ (null),
    /** The class that somebody wants, as long as the machine has another. */
    wanted: /** @type {number | null} */ (null),
    /** What was drawn last. */
    seen: /** @type {unknown[]} */ ([]),
  };
}

/** @typedef {ReturnType<typeof makeOverlay>} Overlay */

/** A class's line is the upper edge of its row; what holds nothing back lies on the floor. @param {HTMLElement} part @param {number} priority @param {number} last */
function putAtLine(part, priority, last) {
  setStyle(part, "grid-row", String(last + 1 - priority));
  setClass(part, "floor", priority === 0);
}

/** @param {Overlay} made @param {number} priority @param {boolean} selected */
export function writeOverlay(made, priority, selected) {
  putAtLine(made.handle, priority, made.last);
  setClass(made.handle, "dragged-line", made.dragged);
  setAttribute(made.handle, "tabindex", selected ? "0" : "-1");
  setAttribute(made.handle, "aria-valuenow", String(priority));
  setAttribute(made.handle, "aria-valuetext", taskWords(priority));
  if (made.wanted !== null && !made.line) {
    made.line = makeWantedLine();
    made.lines.append(made.line);
  }
  if (!made.line) return;
  setHidden(made.line, made.wanted === null);
  putAtLine(made.line, priority, made.last);
  setText(find(made.line, ".line-name"), taskWords(priority));
}
