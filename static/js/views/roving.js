/** Arrows within the wells: one stop for Tab, which is the selected CPU's grid; it keeps the focus and names its cell. */

import { find } from "../dom.js";
import { noneOfEachClass } from "../fields.js";
import { moved } from "../stage/moves.js";

/** @typedef {import("./well.js").Well} Well */
/** @typedef {import("../stage/moves.js").Place} Place */

/** @param {Well} well */
const gridOf = (well) => find(well.element, ".shelves");

/** @param {Well[]} wells @returns {import("../stage/moves.js").Ground} */
const groundOf = (wells) => ({
  cpus: wells.length,
  shelves: noneOfEachClass().length,
  chips: (cpu, shelf) => wells[cpu]?.shelves.chips(shelf) ?? 0,
});

/**
 * @param {HTMLElement} holder
 * @param {() => Well[]} wells
 * @param {import("./well.js").Acts} acts
 * @param {(near: Element, cpu: number, vector: number | null) => void} explain
 */
export function createRoving(holder, wells, acts, explain) {
  /** @type {Place} */
  let at = { cpu: 0, shelf: noneOfEachClass().length - 1, place: 0 };
  /** @type {Element | null} */
  let current = null;

  const mark = () => {
    const well = wells()[at.cpu];
    if (!well) return null;
    const cell = well.shelves.cell(at.shelf, at.place);
    if (cell.node !== current) {
      current?.classList.remove("current");
      cell.node.classList.add("current");
      current = cell.node;
      gridOf(well).setAttribute("aria-activedescendant", cell.node.id);
    }
    return cell;
  };

  /** @param {Place} next */
  const go = (next) => {
    const before = at.cpu;
    if (!wells()[next.cpu]) return;
    at = next;
    const cell = mark();
    const well = wells()[at.cpu];
    if (!cell || !well) return;
    if (at.cpu !== before) {
      acts.select(at.cpu);
      gridOf(well).tabIndex = 0;
      gridOf(well).focus();
    }
    explain(cell.node, at.cpu, cell.vector);
  };

  /** @param {EventTarget | null} target */
  const isGrid = (target) => target instanceof Element && target.matches(".shelves");

  holder.addEventListener("keydown", (event) => {
    if (!isGrid(event.target) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const chosen = event.key === "Enter" || event.key === " ";
    const next = chosen ? at : moved(event.key, at, groundOf(wells()));
    if (next === null) return;
    event.preventDefault();
    if (!chosen) return go(next);
    const vector = mark()?.vector ?? null;
    if (vector !== null) acts.selectVector(at.cpu, vector);
  });
  holder.addEventListener("focusin", (event) => {
    if (isGrid(event.target)) mark();
  });

  return {
    /** @param {number} selected */
    draw(selected) {
      if (selected !== at.cpu) at = { ...at, cpu: selected, place: 0 };
      if (isGrid(document.activeElement)) mark();
    },
  };
}
