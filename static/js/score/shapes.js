/** Where one span stands: in which row of its lane, from where to where. */

import { effectsOf, rowOf, styleAt } from "./columns.js";
import { crossingRow, laneOfCpu, lineRow, stackTop, waitingTop } from "./lanes.js";
import { xOf } from "./scale.js";
import { STACK, WAITING } from "./slots.js";

/** Nothing is drawn narrower. */
const NARROWEST = 1;
/** Nothing narrower has room for words. */
const LABELLED = 14;
/** So much of an outer span is seen above and below of an inner one; that keeps so much. */
const EDGE = 2.5;
const LEAST_INSIDE = 3;
/** A message to nobody ends in the air, so far from its sender at least. */
const LOST = { right: 18, up: 9 };

/**
 * @param {import("./scene.js").Sight} sight
 * @param {import("./mipmap.js").Track} track
 * @param {number} row
 * @param {import("./lanes.js").Lane} lane
 * @returns {import("./scene.js").Shape | null} null where it has no place
 */
export function shapeOf(sight, track, row, lane) {
  const { columns, scale } = sight;
  const start = columns.start[row] ?? 0;
  const end = columns.end[row] ?? 0;
  const lasts = end === Number.POSITIVE_INFINITY;
  const left = Math.max(xOf(scale, start), scale.left);
  const right = Math.min(xOf(scale, lasts ? Math.max(sight.until, start) : end), scale.left + scale.width);
  const shape = {
    style: track.style,
    id: columns.id[row] ?? -1,
    lane: track.lane,
    x: left,
    width: Math.max(NARROWEST, right - left),
    ...placeOf(columns, track, row, lane),
    begins: start >= scale.from,
    lasts,
    label: right - left > LABELLED ? sight.labelOf(row) : "",
    name: columns.names[columns.name[row] ?? 0] ?? "",
    faint: false,
  };
  if (track.style === "arrow")
    return arrowOf(sight, row, shape, xOf(scale, start), xOf(scale, lasts ? sight.until : end));
  if (track.style === "dashes") return { ...shape, ...serviceOf(sight, row) };
  return shape;
}

/** @param {import("./columns.js").Columns} columns @param {import("./mipmap.js").Track} track @param {number} row @param {import("./lanes.js").Lane} lane */
function placeOf(columns, track, row, lane) {
  const slot = columns.slot[row] ?? 0;
  if (lane.sort === "lines") {
    const { top, bottom } = lineRow(lane, Math.max(0, lane.lines.indexOf(track.name)));
    return { y: top, height: bottom - top };
  }
  if (lane.sort === "crossings") {
    const { top, height } = crossingRow(lane, track.lane);
    return { y: top, height };
  }
  if (WAITING.includes(track.style)) return { y: waitingTop(lane, slot), height: lane.waitingHeight };
  if (STACK.includes(track.style)) return insideOf(lane, slot);
  if (track.style === "glyph" || track.style === "arrow")
    return { y: waitingTop(lane, 0), height: lane.waitingHeight };
  if (track.style === "underline") return { y: lane.y + lane.height - 3, height: 2 };
  if (track.style === "hatching" || track.style === "stripes")
    return { y: lane.y + 1, height: lane.height - 1 };
  return { y: stackTop(lane, 0), height: lane.bar };
}

/** Where there are fewer rows than spans that last at once, an inner one lies inside the outer, lower by an edge of it. @param {import("./lanes.js").Lane} lane @param {number} slot */
function insideOf(lane, slot) {
  const inside = Math.max(0, slot - (lane.stack - 1));
  const edge = Math.min(inside * EDGE, Math.max(0, (lane.bar - LEAST_INSIDE) / 2));
  return { y: stackTop(lane, slot) + edge, height: lane.bar - edge * 2, inside };
}

/** Where the service of a handler's interrupt ends: from there on it has only to return. @param {import("./scene.js").Sight} sight @param {number} row */
function serviceOf({ columns, scale, until }, row) {
  const cause = rowOf(columns, columns.cause[row] ?? -1);
  if (cause < 0 || styleAt(columns, cause) !== "bar") return {};
  const end = columns.end[cause] ?? 0;
  return { served: xOf(scale, Math.min(end === Number.POSITIVE_INFINITY ? until : end, scale.to)) };
}

/**
 * From the sender to where the message arrives: from the middle of what runs there to the row in which it waits here.
 *
 * @param {import("./scene.js").Sight} sight
 * @param {number} row
 * @param {import("./scene.js").Shape} shape
 * @param {number} from
 * @param {number} to
 */
function arrowOf(sight, row, shape, from, to) {
  const { columns, lanes } = sight;
  const y = senderY(sight, row);
  if (y === null) return null;
  if (sight.isLost?.(row)) {
    const toX = Math.max(to, from + LOST.right);
    return { ...shape, x: from, y, width: toX - from, height: 0, toX, toY: y - LOST.up, ended: true };
  }
  const target = targetOf(columns, lanes, row, shape.lane);
  if (!target) return null;
  const toY = target.sort === "cpu" ? arrivalY(columns, row, target) : target.y + target.height / 2;
  const toX = Math.max(to, from + 1);
  const ended = !shape.lasts && (columns.effects[row] ?? -1) < 0;
  return { ...shape, x: from, y, width: toX - from, height: 0, toX, toY, ended };
}

/**
 * The lane where a message arrives. Who gets one of lowest priority is known by what it leads to; what is for the I/O APIC ends
 * among the devices.
 *
 * @param {import("./columns.js").Columns} columns
 * @param {import("./lanes.js").Lane[]} lanes
 * @param {number} row
 * @param {number} cpu -1 for none
 */
function targetOf(columns, lanes, row, cpu) {
  if (cpu >= 0) return laneOfCpu(lanes, cpu);
  for (const effect of effectsOf(columns, row)) return laneOfCpu(lanes, columns.lane[effect] ?? -1);
  return lanes.find(({ sort }) => sort === "lines") ?? null;
}

/** @param {import("./columns.js").Columns} columns @param {number} row @param {import("./lanes.js").Lane} target */
function arrivalY(columns, row, target) {
  let slot = 0;
  for (const effect of effectsOf(columns, row)) {
    if (WAITING.includes(styleAt(columns, effect))) slot = columns.slot[effect] ?? 0;
  }
  return waitingTop(target, slot) + target.waitingHeight / 2;
}

/** @param {import("./scene.js").Sight} sight @param {number} row */
function senderY({ columns, lanes }, row) {
  const source = columns.source[row] ?? -1;
  const cause = rowOf(columns, columns.cause[row] ?? -1);
  if (source < 0) return deviceY(columns, lanes, cause);
  const lane = laneOfCpu(lanes, source);
  if (!lane) return null;
  if (lane.sort === "heat") return lane.y + lane.height / 2;
  const runs = cause >= 0 && STACK.includes(styleAt(columns, cause));
  return stackTop(lane, runs ? (columns.slot[cause] ?? 0) : 0) + lane.bar / 2;
}

/** @param {import("./columns.js").Columns} columns @param {import("./lanes.js").Lane[]} lanes @param {number} cause */
function deviceY(columns, lanes, cause) {
  const lane = lanes.find(({ sort }) => sort === "lines");
  if (!lane) return lanes[0]?.y ?? null;
  const at = cause < 0 ? -1 : lane.lines.indexOf(columns.names[columns.name[cause] ?? 0] ?? "");
  if (at < 0) return lane.y + lane.height / 2;
  const { top, bottom } = lineRow(lane, at);
  return (top + bottom) / 2;
}
