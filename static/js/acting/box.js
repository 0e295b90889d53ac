/** A set of CPUs, chosen over the tiles: by dragging a box, or by Shift and arrows from the selected one. */

import { find, setHidden, setStyle } from "../dom.js";
import { tileAt } from "../stage/tiles.js";
import { say } from "../vocabulary.js";
import { setOf } from "./acts.js";

/** The CPUs of the rectangle of tiles between two of them. @param {number} from @param {number} to @param {{ count: number, columns: number }} ground */
export function rectangleOf(from, to, { count, columns }) {
  /** @param {number} cpu @returns {[number, number]} its column and row */
  const placeOf = (cpu) => [cpu % columns, Math.floor(cpu / columns)];
  const [[x, y], [otherX, otherY]] = [placeOf(from), placeOf(to)];
  return Array.from({ length: count }, (_, cpu) => cpu).filter((cpu) => {
    const [column, row] = placeOf(cpu);
    const beside = column >= Math.min(x, otherX) && column <= Math.max(x, otherX);
    return beside && row >= Math.min(y, otherY) && row <= Math.max(y, otherY);
  });
}

/** How many CPUs there are, and how many of them stand in one row. @param {import("../store.js").Store} store @param {Parts["stage"]} stage */
function groundOf(store, stage) {
  const count = countIn(store);
  const top = stage.boxOf(0)?.top;
  let columns = 1;
  while (columns < count && stage.boxOf(columns)?.top === top) columns++;
  return { count, columns };
}

/** @param {DOMRect} box @param {number} left @param {number} top @param {number} right @param {number} bottom */
const touches = (box, left, top, right, bottom) =>
  box.left < right && box.right > left && box.top < bottom && box.bottom > top;

/**
 * @typedef {object} Parts
 * @property {import("../store.js").Store} store
 * @property {{ boxOf: (cpu: number) => DOMRect | null }} stage
 * @property {() => import("./carried.js").Carried} carried
 * @property {(cpus: number[], at: { x: number, y: number }) => void} chosen
 */

/** How many CPUs there are. @param {import("../store.js").Store} store */
const countIn = (store) => store.get().state?.cpus.length ?? 0;

/** Frames around those that have been chosen so far. @param {import("../store.js").Store} store @param {number[]} cpus */
const show = (store, cpus) =>
  store.set({ foreseen: cpus.length > 0 ? { receivers: cpus, merges: [] } : null });

/** @param {Parts} parts */
function createDragging({ store, stage, carried: carriedOf, chosen }) {
  /** @param {number} startX @param {number} startY @returns {import("./pressing.js").Grip} */
  return (startX, startY) => {
    const boxes = Array.from({ length: countIn(store) }, (_, cpu) => stage.boxOf(cpu));
    /** @type {number[]} */
    let cpus = [];
    const carried = carriedOf();
    const frame = find(document, "#choosing");
    setHidden(frame, false);
    return {
      move(x, y) {
        const [left, right] = [Math.min(x, startX), Math.max(x, startX)];
        const [top, bottom] = [Math.min(y, startY), Math.max(y, startY)];
        setStyle(frame, "transform", `translate(${left}px, ${top}px)`);
        setStyle(frame, "width", `${right - left}px`);
        setStyle(frame, "height", `${bottom - top}px`);
        cpus = boxes.flatMap((box, cpu) => (box && touches(box, left, top, right, bottom) ? [cpu] : []));
        show(store, cpus);
        carried.show("", say("acts_of_tiles", { count: cpus.length, cpus: setOf(cpus) }));
        carried.say(null, "", "");
        carried.moveTo(x, y);
      },
      drop: (x, y) => setTimeout(() => chosen(cpus, { x, y })),
      end() {
        setHidden(frame, true);
        carried.hide();
        show(store, []);
      },
    };
  };
}

/** The keys that leave what has been chosen as it is: those that ask for its menu, and Shift on the way to one. */
const KEEPING = new Set(["Shift", "ContextMenu", "F10", "Enter"]);

/** @param {HTMLElement} grid @param {Parts} parts */
function createReach(grid, { store, stage, chosen }) {
  /** Where it began, and where it has come to. @type {{ from: number, to: number } | null} */
  let reach = null;
  const cpus = () => (reach ? rectangleOf(reach.from, reach.to, groundOf(store, stage)) : []);
  const forget = () => {
    if (reach) show(store, []);
    reach = null;
  };
  /** @param {KeyboardEvent} event @param {number} next */
  const extend = (event, next) => {
    event.preventDefault();
    reach = { from: reach?.from ?? store.get().selected, to: next };
    show(store, cpus());
  };
  /** @param {KeyboardEvent} event */
  const consider = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const from = reach?.to ?? store.get().selected;
    const next = event.shiftKey ? tileAt(event.key, from, groundOf(store, stage)) : null;
    if (next !== null) return extend(event, next);
    if (event.key === "Escape" && reach) event.stopPropagation();
    if (!KEEPING.has(event.key)) return forget();
    if (event.key !== "Enter" || !reach) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { left, bottom } = stage.boxOf(reach.to) ?? new DOMRect();
    chosen(cpus(), { x: left, y: bottom });
  };
  grid.addEventListener("keydown", consider, true);
  grid.addEventListener("pointerdown", forget);
  return cpus;
}

/** @param {Parts} parts */
export function createBox(parts) {
  const grid = /** @type {HTMLElement | null} */ (document.querySelector("#machine .mosaic-grid"));
  if (!grid) return { gripAt: () => null, chosenByKeys: () => [] }; // few CPUs have wells, and no tiles
  const grip = createDragging(parts);
  return {
    /** @param {PointerEvent} event */
    gripAt: ({ pointerType, target }) =>
      pointerType !== "touch" && target instanceof Element && grid.contains(target) ? grip : null,
    /** The CPUs that have been chosen by keys. */
    chosenByKeys: createReach(grid, parts),
  };
}
