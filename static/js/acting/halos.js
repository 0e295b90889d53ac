/**
 * Dashed frames around the CPUs that something would reach: neighbours have one together, and where it would merge stands a word.
 * One drawing over the stage, whatever CPUs are drawn as.
 *
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */

import { drawn } from "../dom.js";
import { reachedIn } from "../store.js";
import { say } from "../vocabulary.js";

/** Boxes that stand closer than this (CSS px) are neighbours. */
const GAP = 4;
/** So far outside of its CPU a frame runs. */
const AROUND = 2;

/** @param {Box} one @param {Box} next */
const besides = (one, next) =>
  Math.abs(one.top - next.top) < 1 &&
  Math.abs(one.height - next.height) < 1 &&
  Math.abs(one.left + one.width - next.left) < GAP;

/** @param {Box} one @param {Box} next */
const under = (one, next) =>
  Math.abs(one.left - next.left) < 1 &&
  Math.abs(one.width - next.width) < 1 &&
  Math.abs(one.top + one.height - next.top) < GAP;

/** Neighbours in one row as one box, and rows that are as wide as one. @param {Box[]} boxes in the order of their CPUs @returns {Box[]} */
export function joined(boxes) {
  /** @type {Box[]} */
  const rows = [];
  for (const box of boxes) {
    const last = rows.at(-1);
    if (last && besides(last, box)) last.width = box.left + box.width - last.left;
    else rows.push({ ...box });
  }
  /** @type {Box[]} */
  const all = [];
  for (const row of rows) {
    const over = all.find((one) => under(one, row));
    if (over) over.height = row.top + row.height - over.top;
    else all.push(row);
  }
  return all;
}

/** @param {Box} box @param {boolean} merging */
function frameOf({ left, top, width, height }, merging) {
  const place = { x: left - AROUND, y: top - AROUND, width: width + 2 * AROUND, height: height + 2 * AROUND };
  const group = drawn("g", { class: merging ? "halo merging" : "halo" });
  // A light line under the dashes parts them from whatever they run over.
  group.append(
    drawn("rect", { ...place, rx: 8, class: "halo-ground" }),
    drawn("rect", { ...place, rx: 8, class: "halo-dashes" }),
  );
  return group;
}

/** The word at a frame where something would merge; a tile has no room for one. @param {Box} box */
function wordOf({ left, top, width }) {
  if (width < 60) return [];
  const text = drawn("text", { x: left + width / 2, y: top - AROUND, class: "halo-word" });
  text.textContent = say("merges_here");
  return [text];
}

/** @param {HTMLElement} machine @param {() => void} ask for a frame */
function watchPlaces(machine, ask) {
  let version = 0;
  const changed = () => {
    version++;
    ask();
  };
  const observer = new ResizeObserver(changed);
  for (const box of [machine, ...machine.querySelectorAll(".wells, .mosaic-box")]) observer.observe(box);
  document.addEventListener("scroll", changed, { capture: true, passive: true });
  return () => version;
}

/**
 * @param {{ boxOf: (cpu: number) => DOMRect | null }} stage
 * @param {() => void} ask for a frame
 */
export function createHalos(stage, ask) {
  const machine = /** @type {HTMLElement} */ (document.querySelector("#machine"));
  const svg = drawn("svg", { class: "halos", "aria-hidden": "true" });
  const version = watchPlaces(machine, ask);
  /** @type {unknown[]} */
  let known = [];

  /** @param {number[]} cpus @returns {Box[]} */
  const boxesOf = (cpus) => {
    const origin = svg.getBoundingClientRect();
    return [...cpus]
      .sort((one, other) => one - other)
      .flatMap((cpu) => stage.boxOf(cpu) ?? [])
      .filter(({ width }) => width > 0)
      .map(({ left, top, width, height }) => ({
        ...{ left: left - origin.left, top: top - origin.top, width, height },
      }));
  };

  /** @param {import("../store.js").Model} model */
  return (model) => {
    const [reached, merges] = [reachedIn(model), model.foreseen?.merges ?? []];
    const parts = [reached.join(), merges.join(), version(), model.state?.cpus.length];
    if (parts.every((part, at) => part === known[at])) return;
    known = parts;
    if (reached.length > 0 && !svg.isConnected) machine.append(svg);
    const merging = joined(boxesOf(merges));
    svg.replaceChildren(
      ...joined(boxesOf(reached.filter((cpu) => !merges.includes(cpu)))).map((box) => frameOf(box, false)),
      ...merging.map((box) => frameOf(box, true)),
      ...merging.flatMap(wordOf),
    );
  };
}
