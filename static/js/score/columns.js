/**
 * The spans that the page knows, in typed arrays: a row per span, in the order in which they came. Each lane keeps a track per kind
 * of span, in the order of beginning (`mipmap.js`). What a kind is drawn as is the server's word (`vocabulary().spans[kind].mark`).
 *
 * @typedef {object} SpanColumns as the server sends them: equally long
 * @property {number[]} id rising, of the whole session
 * @property {string[]} kind
 * @property {number[]} lane a CPU; -1 for the devices
 * @property {number[]} value
 * @property {number[]} start TSC cycles
 * @property {(number | null)[]} end null while it lasts
 * @property {number[]} first ticks
 * @property {(number | null)[]} last
 * @property {number[]} message
 * @property {number[]} source
 * @property {string[]} name
 * @property {number[]} cause the id of another span; -1 for none
 *
 * @typedef {{ id: number[], end: number[], last: number[], name: string[] }} EndedColumns
 *
 * @typedef {object} Span one row, as a value
 * @property {number} id
 * @property {string} kind
 * @property {number} lane
 * @property {number} value
 * @property {number} start
 * @property {number | null} end
 * @property {number} first
 * @property {number | null} last
 * @property {number} message
 * @property {number} source
 * @property {string} name
 * @property {number} cause
 *
 * @typedef {object} Columns
 * @property {(kind: string) => string} styleOf how a kind is drawn
 * @property {number} count rows in use
 * @property {number} version rises with each change
 * @property {Float64Array} id
 * @property {Uint8Array} kind its place in `kinds`
 * @property {Int16Array} lane
 * @property {Int32Array} value
 * @property {Float64Array} start
 * @property {Float64Array} end Infinity while it lasts
 * @property {Float64Array} first
 * @property {Float64Array} last NaN while it lasts
 * @property {Int32Array} message
 * @property {Int16Array} source
 * @property {Int32Array} name its place in `names`
 * @property {Float64Array} cause
 * @property {Int32Array} effects the newest row that it is the cause of, or -1
 * @property {Int32Array} sibling the next row with the same cause, or -1
 * @property {Uint8Array} slot the row of its lane that it stands in, where several last at once (`slots.js`)
 * @property {string[]} kinds
 * @property {string[]} styles by kind
 * @property {string[]} names
 * @property {Map<string, number>} nameNumbers
 * @property {Map<number, number>} rows by id
 * @property {Map<number, number[]>} awaited rows whose cause is not known yet, by its id
 * @property {Map<number, import("./mipmap.js").Track>} tracks
 * @property {Map<number, import("./mipmap.js").Track[]>} lanes the tracks of a lane
 * @property {Map<number, import("./slots.js").Rooms>} rooms by lane
 * @property {Map<string, import("./strips.js").Kept>} strips pixels that were drawn last, to be drawn again while somebody pans
 * @property {number} newest the latest time that a span tells of
 */

import { addToTrack, emptyTrack, endInTrack } from "./mipmap.js";

const FIRST_ROOM = 1024;
/** What grows with the rows. */
const BY_ROW = /** @type {const} */ ([
  "id",
  "kind",
  "lane",
  "value",
  "start",
  "end",
  "first",
  "last",
  "message",
  "source",
  "name",
  "cause",
  "effects",
  "sibling",
  "slot",
]);

/** @param {(kind: string) => string} styleOf @returns {Columns} */
export function emptyColumns(styleOf) {
  const ints = () => new Int32Array(FIRST_ROOM);
  const floats = () => new Float64Array(FIRST_ROOM);
  return {
    ...{ styleOf, count: 0, version: 0, newest: 0 },
    ...{ id: floats(), kind: new Uint8Array(FIRST_ROOM), lane: new Int16Array(FIRST_ROOM), value: ints() },
    ...{ start: floats(), end: floats(), first: floats(), last: floats() },
    ...{ message: ints(), source: new Int16Array(FIRST_ROOM), name: ints(), cause: floats() },
    ...{ effects: ints(), sibling: ints(), slot: new Uint8Array(FIRST_ROOM) },
    ...{ rows: new Map(), awaited: new Map() },
    ...{ kinds: [], styles: [], names: [], nameNumbers: new Map() },
    ...{ tracks: new Map(), lanes: new Map(), rooms: new Map(), strips: new Map() },
  };
}

/**
 * The same with room for more.
 *
 * @template {Int32Array | Int16Array | Uint8Array | Float64Array} Numbers
 * @param {Numbers} numbers
 * @param {number} least
 * @returns {Numbers}
 */
export function roomier(numbers, least) {
  if (numbers.length >= least) return numbers;
  const Kind = /** @type {new (length: number) => Numbers} */ (numbers.constructor);
  const larger = new Kind(Math.max(least, numbers.length * 2));
  larger.set(/** @type {never} */ (numbers));
  return larger;
}

/** @param {Columns} columns @param {(typeof BY_ROW)[number]} which @param {number} least */
const makeRoom = (columns, which, least) => {
  /** @type {Record<string, unknown>} */ (columns)[which] = roomier(columns[which], least);
};

/** @param {Columns} columns @param {string} kind */
function kindNumber(columns, kind) {
  const known = columns.kinds.indexOf(kind);
  if (known >= 0) return known;
  columns.kinds.push(kind);
  columns.styles.push(columns.styleOf(kind));
  return columns.kinds.length - 1;
}

/** @param {Columns} columns @param {string} name */
function nameNumber(columns, name) {
  const known = columns.nameNumbers.get(name);
  if (known !== undefined) return known;
  columns.nameNumbers.set(name, columns.names.length);
  return columns.names.push(name) - 1;
}

/** Lines of devices have a track each, by their names; others share one per lane and kind. */
const LINE = "wave";
const MOST_KINDS = 64;
const MOST_NAMES = 2 ** 20;

/** @param {Columns} columns @param {number} row */
function trackOf(columns, row) {
  const kind = columns.kind[row] ?? 0;
  const lane = columns.lane[row] ?? 0;
  const style = columns.styles[kind] ?? "";
  const name = style === LINE ? (columns.name[row] ?? 0) + 1 : 0;
  const key = ((lane + 1) * MOST_KINDS + kind) * MOST_NAMES + name;
  let track = columns.tracks.get(key);
  if (!track) {
    track = emptyTrack(
      lane,
      columns.kinds[kind] ?? "",
      style,
      name > 0 ? (columns.names[name - 1] ?? "") : "",
    );
    columns.tracks.set(key, track);
    columns.lanes.set(lane, [...(columns.lanes.get(lane) ?? []), track]);
  }
  return track;
}

/** The row of a span, or -1. @param {Columns} columns @param {number} id */
export const rowOf = (columns, id) => columns.rows.get(id) ?? -1;

/**
 * Adds spans; those that are known already may have ended since.
 *
 * @param {Columns} columns
 * @param {SpanColumns} more
 * @returns {number} how many are new
 */
export function append(columns, more) {
  const before = columns.count;
  for (const which of BY_ROW) makeRoom(columns, which, before + more.id.length);
  for (let at = 0; at < more.id.length; at++) {
    const id = more.id[at] ?? 0;
    const row = rowOf(columns, id);
    if (row < 0) addRow(columns, more, at);
    else endRow(columns, row, more.end[at] ?? null, more.last[at] ?? null, more.name[at] ?? "");
  }
  columns.version += 1;
  return columns.count - before;
}

/** @param {Columns} columns @param {SpanColumns} more @param {number} at */
function addRow(columns, more, at) {
  const row = columns.count++;
  const id = more.id[at] ?? 0;
  const end = more.end[at] ?? null;
  const cause = more.cause[at] ?? -1;
  columns.id[row] = id;
  columns.kind[row] = kindNumber(columns, more.kind[at] ?? "");
  columns.lane[row] = more.lane[at] ?? -1;
  columns.value[row] = more.value[at] ?? -1;
  columns.start[row] = more.start[at] ?? 0;
  columns.end[row] = end ?? Number.POSITIVE_INFINITY;
  columns.first[row] = more.first[at] ?? 0;
  columns.last[row] = more.last[at] ?? Number.NaN;
  columns.message[row] = more.message[at] ?? -1;
  columns.source[row] = more.source[at] ?? -1;
  columns.name[row] = nameNumber(columns, more.name[at] ?? "");
  columns.cause[row] = cause;
  columns.rows.set(id, row);
  columns.effects[row] = -1;
  columns.sibling[row] = -1;
  if (cause >= 0) bindToCause(columns, row, cause);
  for (const effect of columns.awaited.get(id) ?? []) bindToCause(columns, effect, id);
  columns.awaited.delete(id);
  columns.newest = Math.max(columns.newest, end ?? more.start[at] ?? 0);
  addToTrack(trackOf(columns, row), columns, row);
}

/** @param {Columns} columns @param {number} row @param {number} cause an id; its span may come later */
function bindToCause(columns, row, cause) {
  const above = rowOf(columns, cause);
  if (above < 0) {
    columns.awaited.set(cause, [...(columns.awaited.get(cause) ?? []), row]);
    return;
  }
  columns.sibling[row] = columns.effects[above] ?? -1;
  columns.effects[above] = row;
}

/** The rows that one is the cause of, the newest first. @param {Columns} columns @param {number} row */
export function* effectsOf(columns, row) {
  for (let at = columns.effects[row] ?? -1; at >= 0; at = columns.sibling[at] ?? -1) yield at;
}

/** @param {Columns} columns @param {number} row @param {number | null} end @param {number | null} last @param {string} name */
function endRow(columns, row, end, last, name) {
  if (name !== "" && columns.styles[columns.kind[row] ?? 0] !== LINE)
    columns.name[row] = nameNumber(columns, name);
  if (end === null || columns.end[row] !== Number.POSITIVE_INFINITY) return;
  columns.end[row] = end;
  columns.last[row] = last ?? Number.NaN;
  columns.newest = Math.max(columns.newest, end);
  endInTrack(trackOf(columns, row), row, columns.start[row] ?? 0, end);
}

/** Ends spans; those that the page does not have are left out. @param {Columns} columns @param {EndedColumns} ended */
export function finish(columns, ended) {
  ended.id.forEach((id, at) => {
    const row = rowOf(columns, id);
    if (row >= 0) endRow(columns, row, ended.end[at] ?? null, ended.last[at] ?? null, ended.name[at] ?? "");
  });
  columns.version += 1;
}

/** How a row is drawn. @param {Columns} columns @param {number} row */
export const styleAt = (columns, row) => columns.styles[columns.kind[row] ?? 0] ?? "";

/** One span as a value, or null. @param {Columns} columns @param {number} id @returns {Span | null} */
export function spanOf(columns, id) {
  const row = rowOf(columns, id);
  if (row < 0) return null;
  const end = columns.end[row] ?? Number.POSITIVE_INFINITY;
  const last = columns.last[row] ?? Number.NaN;
  return {
    id,
    kind: columns.kinds[columns.kind[row] ?? 0] ?? "",
    lane: columns.lane[row] ?? -1,
    value: columns.value[row] ?? -1,
    start: columns.start[row] ?? 0,
    end: end === Number.POSITIVE_INFINITY ? null : end,
    first: columns.first[row] ?? 0,
    last: Number.isNaN(last) ? null : last,
    message: columns.message[row] ?? -1,
    source: columns.source[row] ?? -1,
    name: columns.names[columns.name[row] ?? 0] ?? "",
    cause: columns.cause[row] ?? -1,
  };
}
