/**
 * What is under a point of the score: the shape drawn there last, an arrow's curve, or in a strip the span that lies there.
 *
 * @typedef {object} Hit
 * @property {number | null} span
 * @property {import("./lanes.js").Lane | null} lane
 * @property {boolean} axis it lies above the lanes
 * @property {number} here in a strip: how many spans begin about there
 */

import { laneAt } from "./lanes.js";
import { inOrder, LINE } from "./marks.js";
import { beginningIn, eachSpan } from "./mipmap.js";
import { cyclesPerPixel, timeAt } from "./scale.js";

/** A pointer may be so far off (pixels). */
const NEAR = 4;
const POINTS = 16;
/** Drawn under all else, over much room. */
const UNDER = ["stripes", "hatching"];

/**
 * @param {import("./scene.js").Scene} scene
 * @param {import("./columns.js").Columns} columns
 * @param {number} x
 * @param {number} y
 * @returns {Hit}
 */
export function hitAt(scene, columns, x, y) {
  const lane = laneAt(scene.lanes, y);
  const axis = y < scene.axis;
  if (axis || x < scene.scale.left) return { span: null, lane, axis, here: 0 };
  const shape = shapeAt(scene, x, y);
  if (shape !== null || !lane) return { span: shape, lane, axis, here: 0 };
  return { ...inStrip(scene, columns, lane, x, y), lane, axis };
}

/** @param {import("./scene.js").Scene} scene @param {number} x @param {number} y */
function shapeAt(scene, x, y) {
  const lines = scene.shapes.get(LINE) ?? [];
  let near = /** @type {{ apart: number, id: number } | null} */ (null);
  for (const shape of [...lines, ...inOrder(scene.shapes)].reverse()) {
    // What lies under all else: what is near goes first.
    if (near !== null && UNDER.includes(shape.style)) return near.id;
    const apart = distance(shape, x, y);
    if (apart <= 0) return shape.id;
    if (apart <= NEAR && (near === null || apart < near.apart)) near = { apart, id: shape.id };
  }
  return near?.id ?? null;
}

/** How far a point is from a shape. @param {import("./scene.js").Shape} shape @param {number} x @param {number} y */
function distance(shape, x, y) {
  if (shape.toX !== undefined && shape.toY !== undefined) return fromCurve(shape, x, y);
  const mark = shape.begins && shape.style === "outline" ? shape.height / 2 + 1 : 0;
  // Up to its end the service lies over the handler.
  const left = Math.max(shape.x - mark, shape.served ?? shape.x - mark);
  const beside = Math.max(left - x, x - shape.x - shape.width, 0);
  const above = Math.max(shape.y - y, y - shape.y - shape.height, 0);
  return Math.hypot(beside, above);
}

/** An arrow's curve, as the painter draws it, by a few of its points; it is hit from so near that it needs no area. @param {import("./scene.js").Shape} shape @param {number} x @param {number} y */
function fromCurve(shape, x, y) {
  const { x: x0, y: y0, toX = x0, toY = y0 } = shape;
  const bend = (toX - x0) * 0.7;
  let least = Number.POSITIVE_INFINITY;
  for (let point = 0; point <= POINTS; point++) {
    const t = point / POINTS;
    const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    const px = a * x0 + b * (x0 + bend) + c * (toX - bend) + d * toX;
    const py = (a + b) * y0 + (c + d) * toY;
    least = Math.min(least, Math.hypot(px - x, py - y));
  }
  return least <= NEAR ? Math.max(0, least - NEAR) : least;
}

/** @param {import("./scene.js").Scene} scene @param {import("./columns.js").Columns} columns @param {import("./lanes.js").Lane} lane @param {number} x @param {number} y */
function inStrip(scene, columns, lane, x, y) {
  const half = cyclesPerPixel(scene.scale) * 1.5;
  const time = timeAt(scene.scale, x);
  const strips = scene.strips.filter((strip) => y >= strip.y && y < strip.y + strip.height);
  let [span, here, longest] = [/** @type {number | null} */ (null), 0, -1];
  for (const number of lane.sort === "lines" ? [-1] : lane.cpus) {
    for (const track of columns.lanes.get(number) ?? []) {
      const shown = strips.some(({ style, lanes }) =>
        style === "heat" ? track.style === "dashes" : style === track.style && lanes.includes(track.lane),
      );
      if (!shown) continue;
      here += beginningIn(track, time - half * 3, time + half * 3);
      eachSpan(track, time - half, time + half, (at) => {
        const length = (track.end[at] ?? 0) - (track.start[at] ?? 0);
        if (length > longest) [span, longest] = [columns.id[track.rows[at] ?? 0] ?? null, length];
      });
    }
  }
  return { span, here };
}
