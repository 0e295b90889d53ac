/**
 * The outline of a set of tiles: one line round each part of it that hangs together, and one round each hole. Values in, values out;
 * corners are points of the grid between tiles, `[column, row]`.
 *
 * @typedef {[number, number]} Corner
 */

/** The sides of a tile with the tile beyond each, clockwise: what lies inside is always to the right. @type {{ from: Corner, to: Corner, beyond: Corner }[]} */
const SIDES = [
  { from: [0, 0], to: [1, 0], beyond: [0, -1] },
  { from: [1, 0], to: [1, 1], beyond: [1, 0] },
  { from: [1, 1], to: [0, 1], beyond: [0, 1] },
  { from: [0, 1], to: [0, 0], beyond: [-1, 0] },
];

/** @param {number} column @param {number} row */
const key = (column, row) => row * 1024 + column;

/** The sides between what is in the set and what is not, by the corner where each begins. @param {number[]} cpus @param {number} columns */
function sidesOf(cpus, columns) {
  const inside = new Set(cpus.map((cpu) => key((cpu % columns) + 1, Math.floor(cpu / columns) + 1)));
  /** @type {Map<number, Corner[]>} */
  const sides = new Map();
  for (const cpu of cpus) {
    const [column, row] = [cpu % columns, Math.floor(cpu / columns)];
    for (const { from, to, beyond } of SIDES) {
      if (inside.has(key(column + beyond[0] + 1, row + beyond[1] + 1))) continue;
      const begins = key(column + from[0], row + from[1]);
      const known = sides.get(begins) ?? [];
      known.push([column + to[0], row + to[1]]);
      sides.set(begins, known);
    }
  }
  return sides;
}

/** Without the corners at which a line goes straight on. @param {Corner[]} loop */
function corners(loop) {
  return loop.filter((corner, at) => {
    const before = /** @type {Corner} */ (loop.at(at - 1));
    const after = /** @type {Corner} */ (loop[(at + 1) % loop.length]);
    return !(
      (before[0] === corner[0] && corner[0] === after[0]) ||
      (before[1] === corner[1] && corner[1] === after[1])
    );
  });
}

/**
 * @param {number[]} cpus each once
 * @param {number} columns
 * @returns {Corner[][]} the corners of each line
 */
export function outlinesOf(cpus, columns) {
  const sides = sidesOf(cpus, columns);
  /** @type {Corner[][]} */
  const loops = [];
  for (const [begins, ends] of sides) {
    while (ends.length > 0) {
      /** @type {Corner[]} */
      const loop = [];
      let at = begins;
      for (;;) {
        const next = sides.get(at)?.pop();
        if (!next) break;
        loop.push(next);
        at = key(next[0], next[1]);
        if (at === begins) break;
      }
      loops.push(corners(loop));
    }
  }
  return loops;
}
