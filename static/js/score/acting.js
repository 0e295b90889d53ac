/**
 * What people do with the score, by keys and buttons (`actionsOf`) and by pointers (`gesturesOf`).
 *
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("../views/score.js").Given} Given
 * @typedef {import("./sheet.js").Sheet} Sheet
 */

import { setHidden, setStyle, setText } from "../dom.js";
import { say } from "../vocabulary.js";
import { grouped } from "../words.js";
import { rowOf, spanOf } from "./columns.js";
import { hitAt } from "./hit.js";
import { firstFrom, settle } from "./mipmap.js";
import { fitted, magnifying, panned, revealing, timeAt, xOf, zoomed } from "./scale.js";
import { sentenceOf } from "./sentences.js";

const CLOSER = 1.6;
/** One press moves by so much of the width. */
const STEP = 0.25;
/** Room between the pointer and its word. */
const BESIDE = 14;
/** A lane's first span is looked for among these, in this order. */
const FOUND_FIRST = ["dashes", "outline", "box"];

/** @param {Desk} desk @param {import("./scale.js").Scale} scale */
function choose(desk, scale) {
  desk.chosen = true;
  desk.scale = scale;
}

/** @param {Desk} desk @param {number} pixels */
function pan(desk, pixels) {
  choose(desk, panned(desk.scale, pixels, desk.newest));
  desk.follows = desk.follows && pixels > 0 && desk.seesNewest;
}

/** @param {Desk} desk @param {number} factor @param {number} x */
function zoom(desk, factor, x) {
  choose(desk, zoomed(desk.scale, factor, x, desk.newest));
  desk.follows = desk.follows && desk.seesNewest;
}

/** What zooming by keys keeps in place: the playhead, or else the middle. @param {Desk} desk */
function anchor(desk) {
  const { left, width } = desk.scale;
  const x = xOf(desk.scale, desk.now);
  return x >= left && x <= left + width ? x : left + width / 2;
}

/** @param {Given} given @param {Desk} desk @param {() => void} changed */
export function actionsOf({ store, select }, desk, changed) {
  /** @param {() => void} act */
  const act = (act) => () => {
    act();
    changed();
  };
  const lane = (/** @type {number} */ by) => () => {
    const { state, selected } = store.get();
    const count = state?.cpus.length ?? 1;
    select(Math.min(count - 1, Math.max(0, selected + by)));
  };
  return {
    zoomIn: act(() => zoom(desk, CLOSER, anchor(desk))),
    zoomOut: act(() => zoom(desk, 1 / CLOSER, anchor(desk))),
    fit: act(() => choose(desk, fitted(desk.scale, 0, desk.newest))),
    panLeft: act(() => pan(desk, -desk.scale.width * STEP)),
    panRight: act(() => pan(desk, desk.scale.width * STEP)),
    followLive: act(() => {
      desk.follows = !desk.follows;
    }),
    nextOnLane: act(() => step(store, desk, 1)),
    previousOnLane: act(() => step(store, desk, -1)),
    laneUp: lane(-1),
    laneDown: lane(1),
    /** @param {number} time */
    goTo: (time) => {
      desk.follows = false;
      choose(desk, revealing(desk.scale, time, time));
      changed();
    },
    /** Brings a span into sight, so close that it can be seen. @param {number} id */
    show: (id) => {
      const span = spanOf(desk.feed.columns, id);
      if (!span) return;
      desk.follows = false;
      choose(desk, magnifying(desk.scale, span.start, span.end ?? desk.newest));
      changed();
    },
    /** Puts a marker where the pointer is, or else at the playhead. @param {"a" | "b"} which */
    mark: (which) => {
      const { markers } = store.get();
      store.set({ markers: { ...markers, [which]: Math.round(desk.pointed ?? desk.now) } });
    },
  };
}

/** The next span on the same lane and of the same kind, or the one before. @param {import("../store.js").Store} store @param {Desk} desk @param {1 | -1} by */
function step(store, desk, by) {
  const { columns } = desk.feed;
  const { selectedSpan, selected } = store.get();
  const row = selectedSpan === null ? -1 : rowOf(columns, selectedSpan);
  const next = row < 0 ? nearest(desk, selected) : beside(desk, row, by);
  if (next < 0) return;
  const span = spanOf(columns, columns.id[next] ?? -1);
  if (!span) return;
  store.set({ selectedSpan: span.id });
  desk.follows = false;
  choose(desk, revealing(desk.scale, span.start, span.end ?? desk.newest));
}

/** @param {Desk} desk @param {number} row @param {1 | -1} by */
function beside(desk, row, by) {
  const { columns } = desk.feed;
  const style = columns.styles[columns.kind[row] ?? 0];
  const tracks = columns.lanes.get(columns.lane[row] ?? -1) ?? [];
  const track = tracks.find((one) => one.style === style && one.rows.includes(row));
  if (!track) return -1;
  settle(track);
  const at = track.rows.indexOf(row) + by;
  return at < 0 || at >= track.count ? -1 : (track.rows[at] ?? -1);
}

/** The first span of a CPU that begins at the playhead or later, else its last. @param {Desk} desk @param {number} cpu */
function nearest(desk, cpu) {
  const tracks = desk.feed.columns.lanes.get(cpu) ?? [];
  for (const style of FOUND_FIRST) {
    const track = tracks.find((one) => one.style === style);
    if (!track) continue;
    settle(track);
    return track.rows[Math.min(firstFrom(track, desk.scale.from), track.count - 1)] ?? -1;
  }
  return -1;
}

/**
 * @param {Given} given
 * @param {Desk} desk
 * @param {Sheet} sheet
 * @param {() => void} changed
 * @returns {import("./input.js").Gestures}
 */
export function gesturesOf({ store, journeys, select }, desk, sheet, changed) {
  const hover = (/** @type {number | null} */ span) => {
    if (store.get().hoveredSpan !== span) store.set({ hoveredSpan: span });
  };
  return {
    pan: (pixels) => {
      pan(desk, pixels);
      hideTip(sheet);
      changed();
    },
    zoom: (factor, x) => {
      zoom(desk, factor, x);
      changed();
    },
    seek: (x) => {
      const time = Math.max(0, Math.min(Math.round(timeAt(desk.scale, x)), Math.floor(desk.newest)));
      desk.dragging = true;
      desk.dragged = time;
      journeys.go({ type: "seek", time });
      changed();
    },
    sought: () => {
      desk.dragging = false;
      changed();
    },
    hover: (x, y) => {
      if (!desk.scene) return;
      desk.pointed = timeAt(desk.scale, x);
      const hit = hitAt(desk.scene, desk.feed.columns, x, y);
      hover(hit.span);
      showTip(sheet, desk, hit, x, y);
    },
    leave: () => {
      desk.pointed = null;
      hover(null);
      hideTip(sheet);
    },
    click: (x, y) => {
      if (!desk.scene) return;
      const { span, lane } = hitAt(desk.scene, desk.feed.columns, x, y);
      if (store.get().selectedSpan !== span) store.set({ selectedSpan: span });
      const cpu = span === null ? lane?.cpus[0] : spanOf(desk.feed.columns, span)?.lane;
      if (cpu !== undefined && cpu >= 0 && lane?.sort !== "crossings") select(cpu);
    },
    isAxis: (y) => desk.scene !== null && y < desk.scene.axis,
  };
}

/** Nothing is under the pointer any more. @param {Sheet} sheet */
export function hideTip({ tip }) {
  setHidden(tip, true);
}

/** Says beside the pointer what is under it. @param {Sheet} sheet @param {Desk} desk @param {import("./hit.js").Hit} hit @param {number} x @param {number} y */
export function showTip({ tip, canvas }, desk, { span, here, axis }, x, y) {
  setStyle(canvas, "cursor", axis ? "col-resize" : span === null ? "grab" : "pointer");
  setHidden(tip, span === null);
  if (span === null) return;
  const more = here > 1 ? ` ${say("spans_here", { count: grouped(here) })}` : "";
  setText(tip, `${sentenceOf(desk.feed.columns, span, desk.newest)}${more}`);
  const left = Math.min(x + BESIDE, desk.size.width - tip.offsetWidth - 4);
  const above = y > desk.size.height / 2 ? y - tip.offsetHeight - BESIDE : y + BESIDE;
  setStyle(tip, "translate", `${Math.max(0, Math.round(left))}px ${Math.max(0, Math.round(above))}px`);
}
