/**
 * What somebody looks at in the score, and how: the stretch of time, the lanes, what is under the pointer. It turns that and the
 * model into a picture; `views/score.js` has the canvas.
 *
 * @typedef {import("./columns.js").Columns} Columns
 * @typedef {import("./columns.js").SpanColumns} SpanColumns
 *
 * @typedef {object} Given what of the page's model the score draws
 * @property {import("../state-types.js").State} state
 * @property {number} selected a CPU
 * @property {number | null} selectedSpan
 * @property {number | null} hoveredSpan
 * @property {{ hidden: string[], words: string }} scoreFilter
 * @property {{ a: number | null, b: number | null }} markers
 * @property {{ time: number, word: string }[]} flags
 */

import { say, vocabulary } from "../vocabulary.js";
import { grouped, hex } from "../words.js";
import { axisHeight } from "./axis.js";
import { rowOf, styleAt } from "./columns.js";
import { laneOfCpu, lanesOf } from "./lanes.js";
import { fitted, following, revealing, xOf } from "./scale.js";
import { sceneOf } from "./scene.js";
import { faintOf, isLost, labelOf } from "./sentences.js";
import { roomsOf } from "./slots.js";
import { wholeOf } from "./whole.js";

/** What is shown at first of a long session, in cycles: some dozen interrupts. */
const AT_FIRST = 60_000;
const LEAST_AT_FIRST = 6_000;
/** What a heat row is made of. */
const HANDLER = "dashes";

export class Desk {
  /** @param {import("./feed.js").Feed} feed */
  constructor(feed) {
    this.feed = feed;
    /** @type {import("./scale.js").Scale} */
    this.scale = { from: 0, to: LEAST_AT_FIRST, left: 0, width: 1 };
    this.size = { width: 0, height: 0 };
    /** Whether the newest time stays in sight. */
    this.follows = true;
    /** Whether somebody chose the stretch of time. */
    this.chosen = false;
    /** Whether nothing more comes: where the course ends, it ended. */
    this.whole = false;
    /** The time that somebody drags the playhead to. @type {number | null} */
    this.dragged = null;
    /** Whether the pointer still holds it. */
    this.dragging = false;
    /** Where the pointer is, as a time. @type {number | null} */
    this.pointed = null;
    /** The rest of another branch, from where the shown one leaves it. @type {import("./ghost.js").Ghost | null} */
    this.ghost = null;
    /** @type {import("./scene.js").Scene | null} */
    this.scene = null;
    this.now = 0;
  }

  /** The latest time that there is to see. */
  get newest() {
    return Math.max(this.feed.newest, this.now);
  }

  /** Whether the newest time is in sight. */
  get seesNewest() {
    return this.newest <= this.scale.to;
  }

  /** Goes on with time, unless somebody looks elsewhere. @param {number} time that the page shows @param {boolean} [whole] all is known from the beginning on, and all is shown at first */
  moveTo(time, whole = false) {
    const before = this.now;
    this.now = time;
    const past = time < this.newest;
    if (!this.chosen) {
      const span = Math.min(
        Math.max(this.newest, LEAST_AT_FIRST),
        whole ? Number.POSITIVE_INFINITY : AT_FIRST,
      );
      this.scale = following(fitted(this.scale, 0, span), this.newest);
      if (past && !whole) this.scale = revealing(this.scale, time, time);
    } else if (this.follows && !past) this.scale = following(this.scale, this.newest);
    else if (past && time !== before && this.dragged === null) this.scale = revealing(this.scale, time, time);
  }

  /** Lines of devices by their numbers, wherever one has been up. */
  lines() {
    const tracks = this.feed.columns.lanes.get(-1) ?? [];
    const names = tracks.filter(({ style }) => style === "wave").map(({ name }) => name);
    // Messages to nobody, and what a CPU tells the devices, need a place also where no line was ever up.
    if (names.length === 0 && tracks.length > 0) return [say("no_line")];
    return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  }

  /** @param {Given} given @param {import("./look.js").Look} look */
  lanesFor(given, look) {
    const { columns } = this.feed;
    const crosses = [...columns.tracks.values()].some(({ style }) => style === "crossing");
    return lanesOf({
      height: this.size.height,
      axis: axisHeight(look.font, this.size.height),
      font: look.font,
      cpus: given.state.cpus.length,
      selected: given.selected,
      lines: this.lines(),
      depthOf: (cpu) => {
        const { requested, stack } = roomsOf(columns, cpu);
        return { waiting: requested.depth, stack: stack.depth };
      },
      crosses,
    });
  }

  /**
   * All that is drawn, as values.
   *
   * @param {Given} given
   * @param {import("./look.js").Look} look
   * @returns {import("./paint.js").Picture}
   */
  picture(given, look) {
    const { width, height } = this.size;
    const { columns } = this.feed;
    const left = Math.round(Math.min(look.font * 9.2, width * 0.24));
    this.scale = { ...this.scale, left, width: Math.max(1, width - left - look.font * 0.8) };
    const sight = {
      columns,
      lanes: this.lanesFor(given, look),
      scale: this.scale,
      axis: axisHeight(look.font, height),
      until: this.newest,
      labelOf: (/** @type {number} */ row) => labelOf(columns, row),
      isLost: (/** @type {number} */ row) => isLost(columns, row),
      hidden: given.scoreFilter.hidden,
      faint: faintOf(columns, given.scoreFilter.words),
      coarse: this.feed.coarse,
    };
    this.scene = sceneOf(sight);
    const now = this.dragged ?? given.state.time;
    return {
      ...{ width, height, scene: this.scene, now, newest: this.newest, lit: this.#lit(given) },
      ghost: this.#ghostScene(sight),
      ringed: this.#ringed(sight.lanes, given),
      past: now < this.newest,
      selected: given.selectedSpan,
      flags: given.flags,
      markers: given.markers,
      laneName,
      glyphOf: (shape) => vocabulary().events[shape.name]?.glyph ?? "",
      words: {
        here: (spans) => say("spans_here", { count: grouped(spans) }),
        notRun: say(this.whole ? "branch_ends" : "not_run"),
        unit: say("time_unit"),
        grouped,
      },
    };
  }

  /** The only spans that are not dimmed, while something is looked at. @param {Given} given */
  #lit({ hoveredSpan }) {
    if (hoveredSpan === null || rowOf(this.feed.columns, hoveredSpan) < 0) return null;
    const whole = wholeOf(this.feed.columns, hoveredSpan);
    return whole.size > 1 ? whole : null;
  }

  /** Handlers that are looked at or selected, where only heat rows stand for their CPUs. @param {import("./lanes.js").Lane[]} lanes @param {Given} given */
  #ringed(lanes, { hoveredSpan, selectedSpan }) {
    const { columns } = this.feed;
    const wholes = [hoveredSpan, selectedSpan].flatMap((id) =>
      id === null ? [] : [...wholeOf(columns, id)],
    );
    return wholes.flatMap((id) => {
      const row = rowOf(columns, id);
      const lane = row < 0 ? null : laneOfCpu(lanes, columns.lane[row] ?? -1);
      if (lane?.sort !== "heat" || styleAt(columns, row) !== HANDLER) return [];
      const [start, end] = [columns.start[row] ?? 0, Math.min(columns.end[row] ?? 0, this.newest)];
      const x = xOf(this.scale, start);
      return [{ x, width: xOf(this.scale, end) - x, y: lane.y, height: lane.height }];
    });
  }

  /** @param {import("./scene.js").Sight} sight */
  #ghostScene(sight) {
    if (!this.ghost) return null;
    const { columns, since } = this.ghost;
    if (xOf(this.scale, columns.newest) < this.scale.left) return null;
    for (const lane of sight.lanes) for (const cpu of lane.cpus) roomsOf(columns, cpu);
    return sceneOf({ ...sight, columns, since, until: columns.newest, faint: null, labelOf: () => "" });
  }
}

/** A heat row is called by its first and last CPU, as the mosaic calls them. @param {import("./lanes.js").Lane} lane */
function laneName({ sort, cpus }) {
  const first = cpus[0] ?? 0;
  if (sort === "crossings") return say("crossings");
  if (sort === "cpu") return say("cpu", { cpu: first });
  return cpus.length === 1 ? hex(first) : `${hex(first)}\u2013${hex(first + cpus.length - 1)}`;
}
