/** The picture of one CPU's 256 vectors. Only cells whose bits changed are touched; fading is left to CSS. */

import { differing, EMPTY, vectorsIn } from "../bitmap.js";
import { drawn, setAttribute, setText } from "../dom.js";
import { classOf, subClassOf } from "../fields.js";
import {
  CELL,
  cornerOf,
  diamond,
  GUTTER,
  HEIGHT,
  idlePath,
  lineAbove,
  notch,
  reservedPath,
  SIDE,
  TOP,
  WIDTH,
} from "../matrix-geometry.js";
import { vocabulary } from "../vocabulary.js";

/** @typedef {"irr" | "isr" | "tmr" | "twice" | "masked" | "coming"} Layer */
/** @typedef {Record<Layer, string>} Bits */
/** @typedef {import("../state-types.js").RepeatedRequest} RepeatedRequest */

/** More than a pip has room for. */
const MANY = 9;

/** The keys of the priorities that hold vectors back: each is its register's name. */
const PROCESSOR = "ppr";
const TASK = "tpr";
const LAYERS = /** @type {Layer[]} */ (["irr", "isr", "tmr", "twice", "masked", "coming"]);

/** @param {number} vector */
function makeMark(vector) {
  const { x, y } = cornerOf(vector);
  const mark = drawn("g", { class: "mark" });
  const pip = drawn("text", { class: "pip", x: x + 15, y: y + 6, "text-anchor": "middle" });
  setText(pip, vocabulary().coalesced);
  mark.append(
    drawn("rect", { class: "serving", x: x + 0.9, y: y + 0.9, width: 14.2, height: 14.2, rx: 2.6 }),
    drawn("path", { class: "arrival", d: diamond(vector, 7) }),
    drawn("path", { class: "requested", d: diamond(vector, 6) }),
    drawn("path", { class: "level", d: notch(vector) }),
    drawn("path", { class: "masking", d: `M${x + 1.5},${y + 14.5}l13,-13` }),
    pip,
  );
  return mark;
}

/** @param {SVGElement} svg */
function drawFrame(svg) {
  svg.append(
    drawn("path", { class: "idle", d: idlePath() }),
    drawn("path", { class: "reserved", d: reservedPath() }),
  );
  for (let row = 0; row < 16; row++) {
    const name = drawn("text", { x: GUTTER - 5, y: TOP + row * CELL + 11.8, "text-anchor": "end" });
    name.textContent = (15 - row).toString(16).toUpperCase();
    svg.append(name);
  }
  for (let column = 0; column < 16; column++) {
    const name = drawn("text", {
      x: GUTTER + column * CELL + CELL / 2,
      y: HEIGHT - 2,
      "text-anchor": "middle",
    });
    name.textContent = column.toString(16).toUpperCase();
    svg.append(name);
  }
}

/** The water-line (PPR), the task's own line (TPR) and their names. */
function makeLines() {
  const right = GUTTER + SIDE;
  return {
    water: drawn("rect", { class: "water", x: GUTTER, width: SIDE, y: 0, height: 0 }),
    waterLine: drawn("line", { class: "water-line", x1: GUTTER - 4, x2: right + 2 }),
    taskLine: drawn("line", { class: "task-line", x1: GUTTER - 4, x2: right + 2 }),
    pprName: drawn("text", { class: "line-name ppr-name", x: right, "text-anchor": "end" }),
    tprName: drawn("text", { class: "line-name tpr-name", x: GUTTER + SIDE / 2, "text-anchor": "middle" }),
  };
}

/**
 * Where a line's name hides no mark: at the right, else at the left, else in the middle of the row it is written in.
 *
 * @param {number} row the class of that row
 * @param {Bits} bits
 */
function freeSide(row, bits) {
  const taken = [bits.irr, bits.isr]
    .flatMap((digits) => vectorsIn(digits))
    .filter((vector) => classOf(vector) === row);
  const free = (/** @type {number} */ first, /** @type {number} */ last) =>
    !taken.some((vector) => subClassOf(vector) >= first && subClassOf(vector) <= last);
  if (free(13, 15)) return { x: GUTTER + SIDE, anchor: "end" };
  return free(0, 2) ? { x: GUTTER + 1, anchor: "start" } : { x: GUTTER + SIDE / 2, anchor: "middle" };
}

/**
 * @param {ReturnType<typeof makeLines>} lines
 * @param {string} ppr
 * @param {string} tpr
 * @param {Bits} bits
 */
function placeLines(lines, ppr, tpr, bits) {
  const processor = Number(ppr);
  const task = Number(tpr);
  const level = lineAbove(processor);
  const shown = classOf(processor) > 0;
  setAttribute(lines.water, "y", String(level));
  setAttribute(lines.water, "height", String(shown ? TOP + SIDE - level : 0));
  // Where the task's priority is the processor's, one line stands for both.
  const apart = classOf(task) > 0 && classOf(task) !== classOf(processor);
  const same = classOf(task) > 0 && !apart ? ` = ${TASK.toUpperCase()}` : "";
  placeLine(
    lines.waterLine,
    lines.pprName,
    shown ? level : null,
    `${PROCESSOR.toUpperCase()} ${ppr.slice(2)}${same}`,
  );
  const side = freeSide(Math.min(15, classOf(processor) + 1), bits);
  setAttribute(lines.pprName, "x", String(side.x));
  setAttribute(lines.pprName, "text-anchor", side.anchor);
  placeLine(
    lines.taskLine,
    lines.tprName,
    apart ? lineAbove(task) : null,
    `${TASK.toUpperCase()} ${tpr.slice(2)}`,
  );
}

/**
 * @param {SVGLineElement} line
 * @param {SVGTextElement} name
 * @param {number | null} level
 * @param {string} words
 */
function placeLine(line, name, level, words) {
  const shown = level === null ? "none" : null;
  setAttribute(line, "display", shown);
  setAttribute(name, "display", shown);
  if (level === null) return;
  setAttribute(line, "y1", String(level));
  setAttribute(line, "y2", String(level));
  setAttribute(name, "y", String(level < TOP + 14 ? level + 11 : level - 3.5));
  setText(name, words);
}

export function createMatrix() {
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" });
  const lines = makeLines();
  const marks = drawn("g");
  drawFrame(svg);
  svg.append(lines.water, lines.taskLine, lines.waterLine, lines.tprName, lines.pprName, marks);
  /** @type {Map<number, SVGGElement>} */
  const made = new Map();
  /** @type {Bits} */
  let shown = { irr: EMPTY, isr: EMPTY, tmr: EMPTY, twice: EMPTY, masked: EMPTY, coming: EMPTY };

  /** @param {number} vector */
  const markOf = (vector) => {
    let mark = made.get(vector);
    if (!mark) {
      mark = makeMark(vector);
      made.set(vector, mark);
      marks.append(mark);
    }
    return mark;
  };

  return {
    svg,
    /** @param {Bits} bits @param {string} ppr @param {string} tpr @param {RepeatedRequest[]} repeated how many requests are one, where several are */
    draw(bits, ppr, tpr, repeated = []) {
      for (const layer of LAYERS) {
        for (const vector of differing(shown[layer], bits[layer])) markOf(vector).classList.toggle(layer);
      }
      shown = bits;
      for (const { vector, times } of repeated) {
        const pip = markOf(vector).querySelector(".pip");
        if (pip) setText(pip, times > MANY ? `${MANY}+` : String(times));
      }
      placeLines(lines, ppr, tpr, bits);
    },
  };
}
