/**
 * Which row of its lane a span stands in, where several last at once: the lowest that is free when it begins. So an inner one
 * stands above the outer, and nothing moves when the view does.
 *
 * @typedef {object} Room what of one lane stands in rows of its own
 * @property {number[][]} occupants rows of the columns, by slot
 * @property {number} depth slots that were ever needed
 * @property {string} seen what has been placed: changes when the order did
 * @property {number[]} done by track: how many are placed
 *
 * @typedef {{ requested: Room, stack: Room }} Rooms
 */

import { rowOf } from "./columns.js";
import { settle } from "./mipmap.js";

/** What stands above each other at the foot of a lane, in the order in which those are placed that begin together. */
export const STACK = ["box", "bar", "dashes"];
/** What waits at the head of a lane. */
export const WAITING = ["outline"];
const MOST_SLOTS = 250;

/** @returns {Room} */
const emptyRoom = () => ({ occupants: [], depth: 0, seen: "", done: [] });

/** @param {import("./columns.js").Columns} columns @param {number} lane @returns {Rooms} */
export function roomsOf(columns, lane) {
  let rooms = columns.rooms.get(lane);
  if (!rooms) {
    rooms = { requested: emptyRoom(), stack: emptyRoom() };
    columns.rooms.set(lane, rooms);
  }
  place(columns, tracksOf(columns, lane, WAITING), rooms.requested);
  place(columns, tracksOf(columns, lane, STACK), rooms.stack);
  return rooms;
}

/** @param {import("./columns.js").Columns} columns @param {number} lane @param {string[]} styles */
export function tracksOf(columns, lane, styles) {
  const tracks = (columns.lanes.get(lane) ?? []).filter((track) => styles.includes(track.style));
  return tracks.sort((a, b) => styles.indexOf(a.style) - styles.indexOf(b.style));
}

/** @param {import("./columns.js").Columns} columns @param {import("./mipmap.js").Track[]} tracks @param {Room} room */
function place(columns, tracks, room) {
  for (const track of tracks) settle(track);
  const seen = tracks.map((track) => `${track.style}${track.order}`).join();
  if (seen !== room.seen) Object.assign(room, { ...emptyRoom(), seen, done: tracks.map(() => 0) });
  for (;;) {
    const next = earliest(tracks, room.done);
    if (next < 0) return;
    const track = /** @type {import("./mipmap.js").Track} */ (tracks[next]);
    const at = room.done[next] ?? 0;
    room.done[next] = at + 1;
    placeOne(columns, room, track.rows[at] ?? 0);
  }
}

/** Which track's next span begins first; -1 when all are placed. @param {import("./mipmap.js").Track[]} tracks @param {number[]} done */
function earliest(tracks, done) {
  let best = -1;
  let when = Number.POSITIVE_INFINITY;
  tracks.forEach((track, which) => {
    const at = done[which] ?? 0;
    const start = at < track.count ? (track.start[at] ?? 0) : Number.POSITIVE_INFINITY;
    if (start < when) [best, when] = [which, start];
  });
  return best;
}

/** @param {import("./columns.js").Columns} columns @param {Room} room @param {number} row */
function placeOne(columns, room, row) {
  const start = columns.start[row] ?? 0;
  const slot = besideCause(columns, row) ?? lowestFree(columns, room, start);
  const there = (room.occupants[slot] ?? []).filter((other) => (columns.end[other] ?? 0) > start);
  there.push(row);
  room.occupants[slot] = there;
  room.depth = Math.max(room.depth, slot + 1);
  columns.slot[row] = slot;
}

/** A handler stands where its interrupt is in service: both begin at once, and are one. @param {import("./columns.js").Columns} columns @param {number} row */
function besideCause(columns, row) {
  const cause = rowOf(columns, columns.cause[row] ?? -1);
  if (cause < 0 || columns.lane[cause] !== columns.lane[row] || columns.start[cause] !== columns.start[row])
    return null;
  const style = columns.styles[columns.kind[cause] ?? 0] ?? "";
  return STACK.includes(style) ? (columns.slot[cause] ?? 0) : null;
}

/** @param {import("./columns.js").Columns} columns @param {Room} room @param {number} start */
function lowestFree(columns, room, start) {
  let slot = 0;
  while (slot < MOST_SLOTS && room.occupants[slot]?.some((row) => (columns.end[row] ?? 0) > start)) slot++;
  return slot;
}
