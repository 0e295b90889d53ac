/**
 * Where things lie in the picture of a CPU: 16 × 16 cells, a row a priority class with F on top, a column bits 3:0.
 * In the SVG's own units, so that the picture scales as one.
 */

import { classOf, subClassOf, vectorOf } from "./fields.js";

export const CELL = 16;
export const SIDE = 16 * CELL;
/** Room for the classes' names on the left and the columns' below. */
export const GUTTER = 15;
export const FOOT = 14;
export const TOP = 3;
export const RIGHT = 3;
export const WIDTH = GUTTER + SIDE + RIGHT;
export const HEIGHT = TOP + SIDE + FOOT;

/** Vectors 0-15 are illegal, 16-31 belong to exceptions: rows 0 and 1 are hatched. */
export const RESERVED_ROWS = 2;

/**
 * The upper left corner of a vector's cell.
 *
 * @param {number} vector
 */
export function cornerOf(vector) {
  return { x: GUTTER + subClassOf(vector) * CELL, y: lineAbove(vector) };
}

/**
 * The vector under a point, or null outside of the cells.
 *
 * @param {number} x
 * @param {number} y
 */
export function vectorAt(x, y) {
  const column = Math.floor((x - GUTTER) / CELL);
  const row = 15 - Math.floor((y - TOP) / CELL);
  return column < 0 || column > 15 || row < 0 || row > 15 ? null : vectorOf(row, column);
}

/**
 * The line above a class: all that lies under it waits. Class 0 blocks nothing that could ever be delivered.
 *
 * @param {number} priority a TPR or PPR value
 */
export function lineAbove(priority) {
  return TOP + (15 - classOf(priority)) * CELL;
}

/** @param {number} row @param {number} column @param {number} inset @param {number} size */
const dot = (row, column, inset, size) =>
  `M${GUTTER + column * CELL + inset},${TOP + row * CELL + inset}h${size}v${size}h-${size}z`;

/** One path for all the empty cells: 224 small squares need not be 224 elements. */
export function idlePath() {
  let path = "";
  for (let row = 0; row < 16 - RESERVED_ROWS; row++) {
    for (let column = 0; column < 16; column++) path += dot(row, column, 6, 4);
  }
  return path;
}

/** The hatching of the two reserved rows. */
export function reservedPath() {
  let path = "";
  for (let row = 16 - RESERVED_ROWS; row < 16; row++) {
    for (let column = 0; column < 16; column++) {
      const x = GUTTER + column * CELL;
      const y = TOP + row * CELL;
      path += `M${x + 4},${y + 12}L${x + 12},${y + 4}`;
    }
  }
  return path;
}

/**
 * A diamond in the middle of a vector's cell.
 *
 * @param {number} vector
 * @param {number} reach from the middle to a tip
 */
export function diamond(vector, reach) {
  const { x, y } = cornerOf(vector);
  return `M${x + 8},${y + 8 - reach}l${reach},${reach}l-${reach},${reach}l-${reach},-${reach}z`;
}

/** The notch of a level-triggered vector: lower left corner of its cell. @param {number} vector */
export function notch(vector) {
  const { x, y } = cornerOf(vector);
  return `M${x + 0.8},${y + 15.2}v-6.4l6.4,6.4z`;
}
