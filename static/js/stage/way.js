/**
 * The way of a message: from its sender's port to the line of the bus, along it, and out at the target's port.
 *
 * @typedef {{ x: number, edge: number }} Port `edge` is the y at which the port meets its CPU; the line's own for devices
 */

/**
 * @param {Port} from
 * @param {Port} to
 * @param {number} middle
 * @param {number} share 0 … 1 of the way
 */
export function pointOnWay(from, to, middle, share) {
  const down = Math.abs(middle - from.edge);
  const along = Math.abs(to.x - from.x);
  const out = Math.abs(to.edge - middle);
  let gone = share * (down + along + out);
  if (gone <= down) return { x: from.x, y: from.edge + Math.sign(middle - from.edge) * gone };
  gone -= down;
  if (gone <= along) return { x: from.x + Math.sign(to.x - from.x) * gone, y: middle };
  gone -= along;
  return { x: to.x, y: middle + Math.sign(to.edge - middle) * Math.min(gone, out) };
}
