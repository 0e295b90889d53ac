/** Which part of the picture something is: of the element that a pointer or the focus is on. */

import { vocabulary } from "../vocabulary.js";

/** @typedef {import("./acts.js").Place} Place */
/**
 * @typedef {object} Stage
 * @property {(x: number, y: number) => number | null} cpuAt
 * @property {(cpu: number) => DOMRect | null} boxOf
 * @property {(cpu: number) => void} keep its well open beside the tiles, or no more
 * @property {(cpu: number) => boolean} keeps
 */

/** The CPU whose tab it is, on a phone; or null. @param {Element} target */
export function tabbedCpu(target) {
  const tab = target.closest(".cpu-tab");
  return tab instanceof HTMLElement ? Number(tab.dataset.tab) : null;
}

/** @param {number} cpu @param {Stage} stage @returns {Place} */
const tile = (cpu, stage) => ({ kind: "tile", cpu, kept: stage.keeps(cpu) });

/** @param {HTMLElement} well @param {Element} target @param {Stage} stage @returns {Place} */
function placeInWell(well, target, stage) {
  const cpu = Number(well.dataset.cpu);
  const chip = target.closest(".chip-on-shelf:not(.leaving)");
  if (chip instanceof HTMLElement) return { kind: "chip", cpu, vector: Number(chip.dataset.vector) };
  const shelf = target.closest(".shelf");
  const usual =
    shelf instanceof HTMLElement ? vocabulary().usual_vectors.by_class[Number(shelf.dataset.shelf)] : "";
  if (usual) return { kind: "shelf", cpu, vector: Number.parseInt(usual, 16) };
  return well.closest(".as-mosaic") ? tile(cpu, stage) : { kind: "cpu", cpu };
}

/**
 * @param {Element} target
 * @param {{ x: number, y: number } | null} point null where a key has asked
 * @param {Stage} stage
 * @param {number} selected the CPU
 * @returns {Place | null}
 */
export function placeOf(target, point, stage, selected) {
  const pin = target.closest(".pin, .line-row");
  if (pin instanceof HTMLElement) return { kind: "pin", pin: Number(pin.dataset.pin ?? pin.dataset.line) };
  const well = target.closest(".well[data-cpu]");
  if (well instanceof HTMLElement) return placeInWell(well, target, stage);
  const tabbed = tabbedCpu(target);
  if (tabbed !== null) return { kind: "cpu", cpu: tabbed };
  if (target.closest("#bus")) return { kind: "bus" };
  if (!target.closest(".mosaic-grid")) return null;
  const cpu = point ? stage.cpuAt(point.x, point.y) : selected;
  return cpu === null ? null : tile(cpu, stage);
}

/** The element that a key acts on: the cell that a grid with the focus points to. @param {Element} focused */
export function actedOn(focused) {
  const cell = document.getElementById(focused.getAttribute("aria-activedescendant") ?? "");
  return focused.matches(".shelves") && cell ? cell : focused;
}
