/**
 * Puts a scene on a canvas, whole, in one pass: strips, shapes, the future's veil, names, axis, flags, markers and the playhead.
 *
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {import("./scene.js").Shape} Shape
 * @typedef {import("./marks.js").Brush} Brush
 *
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {Scene} scene
 * @property {Scene | null} ghost another branch, from where this one left it
 * @property {number} now the time that the page shows
 * @property {boolean} past whether more has happened than that
 * @property {number} newest
 * @property {Set<number> | null} lit the only spans that are not dimmed
 * @property {number | null} selected
 * @property {{ x: number, y: number, width: number, height: number }[]} ringed places in heat rows
 * @property {{ time: number, word: string }[]} flags
 * @property {{ a: number | null, b: number | null }} markers
 * @property {(lane: import("./lanes.js").Lane) => string} laneName
 * @property {(shape: Shape) => string} glyphOf
 * @property {{ here: (spans: number) => string, notRun: string, unit: string, grouped: (value: number) => string }} words
 */

import { paintAxis, paintGrid } from "./axis.js";
import { lineRow } from "./lanes.js";
import { inOrder, LINE, line, nameOnDots, PAINTERS, write } from "./marks.js";
import { paintStrips } from "./pixels.js";
import { xOf } from "./scale.js";

const BOX = "box";
const DOTS = "dots";
const DIMMED = 0.25;
const FAINT = 0.18;
const GHOSTLY = 0.38;
const VEIL = 0.58;

/** @param {CanvasRenderingContext2D} on @param {import("./look.js").Look} look @param {Picture} picture */
export function paint(on, look, picture) {
  const { scene, width, height } = picture;
  const { scale } = scene;
  const until = Math.min(xOf(scale, picture.newest), scale.left + scale.width);
  /** @type {Brush} */
  const brush = { on, look, scale, until, glyphOf: picture.glyphOf, font: "" };
  on.clearRect(0, 0, width, height);
  on.textBaseline = "middle";
  on.lineJoin = "miter";
  paintGround(brush, picture);
  paintGrid(brush, picture);
  on.save();
  on.beginPath();
  on.rect(scale.left, scene.axis, scale.width, height - scene.axis);
  on.clip();
  paintStrips(on, look, scene, picture.words.here);
  paintLines(brush, picture);
  const shapes = inOrder(scene.shapes);
  const dotted = shapes.findLastIndex(({ style }) => style === DOTS);
  shapes.forEach((shape, at) => {
    paintOne(brush, picture, PAINTERS[shape.style] ?? plain, shape);
    // What a function is called is read through the dots of its waiting.
    if (at === dotted)
      for (const named of scene.shapes.get(BOX) ?? []) paintOne(brush, picture, nameOnDots, named);
  });
  paintChosen(brush, picture);
  paintFuture(brush, picture);
  if (picture.ghost) paintGhost(brush, picture.ghost);
  on.restore();
  brush.font = "";
  paintNames(brush, picture);
  paintAxis(brush, picture);
}

/** @param {Brush} brush @param {Picture} picture @param {import("./marks.js").Painter} painter @param {Shape} shape */
function paintOne(brush, picture, painter, shape) {
  const { on } = brush;
  const dimmed = picture.lit && !picture.lit.has(shape.id) ? DIMMED : 1;
  on.globalAlpha = shape.faint ? Math.min(FAINT, dimmed) : dimmed;
  painter(brush, shape);
  on.globalAlpha = 1;
}

/** What nobody has told us of: under all else. @param {Brush} brush @param {Shape} shape */
function plain({ on, look }, shape) {
  on.fillStyle = look.colours.edge;
  on.fillRect(shape.x, shape.y, shape.width, shape.height);
}

/** Lanes, and the axis' marks through them. @param {Brush} brush @param {Picture} picture */
function paintGround({ on, look }, { scene, width }) {
  for (const lane of scene.lanes) {
    if (lane.sort === "heat") {
      on.fillStyle = look.colours.sunken;
      on.fillRect(scene.scale.left, lane.y + 1, scene.scale.width, lane.height - 2);
      continue;
    }
    on.fillStyle = look.colours.line;
    on.fillRect(0, lane.y, width, 1);
  }
  const last = scene.lanes.at(-1);
  if (last) {
    on.fillStyle = look.colours.line;
    on.fillRect(0, last.y + last.height, width, 1);
  }
}

/** @param {Brush} brush @param {Scene} ghost */
function paintGhost(brush, ghost) {
  const { on, scale } = brush;
  on.beginPath();
  on.rect(xOf(scale, ghost.since ?? scale.from), ghost.axis, scale.width, Number.MAX_SAFE_INTEGER);
  on.clip();
  on.globalAlpha = GHOSTLY;
  for (const shape of inOrder(ghost.shapes)) (PAINTERS[shape.style] ?? plain)(brush, shape);
  on.globalAlpha = 1;
}

/** Each line of a device, also those that are down all the time that is in sight. @param {Brush} brush @param {Picture} picture */
function paintLines(brush, { scene, lit }) {
  const lane = scene.lanes.find(({ sort }) => sort === "lines");
  if (!lane) return;
  const { on, look } = brush;
  const shapes = scene.shapes.get(LINE) ?? [];
  lane.lines.forEach((_, at) => {
    const { top, bottom } = lineRow(lane, at);
    const own = shapes.filter(({ y }) => y === top).sort((a, b) => a.x - b.x);
    on.globalAlpha = lit && !own.some(({ id }) => lit.has(id)) ? DIMMED : 1;
    if (own.length > 0) line(brush, own);
    else {
      on.fillStyle = look.colours.ink;
      on.fillRect(brush.scale.left, bottom - 0.5, brush.until - brush.scale.left, look.stroke * 0.5);
    }
    on.globalAlpha = 1;
  });
}

/** A frame round what is selected. @param {Brush} brush @param {Picture} picture */
function paintChosen({ on, look }, { scene, selected, ringed }) {
  on.strokeStyle = look.colours.ink;
  on.lineWidth = Math.max(1.5, look.stroke * 0.8);
  for (const { x, y, width, height } of ringed) on.strokeRect(x - 2, y, Math.max(width, 3) + 4, height);
  if (selected === null) return;
  for (const shapes of scene.shapes.values()) {
    for (const { id, x, y, width, height, toX } of shapes) {
      if (id !== selected || toX !== undefined) continue;
      on.strokeStyle = look.colours.action;
      on.lineWidth = look.stroke;
      on.strokeRect(x - 2, y - 2, Math.max(width, 3) + 4, height + 4);
    }
  }
}

/** What was seen already is faded, what has not happened lies deeper. @param {Brush} brush @param {Picture} picture */
function paintFuture(brush, { scene, now, past, height, newest, words, ghost }) {
  const { on, look, scale, until } = brush;
  const right = scale.left + scale.width;
  if (past && newest > now) {
    const from = Math.max(scale.left, Math.round(xOf(scale, now)));
    on.globalAlpha = VEIL;
    on.fillStyle = look.colours.bg;
    if (until > from) on.fillRect(from, scene.axis, until - from, height);
    on.globalAlpha = 1;
  }
  if (until >= right) return;
  const edge = Math.max(scale.left, until) + 1;
  on.fillStyle = look.colours.sunken;
  on.fillRect(edge, scene.axis, right - edge, height);
  on.fillStyle = look.colours.edge;
  for (let y = scene.axis; y < height; y += 6) on.fillRect(edge, y, 1, 3);
  const size = look.font;
  if (!ghost && words.notRun.length * size * 0.6 + 20 < right - edge)
    write(brush, words.notRun, edge + 10, scene.axis + size * 1.1, "dim", { face: "sans" });
}

/** @param {Brush} brush @param {Picture} picture */
function paintNames(brush, picture) {
  const { on, look } = brush;
  const { scene, height } = picture;
  on.fillStyle = look.colours.bg;
  on.fillRect(0, scene.axis + 1, scene.scale.left, height);
  for (const lane of scene.lanes) {
    on.fillStyle = look.colours.line;
    if (lane.sort !== "heat") on.fillRect(0, lane.y, scene.scale.left, 1);
    if (lane.selected && lane.sort === "cpu") {
      on.fillStyle = look.colours.raised;
      on.fillRect(0, lane.y + 1, scene.scale.left - 6, lane.height - 1);
      on.fillStyle = look.colours.action;
      on.fillRect(0, lane.y + 1, 3, lane.height - 1);
    }
    paintName(brush, picture, lane);
  }
}

/** @param {Brush} brush @param {Picture} picture @param {import("./lanes.js").Lane} lane */
function paintName(brush, picture, lane) {
  const { font } = brush.look;
  const left = font * 0.9;
  switch (lane.sort) {
    case "lines":
      for (let at = 0; at < lane.lineRows; at++) {
        const { top, bottom } = lineRow(lane, at);
        const several = at === lane.lineRows - 1 && lane.lines.length > lane.lineRows;
        const name = several ? `${lane.lines[at]} \u2026 ${lane.lines.at(-1)}` : (lane.lines[at] ?? "");
        write(brush, name, left, (top + bottom) / 2, "dim", { size: font * 0.95 });
      }
      return;
    case "heat":
      paintHeatName(brush, picture, lane);
      return;
    case "crossings": {
      const size = Math.min(font * 1.1, lane.height - 2);
      write(brush, picture.laneName(lane), left, lane.y + lane.height / 2, "cost-ink", {
        face: "sans",
        weight: 600,
        size,
      });
      return;
    }
    case "cpu": {
      if (!isNamed(picture.scene.lanes, lane, font)) return;
      const size = Math.min(font * 1.1, Math.max(font * 0.8, lane.height * 0.8));
      const middle = lane.y + Math.min(lane.height / 2, font * 1.1);
      const weight = lane.selected ? 700 : 600;
      write(brush, picture.laneName(lane), left, middle, "ink", { face: "sans", weight, size });
    }
  }
}

/** As many lanes of a sort are named as there is room for, so that no name touches another; the selected one always. @param {import("./lanes.js").Lane[]} lanes @param {import("./lanes.js").Lane} lane @param {number} font */
export function isNamed(lanes, lane, font) {
  const rows = lanes.filter(({ sort }) => sort === lane.sort);
  const low = Math.min(...rows.map(({ height }) => height));
  const every = Math.max(1, Math.ceil((font * 0.95) / low));
  const at = rows.indexOf(lane);
  const chosen = rows.findIndex(({ selected }) => selected);
  if (at === chosen) return true;
  // A tall one keeps its name away from the next.
  const apart = chosen >= 0 && (rows[chosen]?.height ?? 0) > low * 1.5 && at > chosen ? 1 : every;
  return at % every === 0 && (chosen < 0 || Math.abs(at - chosen) >= apart);
}

/** @param {Brush} brush @param {Picture} picture @param {import("./lanes.js").Lane} lane */
function paintHeatName(brush, { scene, laneName }, lane) {
  const { font } = brush.look;
  if (!isNamed(scene.lanes, lane, font)) return;
  const size = font * 0.9;
  const right = scene.scale.left - font * 0.6;
  const colour = lane.selected ? "ink" : "dim";
  write(brush, laneName(lane), right, lane.y + lane.height / 2, colour, {
    size,
    align: "right",
    weight: lane.selected ? 700 : 400,
  });
}
