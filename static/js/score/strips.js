/** What is too dense for shapes: a strip per lane and kind, and heat rows for CPUs that have no lane of their own. */

import { crossingRow, lineRow, stackTop, waitingTop } from "./lanes.js";
import { beginningIn, count, cover, eachSpan, levelFor, settle, spread } from "./mipmap.js";

/** What a heat row tells: which share of its time a CPU is in a handler. */
const HEAT = "dashes";

/** Scales that differ by less are one: sums of small steps are never quite the same. */
const SAME_SCALE = 1e-9;

/** @typedef {{ version: number, perPixel: number, width: number, first: number, shares: Float32Array, faint?: Faint }} Kept `first`: a pixel's number, counted from time 0 */
/** @typedef {import("./scene.js").Sight["faint"]} Faint */

/** @param {import("./scene.js").Scale} scale */
const pixelsOf = (scale) => Math.max(1, Math.round(scale.width));

/**
 * @param {import("./scene.js").Scene} scene
 * @param {import("./scene.js").Sight} sight
 * @param {{ track: import("./mipmap.js").Track, lane: import("./lanes.js").Lane, spans: number }[]} crowded
 */
export function addStrips(scene, sight, crowded) {
  for (const { track, lane, spans } of crowded) {
    const { style } = track;
    const name = `${track.lane} ${style} ${track.name}`;
    const pixels = pixelsFor(sight, name, [track], (from, to, shares) => {
      if (style === "arrow" || style === "glyph") count(track, from, to, shares);
      else coverAll(track, from, to, shares, sight.until);
    });
    const place = { style, lanes: [track.lane], ...stripPlace(track, lane) };
    scene.strips.push({ ...place, spans, ...pixels, ...densest(track, sight), faint: Boolean(sight.faint) });
    if (sight.faint)
      scene.strips.push({ ...place, spans: 0, ...foundPixels(sight, name, [track], 1), found: true });
  }
}

/** The pixels of those alone that somebody looks for. @param {import("./scene.js").Sight} sight @param {string} name @param {import("./mipmap.js").Track[]} tracks @param {number} lanes that share them */
function foundPixels(sight, name, tracks, lanes) {
  return pixelsFor(sight, `found ${name}`, tracks, (from, to, shares) => {
    const perCycle = shares.length / (to - from);
    for (const track of tracks) {
      eachSpan(track, from, to, (at) => {
        if (sight.faint?.(track.rows[at] ?? 0)) return;
        const [start, end] = [track.start[at] ?? 0, Math.min(track.end[at] ?? 0, sight.until)];
        const left = (start - from) * perCycle;
        // What has no length, and what is shorter than a pixel, is seen all the same.
        spread(shares, left, Math.max(left + 1, (end - from) * perCycle), 1 / lanes);
      });
    }
  });
}

/** @param {import("./mipmap.js").Track} track @param {number} from @param {number} to @param {Float32Array} shares @param {number} until */
function coverAll(track, from, to, shares, until) {
  cover(track, levelFor(beginningIn(track, from, to), shares.length), from, to, shares, until);
}

/**
 * Pixels that stay where they are in time: they reach half a width beyond what is in sight on both sides, and are drawn again from
 * another of them on while somebody pans.
 *
 * @param {import("./scene.js").Sight} sight
 * @param {string} name
 * @param {import("./mipmap.js").Track[]} tracks
 * @param {(from: number, to: number, shares: Float32Array) => void} draw
 * @returns {{ x: number, shares: Float32Array }}
 */
function pixelsFor({ columns, scale, until, faint }, name, tracks, draw) {
  const width = pixelsOf(scale);
  const perPixel = (scale.to - scale.from) / width;
  let version = tracks.reduce((sum, track) => sum + track.version, tracks.length);
  if (tracks.some(({ open }) => open.size > 0)) version += until;
  let kept = columns.strips.get(name);
  if (!kept || kept.faint !== faint || !isOfUse(kept, version, perPixel, scale, width)) {
    const first = Math.floor(scale.from / perPixel) - Math.floor(width / 2);
    kept = { version, perPixel, width, first, faint, shares: new Float32Array(width * 2 + 2) };
    draw(first * perPixel, (first + kept.shares.length) * perPixel, kept.shares);
    columns.strips.set(name, kept);
  }
  return { x: scale.left + kept.first - scale.from / kept.perPixel, shares: kept.shares };
}

/** @param {Kept} kept @param {number} version @param {number} perPixel @param {import("./scale.js").Scale} scale @param {number} width */
function isOfUse(kept, version, perPixel, scale, width) {
  if (kept.version !== version || kept.width !== width) return false;
  if (Math.abs(kept.perPixel / perPixel - 1) > SAME_SCALE) return false;
  const first = scale.from / kept.perPixel;
  return first >= kept.first && first + width <= kept.first + kept.shares.length;
}

/** @param {import("./mipmap.js").Track} track @param {import("./lanes.js").Lane} lane */
function stripPlace(track, lane) {
  switch (track.style) {
    case "wave": {
      const { top, bottom } = lineRow(lane, Math.max(0, lane.lines.indexOf(track.name)));
      return { y: top, height: bottom - top };
    }
    case "crossing": {
      const { top, height } = crossingRow(lane, track.lane);
      return { y: top, height };
    }
    case "outline":
      return { y: waitingTop(lane, 0), height: lane.waiting * (lane.waitingHeight + 3) - 3 };
    case "arrow":
    case "glyph":
      return { y: lane.y + 1, height: 2 };
    case "hatching":
      return { y: lane.y + 1, height: lane.height - 1 };
    default:
      return wholeStack(lane);
  }
}

/** The middle of the tenth in which most begin: there it is said how many they are. @param {import("./mipmap.js").Track} track @param {import("./scene.js").Sight} sight */
function densest(track, { scale }) {
  const tenth = (scale.to - scale.from) / 10;
  let [at, most] = [0, -1];
  for (let part = 0; part < 10; part++) {
    const here = beginningIn(track, scale.from + part * tenth, scale.from + (part + 1) * tenth);
    if (here > most) [at, most] = [part, here];
  }
  return { at: scale.left + ((at + 0.5) * scale.width) / 10, here: most };
}

/** @param {import("./scene.js").Scene} scene @param {import("./scene.js").Sight} sight */
export function addHeat(scene, sight) {
  const { columns, scale } = sight;
  for (const lane of sight.lanes) {
    if (lane.sort !== "heat") continue;
    const tracks = lane.cpus
      .flatMap((cpu) => columns.lanes.get(cpu) ?? [])
      .filter((track) => track.style === HEAT);
    for (const track of tracks) settle(track);
    const pixels = pixelsFor(sight, `${lane.cpus[0]} ${lane.cpus.length}`, tracks, (from, to, shares) => {
      for (const track of tracks) coverAll(track, from, to, shares, sight.until);
      for (let at = 0; at < shares.length; at++) shares[at] = (shares[at] ?? 0) / lane.cpus.length;
    });
    const spans = tracks.reduce((sum, track) => sum + beginningIn(track, scale.from, scale.to), 0);
    const place = { y: lane.y + 1, height: lane.height - 2 };
    const strip = { style: "heat", lanes: lane.cpus, ...place };
    scene.strips.push({ ...strip, spans, ...pixels, faint: Boolean(sight.faint) });
    if (!sight.faint) continue;
    const found = foundPixels(sight, `${lane.cpus[0]} ${lane.cpus.length}`, tracks, lane.cpus.length);
    scene.strips.push({ ...strip, spans: 0, ...found, found: true });
  }
}

/**
 * Each lane from counts alone: they lie on other pixels than those of the canvas, and a heat row stands for several.
 *
 * @param {import("./scene.js").Scene} scene
 * @param {import("./scene.js").Sight} sight
 * @param {import("./feed.js").Coarse} coarse
 */
export function addCoarse(scene, { scale, lanes }, coarse) {
  const told = new Map(coarse.lanes.map((one) => [one.lane, one]));
  const perPixel = (scale.to - scale.from) / pixelsOf(scale);
  for (const lane of lanes) {
    if (lane.sort !== "cpu" && lane.sort !== "heat") continue;
    const shares = new Float32Array(pixelsOf(scale));
    let spans = 0;
    for (const cpu of lane.cpus) {
      const one = told.get(cpu);
      if (!one) continue;
      spans += one.counts.reduce((sum, n) => sum + n, 0);
      const perBin = (coarse.to - coarse.from) / Math.max(1, one.busy.length);
      for (let at = 0; at < shares.length; at++) {
        const bin = Math.floor((scale.from + (at + 0.5) * perPixel - coarse.from) / perBin);
        shares[at] = (shares[at] ?? 0) + (one.busy[bin] ?? 0) / lane.cpus.length;
      }
    }
    const place = lane.sort === "heat" ? { y: lane.y + 1, height: lane.height - 2 } : wholeStack(lane);
    scene.strips.push({
      style: "heat",
      lanes: lane.cpus,
      ...place,
      shares,
      spans,
      x: scale.left,
      at: scale.left + scale.width / 2,
    });
    scene.seen += spans;
  }
}

/** @param {import("./lanes.js").Lane} lane */
function wholeStack(lane) {
  const y = stackTop(lane, lane.stack - 1);
  return { y, height: lane.y + lane.height - 2 - y };
}
