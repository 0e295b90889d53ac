/**
 * What is drawn once and put down often: a picture is many times cheaper than a path that is filled and stroked, or than hatching
 * line by line.
 *
 * @typedef {{ reach: number, stroke: number, edge: string, inside: string }} Diamond `reach`: from its middle to a tip
 */

/** Diamonds by their sizes and colours. @type {Map<string, OffscreenCanvas>} */
const diamonds = new Map();
const MOST_DIAMONDS = 60;
/** Room round a diamond for the edge of its line. */
const MARGIN = 3;

/** @param {CanvasRenderingContext2D} on @param {Diamond} diamond @param {number} x its middle @param {number} y */
export function putDiamond(on, diamond, x, y) {
  const half = Math.ceil(diamond.reach + MARGIN);
  const ratio = window.devicePixelRatio || 1;
  const key = [
    diamond.reach.toFixed(1),
    diamond.stroke.toFixed(1),
    diamond.edge,
    diamond.inside,
    ratio,
  ].join();
  let stamp = diamonds.get(key);
  if (!stamp) {
    if (diamonds.size > MOST_DIAMONDS) diamonds.clear();
    stamp = diamondOf(diamond, half, ratio);
    diamonds.set(key, stamp);
  }
  on.drawImage(stamp, x - half, y - half, half * 2, half * 2);
}

/** @param {Diamond} diamond @param {number} half @param {number} ratio pixels of the screen per CSS pixel */
function diamondOf({ reach, stroke, edge, inside }, half, ratio) {
  const stamp = new OffscreenCanvas(Math.ceil(half * 2 * ratio), Math.ceil(half * 2 * ratio));
  const on = /** @type {OffscreenCanvasRenderingContext2D} */ (stamp.getContext("2d"));
  on.scale(ratio, ratio);
  on.translate(half, half);
  on.moveTo(0, -reach);
  on.lineTo(reach, 0);
  on.lineTo(0, reach);
  on.lineTo(-reach, 0);
  on.closePath();
  on.fillStyle = inside;
  on.fill();
  on.strokeStyle = edge;
  on.lineWidth = stroke;
  on.stroke();
  return stamp;
}

/** Pixels from one line of the hatching to the next. */
const TILE = 6;
const FAINTNESS = 0.45;
/** The hatching that was drawn last, and how far it has moved with time. */
const hatched = { colour: "", moved: 0, pattern: /** @type {CanvasPattern | null} */ (null) };

/** Hatching that stays where it is in time. @param {CanvasRenderingContext2D} on @param {string} colour @param {number} phase pixels */
export function hatchOf(on, colour, phase) {
  if (hatched.colour !== colour) {
    Object.assign(hatched, { colour, moved: 0, pattern: on.createPattern(tileOf(colour), "repeat") });
  }
  const moved = Math.round(phase % TILE);
  if (hatched.moved !== moved) {
    hatched.pattern?.setTransform(new DOMMatrix().translate(moved, 0));
    hatched.moved = moved;
  }
  return hatched.pattern;
}

/** @param {string} colour */
function tileOf(colour) {
  const tile = new OffscreenCanvas(TILE, TILE);
  const on = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  on.strokeStyle = colour;
  on.globalAlpha = FAINTNESS;
  on.lineWidth = 1;
  for (const shift of [-TILE, 0, TILE]) {
    on.moveTo(shift - 1, TILE + 1);
    on.lineTo(shift + TILE + 1, -1);
  }
  on.stroke();
  return tile;
}
