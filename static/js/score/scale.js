/**
 * Time and place: which stretch of time the score shows, and where a time stands in it. Times are TSC cycles, places CSS pixels.
 *
 * @typedef {object} Scale
 * @property {number} from
 * @property {number} to
 * @property {number} left
 * @property {number} width
 * @property {number} [zero] the time from which the axis counts; without it the beginning
 */

/** No closer than so many cycles over the whole width: nothing that the model does is shorter. */
export const CLOSEST = 40;
/** Room behind the newest time, as a share of the width, and before the beginning. */
export const AHEAD = 0.08;
const BEFORE = 0.02;
/** What is narrower (pixels) is not seen among others; so wide it is. */
const SEEN = 8;
const WELL_SEEN = 24;
/** A moment, which has no length, is looked at as if it were so long (cycles). */
const BRIEF = 50;

/** What two courses have in common before their fork and is shown with it, as a share of what follows. */
const BEFORE_FORK = 0.15;

/**
 * Where to look at first where two courses part at *fork*, of *last* in all: from a little before that on.
 *
 * @param {number} fork
 * @param {number} last
 */
export function sightFrom(fork, last) {
  const after = Math.max(last - fork, CLOSEST);
  return { from: Math.max(0, fork - after * BEFORE_FORK), to: last + after * 0.04 };
}

/** @param {Scale} scale @param {number} time */
export const xOf = (scale, time) =>
  scale.left + ((time - scale.from) / (scale.to - scale.from)) * scale.width;

/** @param {Scale} scale @param {number} x */
export const timeAt = (scale, x) => scale.from + ((x - scale.left) / scale.width) * (scale.to - scale.from);

/** Cycles of one pixel. @param {Scale} scale */
export const cyclesPerPixel = (scale) => (scale.to - scale.from) / scale.width;

/**
 * Closer by *factor*, or farther below 1; what stands at *x* stays there.
 *
 * @param {Scale} scale
 * @param {number} factor
 * @param {number} x
 * @param {number} newest
 * @returns {Scale}
 */
export function zoomed(scale, factor, x, newest) {
  const length = scale.to - scale.from;
  const next = Math.min(Math.max(length / factor, CLOSEST), Math.max(newest, CLOSEST) * 1.5);
  const share = (x - scale.left) / scale.width;
  const from = timeAt(scale, x) - next * share;
  return kept({ ...scale, from, to: from + next }, newest);
}

/** By so many pixels towards later times. @param {Scale} scale @param {number} pixels @param {number} newest */
export function panned(scale, pixels, newest) {
  const by = pixels * cyclesPerPixel(scale);
  return kept({ ...scale, from: scale.from + by, to: scale.to + by }, newest);
}

/** A part of what happened stays in sight: half of the width at most lies before the beginning, or behind the newest time. @param {Scale} scale @param {number} newest */
function kept(scale, newest) {
  const length = scale.to - scale.from;
  const from = Math.min(Math.max(scale.from, -length / 2), Math.max(newest - length / 2, -length * BEFORE));
  return { ...scale, from, to: from + length };
}

/** All that happened. @param {Scale} scale @param {number} from @param {number} to @returns {Scale} */
export function fitted(scale, from, to) {
  const length = Math.max(to - from, CLOSEST);
  return { ...scale, from: from - length * BEFORE, to: from + length * (1 + AHEAD) };
}

/** The same length, its newest time near the right. @param {Scale} scale @param {number} newest @returns {Scale} */
export function following(scale, newest) {
  const length = scale.to - scale.from;
  const to = Math.max(newest + length * AHEAD, length * (1 - BEFORE));
  return { ...scale, from: to - length, to };
}

/** Moved no farther than needed, so that *from* to *to* is in sight. @param {Scale} scale @param {number} from @param {number} to @returns {Scale} */
export function revealing(scale, from, to) {
  const length = scale.to - scale.from;
  const margin = length * AHEAD;
  if (to - from > length - 2 * margin) return fitted(scale, from, to);
  let by = 0;
  if (from - margin < scale.from) by = from - margin - scale.from;
  else if (to + margin > scale.to) by = to + margin - scale.to;
  return { ...scale, from: scale.from + by, to: scale.to + by };
}

/** Moved, and closer if need be, so that what lasts *from* to *to* can be seen. @param {Scale} scale @param {number} from @param {number} to @returns {Scale} */
export function magnifying(scale, from, to) {
  const long = Math.max(to - from, BRIEF);
  if (long >= cyclesPerPixel(scale) * SEEN) return revealing(scale, from, to);
  const length = Math.max(CLOSEST, (long / WELL_SEEN) * scale.width);
  const middle = (from + to) / 2;
  return { ...scale, from: middle - length / 2, to: middle + length / 2 };
}

/** The step of the axis: 1, 2 or 5 times a power of ten, so that marks are at least so many pixels apart. @param {Scale} scale @param {number} apart */
export function stepOf(scale, apart) {
  const least = Math.max(1, cyclesPerPixel(scale) * apart);
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((times) => times * power >= least) ?? 10;
  return factor * power;
}

/** The times that are written on the axis. @param {Scale} scale @param {number} apart @returns {number[]} */
export function ticksOf(scale, apart) {
  const step = stepOf(scale, apart);
  const { zero = 0 } = scale;
  const ticks = [];
  const first = zero + Math.ceil((Math.max(0, scale.from) - zero) / step) * step;
  for (let time = first; time <= scale.to; time += step) ticks.push(time);
  return ticks;
}
