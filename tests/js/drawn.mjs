/** A score of made-up spans, as it would be drawn. */

import { append, emptyColumns } from "../../static/js/score/columns.js";
import { lanesOf } from "../../static/js/score/lanes.js";
import { sceneOf } from "../../static/js/score/scene.js";
import { roomsOf } from "../../static/js/score/slots.js";
import { styleOf } from "./spans.mjs";

export const FONT = 11;
export const AXIS = 34;

/** @param {import("../../static/js/score/columns.js").SpanColumns} spans @param {number} cpus @param {{ from: number, to: number, selected?: number, faint?: ((row: number) => boolean) | null }} seen */
export function drawn(spans, cpus, { from, to, selected = 0, faint = null }) {
  const columns = emptyColumns(styleOf);
  append(columns, spans);
  const depthOf = (/** @type {number} */ cpu) => {
    const rooms = roomsOf(columns, cpu);
    return { waiting: rooms.requested.depth, stack: rooms.stack.depth };
  };
  const lanes = lanesOf({
    height: 284,
    axis: AXIS,
    font: FONT,
    cpus,
    selected,
    lines: [],
    depthOf,
    crosses: true,
  });
  const scale = { from, to, left: 100, width: 1480 };
  const labelOf = (/** @type {number} */ row) => String(columns.value[row]);
  const scene = sceneOf({
    columns,
    lanes,
    scale,
    axis: AXIS,
    until: columns.newest,
    labelOf,
    hidden: [],
    faint,
  });
  return { columns, lanes, scale, scene };
}

/** @param {import("../../static/js/score/scene.js").Scene} scene */
export const shapesOf = (scene) => [...scene.shapes.values()].flat();
