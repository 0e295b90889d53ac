/** The wells of all CPUs. Those of CPUs that did not change are skipped. */

import { find } from "../dom.js";
import { comingTo, signalsTo } from "../stage/chips.js";
import { cellSentence, nameOf } from "../words.js";
import { createRoving } from "./roving.js";
import { createTall, usedClasses } from "./tall.js";
import { readUnderPointer } from "./vector-grid.js";
import { createWell } from "./well.js";

/** @typedef {import("../state-types.js").State} State */
/** @typedef {import("../store.js").Model} Model */
/** @typedef {import("./well.js").Well} Well */

/** Up to so many CPUs there is room for registers. */
const DETAILED_TO = 2;
/** What a well's padding, the letter of a shelf and the gate at its end take, in the letters' size, unless the style sheet says otherwise. */
const AROUND = 6.4;

/**
 * How much room a shelf has, in the letters' size: the browser tells, so that nothing is measured while drawing.
 *
 * @param {() => void} changed
 */
function createRoom(changed) {
  let room = 0;
  /** @type {Element | null} */
  let watched = null;
  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    const style = getComputedStyle(entry.target);
    const said = (/** @type {string} */ name, /** @type {number} */ usual) =>
      Number(style.getPropertyValue(name)) || usual;
    const size = Number.parseFloat(style.fontSize) * said("--chip-letter", 1);
    const next = Math.max(0, entry.contentRect.width / size - said("--beside-chips", AROUND));
    if (Math.abs(next - room) < 0.1) return;
    room = next;
    changed();
  });
  return {
    get: () => room,
    /** @param {Element | undefined} well */
    watch(well) {
      if (!well || well === watched) return;
      if (watched) observer.unobserve(watched);
      watched = well;
      observer.observe(well);
    },
  };
}

/**
 * The wells that are there: all, or a few of many.
 *
 * @param {HTMLElement} holder
 * @param {import("./well.js").Acts} acts
 * @param {(cpu: number, place: HTMLElement) => void} made is told where the bits of a new well are drawn
 */
function createSet(holder, acts, made) {
  /** @type {Well[]} by CPU; with holes where not all are shown */
  let wells = [];
  let built = "";

  /** @param {number} cpu */
  const wellOf = (cpu) => {
    const known = wells[cpu];
    if (known) return known;
    const well = createWell(cpu, acts);
    made(cpu, well.place);
    return well;
  };

  return {
    wells: () => wells,
    /** @param {number[]} cpus @returns {boolean} whether others stand there now */
    hold(cpus) {
      if (built === cpus.join()) return false;
      built = cpus.join();
      const next = /** @type {Well[]} */ ([]);
      for (const cpu of cpus) next[cpu] = wellOf(cpu);
      wells = next;
      holder.dataset.wells = String(cpus.length);
      holder.replaceChildren(...cpus.flatMap((cpu) => wells[cpu]?.element ?? []));
      return true;
    },
  };
}

/** @param {DOMRect} box @param {number} x @param {number} y */
const lies = ({ left, right, top, bottom }, x, y) => x >= left && x < right && y >= top && y < bottom;

/**
 * @param {HTMLElement} machine
 * @param {import("./well.js").Acts} acts
 * @param {import("./lens.js").Lens} lens
 * @param {() => void} ask for a frame
 */
export function createWells(machine, acts, lens, ask) {
  const holder = find(machine, ".wells");
  /** @type {State | null} */
  let shown = null;
  /** @type {unknown[][]} */
  let drawn = [];
  const room = createRoom(ask);
  const set = createSet(holder, acts, (cpu, place) =>
    readUnderPointer(place, () => shown?.cpus[cpu] ?? null, lens),
  );
  const tallOf = createTall(ask);
  const roving = createRoving(holder, set.wells, acts, (near, cpu, vector) => {
    const state = shown?.cpus[cpu];
    if (state && vector !== null) lens.show(near, cellSentence(state, vector));
    else lens.hide();
  });

  /** @param {number} index @param {import("./well.js").Sight} sight @param {number} now */
  const drawOne = (index, sight, now) => {
    const parts = Object.values(sight);
    const before = drawn[index];
    if (before && parts.every((part, at) => part === before[at])) return;
    drawn[index] = parts;
    set.wells()[index]?.draw(sight, now);
  };

  /** @param {Model} model @param {State} state @param {number[]} open CPUs whose wells are shown @param {number[]} kept of those @param {boolean} bits @param {number} now */
  const draw = (model, state, open, kept, bits, now) => {
    shown = state;
    if (set.hold(open)) {
      room.watch(set.wells()[open[0] ?? 0]?.element);
      drawn = [];
    }
    const cpus = open.flatMap((index) => state.cpus[index] ?? []);
    const coming = comingTo(state);
    const signals = signalsTo(state);
    const tall = tallOf(usedClasses(cpus, coming), now);
    const { selected, selectedVector } = model;
    for (const cpu of cpus) {
      const index = cpu.cpu;
      const sight = {
        ...{ cpu, tall, bits, nameOf, room: room.get(), selected: index === selected },
        kept: kept.includes(index),
        detailed: state.cpus.length <= DETAILED_TO,
        coming: (coming.get(index) ?? []).join(" "),
        signals: (signals.get(index) ?? []).join("\n"),
        vector: selectedVector?.cpu === index ? selectedVector.vector : null,
      };
      drawOne(index, sight, now);
    }
    roving.draw(selected);
  };

  /** @param {number} cpu */
  const boxOf = (cpu) => set.wells()[cpu]?.element.getBoundingClientRect() ?? null;

  return {
    draw,
    /** Where a CPU's well lies in the window; null where it is not open. */
    boxOf,
    /** The CPU whose well lies at a place of the window, or null. @param {number} clientX @param {number} clientY */
    cpuAt: (clientX, clientY) =>
      [...set.wells().keys()].find((cpu) => {
        const box = boxOf(cpu);
        return box !== null && lies(box, clientX, clientY);
      }) ?? null,
  };
}
