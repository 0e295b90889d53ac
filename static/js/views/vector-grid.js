/**
 * The selected CPU's 256 cells as a real grid laid over its picture: one tab stop, arrows, Home and End, every cell in words.
 * A cell is made when it has something to say, or somebody comes to it: most never do.
 * The pointer does not need it: every picture answers to that by itself (see `readUnderPointer`).
 */

import { vectorsIn } from "../bitmap.js";
import { element, setAttribute } from "../dom.js";
import { classOf, subClassOf } from "../fields.js";
import { CELL, cornerOf, vectorAt, WIDTH } from "../matrix-geometry.js";
import { say } from "../vocabulary.js";
import { cellSentence, cellWords } from "../words.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */

/** @param {number} vector */
function makeCell(vector) {
  const cell = element("div", "vector-cell");
  cell.setAttribute("role", "gridcell");
  cell.setAttribute("aria-colindex", String(subClassOf(vector) + 1));
  cell.style.setProperty("grid-column", String(subClassOf(vector) + 1));
  cell.id = `cell-${vector}`;
  cell.dataset.vector = String(vector);
  return cell;
}

function makeGrid() {
  const grid = element("div", "vector-grid");
  grid.id = "vector-grid";
  grid.setAttribute("role", "grid");
  grid.tabIndex = 0;
  grid.setAttribute("aria-rowcount", "16");
  grid.setAttribute("aria-colcount", "16");
  /** @type {Map<number, HTMLElement>} by class */
  const rows = new Map();
  /** @type {Map<number, HTMLElement>} by vector */
  const cells = new Map();

  /** @param {number} priority */
  const rowOf = (priority) => {
    const known = rows.get(priority);
    if (known) return known;
    const row = element("div", "vector-row");
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", String(16 - priority));
    row.style.setProperty("grid-row", String(16 - priority));
    rows.set(priority, row);
    const below = [...rows].filter(([other]) => other < priority).sort(([one], [other]) => other - one)[0];
    grid.insertBefore(row, below ? below[1] : null);
    return row;
  };

  /** @param {number} vector */
  const cellOf = (vector) => {
    const known = cells.get(vector);
    if (known) return known;
    const cell = makeCell(vector);
    cells.set(vector, cell);
    const row = rowOf(classOf(vector));
    const right = [...row.children].find(
      (other) => Number(/** @type {HTMLElement} */ (other).dataset.vector) > vector,
    );
    row.insertBefore(cell, right ?? null);
    return cell;
  };
  return { grid, cells, cellOf };
}

/** Which cells have something to say. @param {CpuState} cpu */
function tellingOf(cpu) {
  const { event_channels: channels } = cpu;
  const digits = channels
    ? [channels.pending, channels.masked, channels.level]
    : [cpu.irr, cpu.isr, cpu.tmr, cpu.coalesced];
  return new Set(digits.flatMap((each) => vectorsIn(each)));
}

/**
 * Where a key leads from a vector, or null if it means nothing here. A row up is a class higher.
 *
 * @param {string} key
 * @param {number} vector
 * @param {boolean} far with Ctrl: the whole grid and not the row
 */
export function neighbour(key, vector, far) {
  const column = subClassOf(vector);
  switch (key) {
    case "ArrowLeft":
      return column > 0 ? vector - 1 : vector;
    case "ArrowRight":
      return column < 15 ? vector + 1 : vector;
    case "ArrowUp":
      return vector < 240 ? vector + 16 : vector;
    case "ArrowDown":
      return vector > 15 ? vector - 16 : vector;
    case "Home":
      return far ? 240 : vector - column;
    case "End":
      return far ? 15 : vector - column + 15;
    case "PageUp":
      return 240 + column;
    case "PageDown":
      return column;
    default:
      return null;
  }
}

/** Signs a CPU's cells: as long as this is the same, no label can have changed. @param {CpuState} cpu */
const signature = (cpu) =>
  [
    cpu.cpu,
    JSON.stringify(cpu.event_channels ?? cpu.irr),
    cpu.isr,
    cpu.tmr,
    JSON.stringify(cpu.repeated),
    cpu.event_channels ? cpu.handlers.map((handler) => handler.vector) : "",
  ].join();

/**
 * Says what lies under the pointer in a CPU's picture.
 *
 * @param {HTMLElement} place the picture
 * @param {() => CpuState | null} shown
 * @param {import("./lens.js").Lens} lens
 */
export function readUnderPointer(place, shown, lens) {
  let last = -1;
  place.addEventListener("pointermove", (event) => {
    const box = place.getBoundingClientRect();
    const scale = WIDTH / box.width;
    const vector = vectorAt((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    const cpu = shown();
    if (vector === null || !cpu) {
      last = -1;
      lens.hide();
    } else if (vector !== last) {
      last = vector;
      const { x, y } = cornerOf(vector);
      const cell = new DOMRect(box.left + x / scale, box.top + y / scale, CELL / scale, CELL / scale);
      lens.showAt(cell, cellSentence(cpu, vector));
    }
  });
  place.addEventListener("pointerleave", () => {
    last = -1;
    lens.hide();
  });
}

/** @param {import("./lens.js").Lens} lens */
export function createVectorGrid(lens) {
  const { grid, cells, cellOf } = makeGrid();
  let current = 0xfc;
  let signed = "";
  /** @type {CpuState | null} */
  let shown = null;

  // The focus stays on the grid and names its cell: cells this small must not be targets of their own.
  /** @param {number} vector */
  const moveTo = (vector) => {
    cellOf(current).classList.remove("current");
    current = vector;
    const cell = cellOf(current);
    cell.classList.add("current");
    if (shown) setAttribute(cell, "aria-label", cellWords(shown, current));
    grid.setAttribute("aria-activedescendant", `cell-${current}`);
  };

  const explain = () => {
    if (shown) lens.show(cellOf(current), cellSentence(shown, current));
  };

  grid.addEventListener("keydown", (event) => {
    const next = neighbour(event.key, current, event.ctrlKey);
    if (next === null) return;
    event.preventDefault();
    moveTo(next);
    explain();
  });
  grid.addEventListener("focus", explain);
  grid.addEventListener("blur", lens.hide);
  moveTo(current);

  return {
    /** @param {CpuState} cpu @param {HTMLElement} place the picture to lie over */
    draw(cpu, place) {
      if (grid.parentElement !== place) place.append(grid);
      shown = cpu;
      const sign = signature(cpu);
      if (sign === signed) return;
      signed = sign;
      setAttribute(grid, "aria-label", say(cpu.event_channels ? "ports" : "vectors", { cpu: cpu.cpu }));
      for (const vector of tellingOf(cpu)) cellOf(vector);
      for (const [vector, cell] of cells) setAttribute(cell, "aria-label", cellWords(cpu, vector));
    },
  };
}

/** @typedef {ReturnType<typeof createVectorGrid>} VectorGrid */
