/**
 * Task priority, set at its line: a slider at the left end of each well's shelves, and the line itself, go up and down from class
 * to class. The grid of the shelves tells where the classes lie.
 */

import { find, setHidden } from "../dom.js";
import { prioritiesOf } from "../event-channels.js";
import { classOf, noneOfEachClass } from "../fields.js";
import { actsAt, factsOf } from "./acts.js";
import { makeOverlay, taskWords, writeOverlay } from "./task-overlay.js";

/** Page Up and Page Down go by so many classes. */
const LEAP = 4;
/** So near (CSS px) to a line a press takes hold of it. */
const REACH = 5;

/** The class that a key leads to, or null. @param {string} key @param {number} from @param {number} last */
export function classAt(key, from, last) {
  const to = /** @type {Record<string, number>} */ ({
    ArrowUp: from + 1,
    ArrowRight: from + 1,
    ArrowDown: from - 1,
    ArrowLeft: from - 1,
    PageUp: from + LEAP,
    PageDown: from - LEAP,
    Home: 0,
    End: last,
  })[key];
  return to === undefined ? null : Math.min(last, Math.max(0, to));
}

/**
 * The class whose upper edge lies nearest to a place: all of it and below is held back. Below the lowest nothing is.
 *
 * @param {number[]} heights of the rows, the highest class first
 * @param {number} y from the top of the first
 */
export function nearestClass(heights, y) {
  let best = { apart: Number.POSITIVE_INFINITY, priority: 0 };
  let top = 0;
  heights.forEach((height, row) => {
    const priority = heights.length - 1 - row;
    // Class 0 holds nothing back that could come: its line is the floor.
    const edge = priority === 0 ? top + height : top;
    const apart = Math.abs(edge - y);
    if (apart < best.apart && (height > 0 || priority === 0)) best = { apart, priority };
    top += height;
  });
  return best.priority;
}

/** How high the rows of a grid are. @param {Element} grid */
const heightsOf = (grid) => getComputedStyle(grid).gridTemplateRows.split(" ").map(Number.parseFloat);

/** @typedef {import("./task-overlay.js").Overlay} Overlay */

/**
 * @typedef {object} Parts
 * @property {import("../store.js").Store} store
 * @property {() => import("./carried.js").Carried} carried
 * @property {import("./reading.js").Foresight} foresight
 * @property {(line: string) => unknown} act
 * @property {() => void} ask for a frame
 */

/** So long (ms) what somebody has asked for is shown before the machine has it. */
const PATIENCE = 1000;

/** The line that sets a CPU's task priority to a class. @param {import("../store.js").Store} store @param {number} cpu @param {number} priority */
function lineOf(store, cpu, priority) {
  const { state, selected } = store.get();
  if (!state) return "";
  return (
    actsAt("task", { ...factsOf({ kind: "task", cpu }, state, selected), priority: priority.toString(16) })[0]
      ?.line ?? ""
  );
}

/** @param {import("../store.js").Store} store @param {number} cpu */
function classNow(store, cpu) {
  const state = store.get().state?.cpus[cpu];
  return state ? classOf(Number(state.tpr)) : 0;
}

/** Whether a press takes hold of the line of a well's task priority: that of PPR is another, unless TPR makes it. @param {HTMLElement} well @param {number} y */
const isOnLine = (well, y) =>
  [...well.querySelectorAll(".water.task:not([hidden]), .task-line:not([hidden])")].some(
    (line) => Math.abs(line.getBoundingClientRect().top - y) <= REACH,
  );

/** @param {Parts} parts @param {(overlay: Overlay, priority: number | null) => void} want */
function createGrip({ store, carried: carriedOf, foresight, act }, want) {
  /** @param {HTMLElement} well @param {Overlay} made @returns {import("./pressing.js").Grip} */
  return (well, made) => {
    const cpu = Number(well.dataset.cpu);
    const carried = carriedOf();
    const grid = find(well, ".shelves");
    const heights = heightsOf(grid);
    const { top } = grid.getBoundingClientRect();
    /** @type {number | null} */
    let wanted = null;
    let dropped = false;
    made.dragged = true;
    return {
      move(x, y) {
        const next = nearestClass(heights, y - top);
        if (next !== wanted) {
          wanted = next;
          want(made, next);
          const line = lineOf(store, cpu, next);
          carried.show("", taskWords(next));
          carried.say(cpu, line, "");
          foresight.want(line, (words) => carried.say(cpu, line, words));
        }
        carried.moveTo(x, y);
      },
      drop() {
        dropped = true;
        if (wanted !== null && wanted !== classNow(store, cpu)) act(lineOf(store, cpu, wanted));
      },
      end() {
        made.dragged = false;
        want(made, dropped ? wanted : null);
        foresight.stop();
        carried.hide();
      },
    };
  };
}

/** The overlays of wells, made when they are drawn first. @param {Parts} parts @param {(overlay: Overlay, priority: number) => void} want */
function createOverlays({ store, act }, want) {
  const last = noneOfEachClass().length - 1;
  /** @type {WeakMap<Element, Overlay>} */
  const overlays = new WeakMap();
  /** @param {Overlay} made @param {number} cpu @param {KeyboardEvent} event */
  const pressed = (made, cpu, event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const next = classAt(event.key, made.wanted ?? classNow(store, cpu), last);
    if (next === null) return;
    event.preventDefault();
    want(made, next);
    act(lineOf(store, cpu, next));
  };
  /** @param {HTMLElement} well */
  return (well) => {
    const known = overlays.get(well);
    if (known) return known;
    const cpu = Number(well.dataset.cpu);
    const made = makeOverlay(well, last);
    made.handle.addEventListener("keydown", (event) => pressed(made, cpu, event));
    overlays.set(well, made);
    return made;
  };
}

/** @param {Parts} parts */
export function createTaskLines(parts) {
  const holder = find(document, "#machine .wells");
  /** @param {Overlay} overlay @param {number | null} priority */
  const want = (overlay, priority) => {
    Object.assign(overlay, { wanted: priority, until: performance.now() + PATIENCE });
    parts.ask();
  };
  const grip = createGrip(parts, want);
  const overlayOf = createOverlays(parts, want);

  /** @param {HTMLElement} well @param {import("../store.js").Model} model @param {number} now */
  const drawOne = (well, { state, selected }, now) => {
    const index = Number(well.dataset.cpu);
    const cpu = state?.cpus[index];
    if (!cpu) return;
    const made = overlayOf(well);
    const priority = classOf(Number(prioritiesOf(cpu).tpr));
    if (!made.dragged && (made.wanted === priority || now > made.until)) made.wanted = null;
    const seen = [cpu, made.wanted, made.dragged, index === selected];
    if (seen.every((part, at) => part === made.seen[at])) return;
    made.seen = seen;
    setHidden(made.handle, cpu.event_channels !== null);
    writeOverlay(made, made.wanted ?? priority, index === selected);
  };

  return {
    /** @param {PointerEvent} event */
    gripAt({ target, clientY }) {
      const well = target instanceof Element ? target.closest(".well[data-cpu]") : null;
      if (!(well instanceof HTMLElement) || !(target instanceof Element)) return null;
      if (!well.querySelector(".task-handle:not([hidden])")) return null;
      const held = target.closest(".task-handle") !== null || isOnLine(well, clientY);
      return held ? () => grip(well, overlayOf(well)) : null;
    },
    /** @param {import("../store.js").Model} model @param {number} now */
    draw(model, now) {
      for (const well of holder.children) drawOne(/** @type {HTMLElement} */ (well), model, now);
    },
  };
}
