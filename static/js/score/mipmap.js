/**
 * The spans of one kind on one lane, in the order of beginning, and above them levels: a block of level k stands for 8^k spans and
 * says when the last of them ends and how long they are together. So any stretch of time is found in a few steps, and drawn in a
 * few thousand, however many spans there are.
 *
 * @typedef {{ last: Float64Array, busy: Float64Array }} Level
 *
 * @typedef {object} Track
 * @property {number} lane
 * @property {string} kind
 * @property {string} style
 * @property {string} name of the line, where it is one
 * @property {number} count
 * @property {number} settled how many are in the levels
 * @property {number} order changes when the order did
 * @property {number} version rises with each change
 * @property {boolean} sorted
 * @property {Int32Array} rows
 * @property {Float64Array} start
 * @property {Float64Array} end Infinity while it lasts
 * @property {Set<number>} open positions of those that last; no level knows them
 * @property {Level[]} levels the first is of blocks of 8
 */

const FIRST_ROOM = 64;
/** Bits of a position that a level leaves out, times its number. */
const BITS = 3;
const NEVER = Number.NEGATIVE_INFINITY;
const STILL = Number.POSITIVE_INFINITY;

/** @param {number} lane @param {string} kind @param {string} style @param {string} name @returns {Track} */
export function emptyTrack(lane, kind, style, name) {
  return {
    ...{ lane, kind, style, name, count: 0, settled: 0, order: 0, version: 0, sorted: true },
    rows: new Int32Array(FIRST_ROOM),
    start: new Float64Array(FIRST_ROOM),
    end: new Float64Array(FIRST_ROOM),
    open: new Set(),
    levels: emptyLevels(FIRST_ROOM),
  };
}

/** @param {number} room */
function emptyLevels(room) {
  const levels = [];
  for (let blocks = room >> BITS; blocks >= 1; blocks >>= BITS) {
    levels.push({ last: new Float64Array(blocks + 1).fill(NEVER), busy: new Float64Array(blocks + 1) });
  }
  return levels;
}

/** @param {Track} track @param {number} room */
function resize(track, room) {
  const [rows, start, end] = [new Int32Array(room), new Float64Array(room), new Float64Array(room)];
  rows.set(track.rows);
  start.set(track.start);
  end.set(track.end);
  Object.assign(track, { rows, start, end, levels: emptyLevels(room), settled: 0 });
}

/** @param {Track} track @param {import("./columns.js").Columns} columns @param {number} row */
export function addToTrack(track, columns, row) {
  if (track.count === track.rows.length) resize(track, track.count * 2);
  const at = track.count++;
  track.version += 1;
  const start = columns.start[row] ?? 0;
  const end = columns.end[row] ?? STILL;
  track.rows[at] = row;
  track.start[at] = start;
  track.end[at] = end;
  if (end === STILL) track.open.add(at);
  if (at > 0 && start < (track.start[at - 1] ?? 0)) track.sorted = false;
}

/** @param {Track} track @param {number} row @param {number} start @param {number} end */
export function endInTrack(track, row, start, end) {
  let at = -1;
  if (track.sorted) {
    for (at = firstFrom(track, start); at < track.count && track.rows[at] !== row; ) at++;
  } else at = track.rows.indexOf(row);
  track.end[at] = end;
  track.open.delete(at);
  track.version += 1;
  if (at < track.settled) intoLevels(track, at);
}

/** @param {Track} track @param {number} at */
function intoLevels(track, at) {
  const end = track.end[at] ?? STILL;
  if (end === STILL) return;
  const length = end - (track.start[at] ?? 0);
  let block = at;
  for (const level of track.levels) {
    block >>= BITS;
    level.busy[block] = (level.busy[block] ?? 0) + length;
    if (end > (level.last[block] ?? NEVER)) level.last[block] = end;
  }
}

/** Puts what was added in order. Whoever reads a track calls it first. @param {Track} track */
export function settle(track) {
  if (!track.sorted) sort(track);
  while (track.settled < track.count) intoLevels(track, track.settled++);
}

/** @param {Track} track */
function sort(track) {
  const order = Array.from({ length: track.count }, (_, at) => at);
  order.sort((a, b) => (track.start[a] ?? 0) - (track.start[b] ?? 0) || a - b);
  const { rows, start, end } = track;
  track.rows = rows.slice();
  track.start = start.slice();
  track.end = end.slice();
  track.open.clear();
  order.forEach((from, to) => {
    track.rows[to] = rows[from] ?? 0;
    track.start[to] = start[from] ?? 0;
    track.end[to] = end[from] ?? STILL;
    if (track.end[to] === STILL) track.open.add(to);
  });
  Object.assign(track, { levels: emptyLevels(rows.length), settled: 0, sorted: true });
  track.order += 1;
}

/** The first position that begins at *time* or later. @param {Track} track @param {number} time */
export function firstFrom(track, time) {
  let [low, high] = [0, track.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((track.start[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first position that begins after *time*. @param {Track} track @param {number} time */
export function firstAfter(track, time) {
  let [low, high] = [0, track.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((track.start[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many begin from *from* to *to*, both inclusive. @param {Track} track @param {number} from @param {number} to */
export const beginningIn = (track, from, to) => firstAfter(track, to) - firstFrom(track, from);

/**
 * Calls *see* with each block of a level that lies at least partly from *from* to *to*; spans that last are in no block.
 *
 * @param {Track} track settled
 * @param {number} level 0 for the spans themselves
 * @param {number} from
 * @param {number} to
 * @param {(block: number) => void} see
 */
export function eachBlock(track, level, from, to, see) {
  const stop = Math.ceil(firstAfter(track, to) / 8 ** level);
  const last = level === 0 ? track.end : (track.levels[level - 1]?.last ?? track.end);
  for (let block = 0; block < stop; ) {
    const end = last[block] ?? NEVER;
    if (end < from) block += over(track, level, block, from);
    else {
      if (end !== STILL) see(block);
      block += 1;
    }
  }
}

/** How many blocks from *block* on end before *from*, as far as one larger block says it. @param {Track} track @param {number} level @param {number} block @param {number} from */
function over(track, level, block, from) {
  let size = 1;
  let larger = block;
  for (let above = level; above < track.levels.length && (larger & 7) === 0; above++) {
    // A span that lasts is in no level, so that it never keeps a block from being passed over.
    larger >>= BITS;
    if ((track.levels[above]?.last[larger] ?? NEVER) >= from) break;
    size *= 8;
  }
  return size;
}

/**
 * Calls *see* with the position of each span that lies at least partly from *from* to *to*.
 *
 * @param {Track} track settled
 * @param {number} from
 * @param {number} to
 * @param {(at: number) => void} see
 */
export function eachSpan(track, from, to, see) {
  eachBlock(track, 0, from, to, see);
  for (const at of track.open) if ((track.start[at] ?? 0) <= to) see(at);
}

/** The level whose blocks are about as many as *pixels*, where so many spans lie. @param {number} spans @param {number} pixels */
export const levelFor = (spans, pixels) =>
  Math.max(0, Math.floor(Math.log2(Math.max(1, spans / pixels)) / BITS));

/**
 * Adds to each pixel which share of its time the spans take. A block's time is spread evenly from its first beginning to its last
 * end; so shares are exact at level 0, and their sum is at every level.
 *
 * @param {Track} track settled
 * @param {number} level
 * @param {number} from
 * @param {number} to
 * @param {Float32Array} pixels as many as lie from *from* to *to*
 * @param {number} until when those end that last still
 */
export function cover(track, level, from, to, pixels, until) {
  const perCycle = pixels.length / (to - from);
  const { start: starts, end: ends } = track;
  const blocks = track.levels[level - 1];
  const last = blocks?.last ?? ends;
  const stop = Math.ceil(firstAfter(track, to) / 8 ** level);
  // The loop of `eachBlock`, without a call per block: this is what a frame spends its time on.
  for (let block = 0; block < stop; ) {
    const end = last[block] ?? NEVER;
    if (end < from) {
      block += over(track, level, block, from);
      continue;
    }
    if (end !== STILL) {
      const start = starts[block << (BITS * level)] ?? 0;
      const share = blocks && end > start ? (blocks.busy[block] ?? 0) / (end - start) : 1;
      spread(pixels, (start - from) * perCycle, (end - from) * perCycle, share);
    }
    block += 1;
  }
  for (const at of track.open) {
    const start = starts[at] ?? 0;
    if (start <= to) spread(pixels, (start - from) * perCycle, (Math.min(until, to) - from) * perCycle, 1);
  }
}

/** Adds a share to each pixel from *left* to *right*. @param {Float32Array} pixels @param {number} left @param {number} right @param {number} share */
export function spread(pixels, left, right, share) {
  const first = Math.max(0, left);
  const end = Math.min(pixels.length, right);
  if (end <= first) return;
  const [one, other] = [Math.floor(first), Math.floor(end)];
  if (one === other) {
    pixels[one] = (pixels[one] ?? 0) + (end - first) * share;
    return;
  }
  pixels[one] = (pixels[one] ?? 0) + (one + 1 - first) * share;
  for (let at = one + 1; at < other; at++) pixels[at] = (pixels[at] ?? 0) + share;
  if (other < pixels.length) pixels[other] = (pixels[other] ?? 0) + (end - other) * share;
}

/**
 * Adds to each pixel how many spans begin in it. A block's are spread evenly.
 *
 * @param {Track} track settled
 * @param {number} from
 * @param {number} to
 * @param {Float32Array} pixels
 */
export function count(track, from, to, pixels) {
  const perPixel = (to - from) / pixels.length;
  let before = firstFrom(track, from);
  const stop = firstAfter(track, to);
  if (stop - before < pixels.length * 4) {
    for (let at = before; at < stop; at++) {
      const pixel = Math.min(pixels.length - 1, Math.floor(((track.start[at] ?? 0) - from) / perPixel));
      pixels[pixel] = (pixels[pixel] ?? 0) + 1;
    }
    return;
  }
  for (let pixel = 0; pixel < pixels.length && before < stop; pixel++) {
    const next = pixel === pixels.length - 1 ? stop : firstFrom(track, from + (pixel + 1) * perPixel);
    pixels[pixel] = (pixels[pixel] ?? 0) + next - before;
    before = next;
  }
}
