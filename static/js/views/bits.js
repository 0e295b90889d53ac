/** The selected CPU's single bits, 16 × 16, in the inspector: a picture, and over it a real grid for keyboards and screen readers. */

import { bitmapOf } from "../bitmap.js";
import { find } from "../dom.js";
import { bitsOf, prioritiesOf } from "../event-channels.js";
import { createMatrix } from "./matrix.js";
import { createVectorGrid, readUnderPointer } from "./vector-grid.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */

/** @param {import("./lens.js").Lens} lens */
export function createBits(lens) {
  const place = find(document, "#pinned .matrix");
  const matrix = createMatrix();
  const grid = createVectorGrid(lens);
  place.append(matrix.svg);
  /** @type {CpuState | null} */
  let shown = null;
  let arriving = "";
  readUnderPointer(place, () => shown, lens);
  /** @param {CpuState} cpu @param {number[]} coming */
  return (cpu, coming) => {
    const signed = coming.join();
    if (cpu === shown && signed === arriving) return;
    shown = cpu;
    arriving = signed;
    const { ppr, tpr } = prioritiesOf(cpu);
    matrix.draw(bitsOf(cpu, bitmapOf(coming)), ppr, tpr, cpu.repeated);
    grid.draw(cpu, place);
  };
}
