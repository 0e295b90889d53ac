/**
 * What is drawn, as values: a shape for each span in sight, and where so many lie that they could not be told apart a strip of
 * pixels for all of a lane's. `paint.js` puts them on a canvas, `hit.js` finds them again.
 *
 * @typedef {import("./columns.js").Columns} Columns
 * @typedef {import("./lanes.js").Lane} Lane
 * @typedef {import("./scale.js").Scale} Scale
 * @typedef {import("./mipmap.js").Track} Track
 *
 * @typedef {object} Shape
 * @property {string} style how its kind is drawn
 * @property {number} id of its span
 * @property {number} lane as the span's
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {boolean} begins whether its beginning is in sight
 * @property {boolean} lasts whether it has not ended
 * @property {string} label
 * @property {string} name of the span
 * @property {boolean} faint it is not what somebody looks for
 * @property {number} [toX] of an arrow: its point
 * @property {number} [toY]
 * @property {number} [served] of dashes: to where its interrupt is in service, if it is one of those that are
 * @property {number} [inside] how many that last as well it lies inside of, where a lane is too low for a row of its own
 * @property {boolean} [ended] of an arrow: nothing came of it, so that its end is a mark by itself
 *
 * @typedef {object} Strip
 * @property {string} style
 * @property {number[]} lanes
 * @property {number} y
 * @property {number} height
 * @property {number} x where its first pixel lies: maybe left of all that is in sight
 * @property {Float32Array} shares per pixel: which share of its time is taken
 * @property {number} spans how many begin in sight
 * @property {number} [at] where most begin
 * @property {number} [here] how many about there
 * @property {boolean} [faint] somebody looks for something, and what is found lies over it
 * @property {boolean} [found] only what somebody looks for
 *
 * @typedef {object} Scene
 * @property {Lane[]} lanes
 * @property {Scale} scale
 * @property {number} axis
 * @property {Map<string, Shape[]>} shapes by style
 * @property {Strip[]} strips
 * @property {number} seen spans in sight, about
 * @property {number} [since] what lies before is not drawn
 *
 * @typedef {object} Sight what is asked for
 * @property {Columns} columns
 * @property {Lane[]} lanes
 * @property {Scale} scale
 * @property {number} axis
 * @property {number} until when what lasts still is drawn to: the newest time
 * @property {(row: number) => string} labelOf
 * @property {(row: number) => boolean} [isLost] whether a message reaches nobody
 * @property {string[]} hidden kinds that are not drawn
 * @property {((row: number) => boolean) | null} faint whether a span is not what somebody looks for; null: nobody looks for any
 * @property {import("./feed.js").Coarse | null} [coarse] counts, where spans are too many to be fetched
 * @property {number} [since] a ghost: only what of it lies behind then
 */

import { beginningIn, eachSpan, settle } from "./mipmap.js";
import { shapeOf } from "./shapes.js";
import { roomsOf } from "./slots.js";
import { addCoarse, addHeat, addStrips } from "./strips.js";

/** So many spans are drawn one by one. */
export const MOST_SHAPES = 3000;
/** So many arrows can be told apart. */
export const MOST_ARROWS = 300;
const ARROW = "arrow";
const LEAST_PER_TRACK = 24;

/** @param {Sight} sight @returns {Scene} */
export function sceneOf(sight) {
  /** @type {Scene} */
  const scene = {
    lanes: sight.lanes,
    scale: sight.scale,
    axis: sight.axis,
    shapes: new Map(),
    strips: [],
    seen: 0,
    ...(sight.since === undefined ? {} : { since: sight.since }),
  };
  if (sight.coarse) {
    addCoarse(scene, sight, sight.coarse);
    return scene;
  }
  const tracks = tracksInSight(sight);
  scene.seen = tracks.reduce((sum, { spans }) => sum + spans, 0);
  const dense = scene.seen > MOST_SHAPES;
  const most = Math.max(LEAST_PER_TRACK, MOST_SHAPES / Math.max(1, tracks.length));
  const arrows = tracks.reduce((sum, { track, spans }) => sum + (track.style === ARROW ? spans : 0), 0);
  /** @type {{ track: Track, lane: Lane, spans: number }[]} */
  const strips = [];
  for (const one of tracks) {
    const crowded = one.track.style === ARROW ? arrows > MOST_ARROWS : dense && one.spans > most;
    if (!crowded) addShapes(scene, sight, one.track, one.lane);
    else if (one.lane.sort !== "heat") strips.push(one);
  }
  addStrips(scene, sight, strips);
  addHeat(scene, sight);
  return scene;
}

/** The tracks that the lanes show, with about how many of their spans are in sight. @param {Sight} sight */
function tracksInSight(sight) {
  const { from, to } = sight.scale;
  /** @type {{ track: Track, lane: Lane, spans: number }[]} */
  const found = [];
  for (const lane of sight.lanes) {
    for (const number of lane.sort === "lines" ? [-1] : lane.cpus) {
      if (lane.sort === "cpu") roomsOf(sight.columns, number);
      for (const track of sight.columns.lanes.get(number) ?? []) {
        if (!belongs(track, lane) || sight.hidden.includes(track.kind)) continue;
        settle(track);
        found.push({ track, lane, spans: beginningIn(track, from, to) + track.open.size });
      }
    }
  }
  return found;
}

/** What leaves the guest stands in the hypervisor's lane, lines in that of the devices, all else in its CPU's. @param {Track} track @param {Lane} lane */
function belongs(track, lane) {
  if (lane.sort === "heat") return track.style === ARROW;
  return (track.style === "crossing") === (lane.sort === "crossings");
}

/** @param {Scene} scene @param {Sight} sight @param {Track} track @param {Lane} lane */
function addShapes(scene, sight, track, lane) {
  const shapes = scene.shapes.get(track.style) ?? [];
  scene.shapes.set(track.style, shapes);
  eachSpan(track, sight.scale.from, sight.scale.to, (at) => {
    const row = track.rows[at] ?? 0;
    if (sight.since !== undefined && (track.end[at] ?? 0) <= sight.since) return;
    const shape = shapeOf(sight, track, row, lane);
    if (!shape) return;
    shape.faint = sight.faint?.(row) ?? false;
    shapes.push(shape);
  });
}
