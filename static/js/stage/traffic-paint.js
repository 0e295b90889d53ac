/**
 * Draws what goes on between CPUs over a picture of them: rings round receivers, and one stroke for each message under way. Which CPUs
 * are selected or kept open is a ring, too.
 */

import { outlinesOf } from "./outline.js";
import { middleOf } from "./tiles.js";

/** @typedef {import("./tiles.js").Layout} Layout */
/** @typedef {import("../score/look.js").Look} Look */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{ x: number, y: number }} Point */

/**
 * @typedef {object} Traffic
 * @property {Layout} layout
 * @property {number} selected
 * @property {number[]} pinned
 * @property {Flight[]} flights none where they go by faster than they can be followed
 *
 * @typedef {{ source: number | null, targets: number[], arrives: number }} Flight
 */

/** More strokes than this at once are a blur. */
const MOST_STROKES = 48;

/** A line round tiles, with round corners. @param {Context} context @param {Layout} layout @param {number[]} cpus */
function ring(context, layout, cpus) {
  const point = (/** @type {import("./outline.js").Corner} */ [column, row]) => ({
    x: layout.left + column * layout.width,
    y: layout.top + row * layout.height,
  });
  context.beginPath();
  for (const loop of outlinesOf(cpus, layout.columns)) {
    const points = loop.map(point);
    const [first, second] = points;
    if (!first || !second) continue;
    context.moveTo((first.x + second.x) / 2, (first.y + second.y) / 2);
    for (let at = 1; at <= points.length; at++) {
      const [corner, next] = [points[at % points.length] ?? first, points[(at + 1) % points.length] ?? first];
      context.arcTo(corner.x, corner.y, (corner.x + next.x) / 2, (corner.y + next.y) / 2, 6);
    }
    context.closePath();
  }
  context.stroke();
}

/** The tip of a stroke. @param {Context} context @param {Point} from @param {Point} to @param {number} size */
export function tip(context, from, to, size) {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  context.beginPath();
  context.moveTo(to.x, to.y);
  for (const side of [-0.4, 0.4])
    context.lineTo(to.x - size * Math.cos(angle + side), to.y - size * Math.sin(angle + side));
  context.closePath();
  context.fill();
}

/** A dashed line that stands out from what it goes over. @param {Context} context @param {Path2D} way @param {Look} look */
function over(context, way, { colours, stroke }) {
  context.strokeStyle = colours.sunken;
  context.lineWidth = stroke * 2.2;
  context.stroke(way);
  context.setLineDash([5, 4]);
  context.strokeStyle = colours.fly;
  context.lineWidth = stroke * 0.9;
  context.stroke(way);
  context.setLineDash([]);
}

/**
 * From the sender, or the corner where devices are, to the ring round the receivers, beside the strokes of the other messages.
 *
 * @param {Context} context
 * @param {Layout} layout
 * @param {Flight} flight
 * @param {number} aside in tiles
 * @param {Look} look
 */
function stroke(context, layout, { source, targets }, aside, look) {
  const middles = targets.map((cpu) => middleOf(layout, cpu));
  const from =
    source === null
      ? { x: Math.max(4, layout.left - 6), y: Math.max(4, layout.top - 6) }
      : middleOf(layout, source);
  const wanted = from.x + aside * layout.width;
  const nearest = middles.reduce((best, one) => {
    const far = (/** @type {Point} */ { x, y }) => Math.abs(y - from.y) * 4 + Math.abs(x - wanted);
    return far(one) < far(best) ? one : best;
  });
  // Within a row it goes over the tiles between, from edge to edge: from the upper one, or of the first row from the lower.
  const level = nearest.y === from.y;
  const down = Math.sign(nearest.y - from.y) || (from.y < layout.top + layout.height ? 1 : -1);
  const to = { x: nearest.x, y: nearest.y + ((level ? down : -down) * layout.height) / 2 };
  const bend = level
    ? { x: (from.x + to.x) / 2, y: from.y + down * layout.height }
    : { x: from.x, y: (from.y + to.y) / 2 };
  const way = new Path2D();
  way.moveTo(from.x, from.y + (down * layout.height) / 2);
  way.quadraticCurveTo(bend.x, bend.y, to.x, to.y);
  over(context, way, look);
  tip(context, bend, to, 9);
}

/** @param {Context} context @param {Traffic} picture @param {Look} look */
export function paintTraffic(context, { layout, selected, pinned, flights }, look) {
  const { colours } = look;
  context.strokeStyle = colours.fly;
  context.lineWidth = look.stroke * 0.8;
  context.setLineDash([5, 4]);
  for (const { targets } of flights) ring(context, layout, targets);
  context.setLineDash([]);
  context.fillStyle = colours.fly;
  const sent = flights.filter(({ targets }) => targets.length > 0).slice(0, MOST_STROKES);
  sent.forEach((flight, at) => {
    stroke(context, layout, flight, sent.length > 1 ? (at - (sent.length - 1) / 2) * 0.35 : 0, look);
  });
  context.strokeStyle = colours.irr;
  context.lineWidth = look.stroke * 0.5;
  for (const cpu of pinned) ring(context, layout, [cpu]);
  context.lineWidth = look.stroke * 1.1;
  ring(context, layout, [selected]);
}
