/** Which shelves are tall: those of the classes that are in use. */

import { classOf, noneOfEachClass } from "../fields.js";
import { chipsOf } from "../stage/chips.js";
import { nextShrinking, noShelves, shelvesAfter } from "../stage/shelves.js";

/** The classes that any of these CPUs uses. @param {import("../state-types.js").CpuState[]} cpus @param {Map<number, number[]>} coming */
export function usedClasses(cpus, coming) {
  const used = new Set();
  for (const cpu of cpus) {
    for (const { vector } of chipsOf(cpu, coming.get(cpu.cpu) ?? [])) used.add(classOf(vector));
  }
  return used;
}

/** Which shelves are tall; asks for a frame when one is to shrink. @param {() => void} ask */
export function createTall(ask) {
  let shelves = noShelves(noneOfEachClass().length);
  /** @type {ReturnType<typeof setTimeout> | null} */
  let shrinking = null;
  /** @param {Set<number>} used @param {number} now */
  return (used, now) => {
    shelves = shelvesAfter(shelves, used, now);
    const wait = nextShrinking(shelves, now);
    if (wait !== null && shrinking === null) {
      shrinking = setTimeout(() => {
        shrinking = null;
        ask();
      }, wait + 20);
    }
    return shelves.tall;
  };
}
