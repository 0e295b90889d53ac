/**
 * How each style of the vocabulary is drawn. Shape says what it is, hue says it again: an outlined bar with a diamond waits, a
 * filled one is in service, a dashed one has only to return.
 *
 * @typedef {import("./scene.js").Shape} Shape
 *
 * @typedef {object} Brush
 * @property {CanvasRenderingContext2D} on
 * @property {import("./look.js").Look} look
 * @property {import("./scale.js").Scale} scale
 * @property {number} until where time ends, in pixels
 * @property {(shape: Shape) => string} glyphOf the mark of an ending
 * @property {string} font that was set last; "" where nobody knows
 */

import { hatchOf, putDiamond } from "./stamps.js";

/** A character of the fixed-width face is so wide, by its size. */
const CHARACTER = 0.602;
const INSET = 5;
/** A narrower frame has no room for dashes. */
const DASHED = 6;

/** @param {Brush} brush @param {string} words @param {number} size */
export const widthOf = (brush, words, size = brush.look.font) => words.length * size * CHARACTER;

/**
 * @param {Brush} brush
 * @param {string} words
 * @param {number} x
 * @param {number} y its middle
 * @param {import("./look.js").Colour} colour
 * @param {{ face?: "mono" | "sans", weight?: number, size?: number, align?: CanvasTextAlign }} [how]
 */
export function write(brush, words, x, y, colour, how = {}) {
  const { on, look } = brush;
  const font = `${how.weight ?? 400} ${how.size ?? look.font}px ${look[how.face ?? "mono"]}`;
  // What the canvas says of its font is never what it was given, and to set it takes longer than to write.
  if (brush.font !== font) on.font = font;
  brush.font = font;
  on.textAlign = how.align ?? "left";
  on.fillStyle = look.colours[colour];
  on.fillText(words, x, y + 0.5);
}

/** Writes into a shape what fits. @param {Brush} brush @param {Shape} shape @param {string} words @param {import("./look.js").Colour} colour @param {number} inset @param {number} weight */
function label(brush, shape, words, colour, inset, weight) {
  const size = Math.min(brush.look.font, shape.height - 1);
  if (size < brush.look.font * 0.72 || widthOf(brush, words, size) + inset + 3 > shape.width) return;
  write(brush, words, shape.x + inset, shape.y + shape.height / 2, colour, { weight, size });
}

/** It waits. @param {Brush} brush @param {Shape} shape */
function outline(brush, shape) {
  const { on, look } = brush;
  const { x, y, width, height } = shape;
  const stroke = Math.min(look.stroke * 0.8, height / 3);
  const right = shape.lasts ? width + 2 : width;
  const inner = right - (shape.lasts ? stroke : stroke * 2);
  // One bar inside of another is the fastest frame; where both would shine through, it is a line.
  if (on.globalAlpha === 1 && inner > 0) {
    on.fillStyle = look.colours.irr;
    on.fillRect(x, y, right, height);
    on.fillStyle = look.colours.panel;
    on.fillRect(x + stroke, y + stroke, inner, height - stroke * 2);
  } else {
    on.strokeStyle = look.colours.irr;
    on.lineWidth = stroke;
    on.strokeRect(x + stroke / 2, y + stroke / 2, Math.max(0, right - stroke), height - stroke);
  }
  if (shape.begins) {
    const reach = height / 2 + stroke * 0.7;
    putDiamond(on, { reach, stroke, edge: look.colours.irr, inside: look.colours.panel }, x, y + height / 2);
  }
  label(brush, shape, shape.label, "irr", height / 2 + stroke + 4, 700);
}

/** It is in service. @param {Brush} brush @param {Shape} shape */
function bar(brush, shape) {
  const { on, look } = brush;
  on.fillStyle = look.colours.isr;
  on.fillRect(shape.x, shape.y, shape.width, shape.height);
  // Over an outer one a hairline keeps the two apart.
  on.fillStyle = look.colours.bg;
  if (shape.width > 6 && shape.begins) on.fillRect(shape.x, shape.y, 1, shape.height);
  label(brush, shape, shape.label, "bg", INSET, 700);
}

/** A handler: what of it lies behind the end of its service is dashed; one that has none is framed. @param {Brush} brush @param {Shape} shape */
function dashes(brush, shape) {
  const { on, look } = brush;
  const { served } = shape;
  const from = Math.max(shape.x, served ?? shape.x);
  const width = shape.x + shape.width - from;
  if (width >= 1 && (served === undefined || width > 0)) {
    const line = Math.min(look.stroke * 0.75, 2.5);
    on.fillStyle = look.colours[served === undefined ? "water" : "panel"];
    on.fillRect(from, shape.y, width, shape.height);
    on.strokeStyle = look.colours.isr;
    on.lineWidth = line;
    if (served !== undefined && width > DASHED) on.setLineDash([4, 3]);
    on.strokeRect(from + line / 2, shape.y + line / 2, Math.max(0, width - line), shape.height - line);
    on.setLineDash([]);
  }
  if (served === undefined) label(brush, shape, shape.label, "isr", INSET, 600);
  else {
    const inset = INSET + widthOf(brush, "00 ") + 2;
    label(brush, { ...shape, width: Math.min(shape.width, served - shape.x) }, shape.label, "bg", inset, 400);
  }
}

/** A function that was asked for. @param {Brush} brush @param {Shape} shape */
function box(brush, shape) {
  const { on, look } = brush;
  on.fillStyle = look.colours.raised;
  on.fillRect(shape.x, shape.y, shape.width, shape.height);
  on.strokeStyle = look.colours.edge;
  on.lineWidth = 1;
  on.strokeRect(shape.x + 0.5, shape.y + 0.5, Math.max(0, shape.width - 1), shape.height - 1);
  label(brush, shape, shape.label, "ink", INSET, 400);
}

/** Its name again, where dots lie over it. @param {Brush} brush @param {Shape} shape */
export function nameOnDots(brush, shape) {
  const { on, look } = brush;
  const width = widthOf(brush, shape.label);
  if (shape.height < look.font || width + INSET + 3 > shape.width) return;
  on.fillStyle = look.colours.raised;
  on.fillRect(shape.x + 1, shape.y + 1, width + INSET * 2, shape.height - 2);
  label(brush, shape, shape.label, "ink", INSET, 400);
}

/** @param {Brush} brush @param {number} x of a time: what moves with it */
const phase = (brush, x) => {
  const moved = (brush.scale.from / (brush.scale.to - brush.scale.from)) * brush.scale.width;
  return ((moved + x) % 600) * -1;
};

/** It spins: waits for a word, and burns time. @param {Brush} brush @param {Shape} shape */
function dots(brush, shape) {
  const { on, look } = brush;
  const middle = shape.y + shape.height / 2;
  on.fillStyle = look.colours.panel;
  on.fillRect(shape.x, shape.y, shape.width, shape.height);
  on.strokeStyle = look.colours.ink;
  on.lineWidth = Math.max(2, look.stroke * 1.2);
  on.lineCap = "round";
  on.setLineDash([0, 10]);
  on.lineDashOffset = -phase(brush, shape.x) % 10;
  on.beginPath();
  on.moveTo(shape.x + 2, middle);
  on.lineTo(shape.x + shape.width - 1, middle);
  on.stroke();
  on.setLineDash([]);
  on.lineCap = "butt";
  // At its right end: at the left stands what the function is called.
  const width = widthOf(brush, shape.label) + INSET * 2;
  if (shape.label === "" || width * 2 + 60 > shape.width || shape.height < look.font * 0.8) return;
  const left = shape.x + shape.width - width - 12;
  on.fillStyle = look.colours.panel;
  on.fillRect(left, shape.y, width, shape.height);
  write(brush, shape.label, left + INSET, middle, "ink");
}

/** It is out of the guest. @param {Brush} brush @param {Shape} shape */
function crossing({ on, look }, shape) {
  on.fillStyle = look.colours.cost;
  on.fillRect(shape.x, shape.y, shape.width > 3 ? shape.width - 1 : shape.width, shape.height);
}

/** What is below a priority waits: a quiet line, for it may lie there all the time. @param {Brush} brush @param {Shape} shape */
function underline({ on, look }, shape) {
  on.fillStyle = look.colours.isr;
  const alpha = on.globalAlpha;
  on.globalAlpha = alpha * 0.55;
  on.fillRect(shape.x, shape.y + 1, shape.width, 1);
  on.globalAlpha = alpha;
}

/** No interrupt comes in. @param {Brush} brush @param {Shape} shape */
function hatching(brush, shape) {
  const { on, look } = brush;
  const pattern = hatchOf(on, look.colours.edge, phase(brush, 0));
  if (!pattern) return;
  on.fillStyle = pattern;
  on.fillRect(shape.x, shape.y, shape.width, shape.height);
}

/** It waits to be started. @param {Brush} brush @param {Shape} shape */
function stripes(brush, shape) {
  const { on, look } = brush;
  on.fillStyle = look.colours.sunken;
  on.fillRect(shape.x, shape.y, shape.width, shape.height);
  const words = shape.label;
  if (widthOf(brush, words) + 12 < shape.width && shape.height > look.font)
    write(brush, words, shape.x + 6, shape.y + shape.height / 2, "dim");
}

/** A message, from its sender to where it arrives. @param {Brush} brush @param {Shape} shape */
function arrow(brush, shape) {
  const { on, look } = brush;
  const { x, y, toX = x, toY = y } = shape;
  const head = Math.max(6, look.stroke * 3);
  const tip = toX - (shape.ended ? 2 : head * 0.45);
  const bend = Math.max((tip - x) * 0.7, Math.min(10, Math.abs(toY - y) * 0.3));
  on.strokeStyle = look.colours.fly;
  on.lineWidth = look.stroke * 0.7;
  if (shape.lasts) on.setLineDash([5, 4]);
  on.beginPath();
  on.moveTo(x, y);
  on.bezierCurveTo(x + bend, y, tip - bend, toY, tip - head * 0.8, toY);
  on.stroke();
  on.setLineDash([]);
  on.beginPath();
  on.moveTo(tip, toY);
  on.lineTo(tip - head, toY - head * 0.55);
  on.lineTo(tip - head, toY + head * 0.55);
  on.closePath();
  on.fillStyle = look.colours.fly;
  on.fill();
  if (shape.ended) sign(brush, brush.glyphOf(shape), toX, toY);
}

/** A mark by itself. @param {Brush} brush @param {Shape} shape */
const glyph = (brush, shape) => sign(brush, brush.glyphOf(shape), shape.x, shape.y + shape.height / 2);

/** @param {Brush} brush @param {string} mark @param {number} x @param {number} y */
function sign(brush, mark, x, y) {
  if (mark === "") return;
  const size = brush.look.font * 1.15;
  brush.on.fillStyle = brush.look.colours.panel;
  brush.on.beginPath();
  brush.on.arc(x, y, size * 0.56, 0, 7);
  brush.on.fill();
  write(brush, mark, x, y, "ink", { size, align: "center", weight: 600 });
}

/** A line of a device: up while it is raised, down else. @param {Brush} brush @param {Shape[]} shapes of one line, by time */
export function line({ on, look, scale, until }, shapes) {
  const [first] = shapes;
  if (!first) return;
  const bottom = first.y + first.height;
  on.strokeStyle = look.colours.ink;
  on.lineWidth = look.stroke * 0.65;
  on.beginPath();
  on.moveTo(scale.left, bottom);
  for (const { x, y, width, lasts } of shapes) {
    on.lineTo(x, bottom);
    on.lineTo(x, y);
    on.lineTo(x + width, y);
    if (!lasts) on.lineTo(x + width, bottom);
  }
  if (!shapes.at(-1)?.lasts) on.lineTo(Math.min(until, scale.left + scale.width), bottom);
  on.stroke();
}

/** @typedef {(brush: Brush, shape: Shape) => void} Painter */

/** In the order in which they cover each other. @type {Record<string, Painter>} */
export const PAINTERS = {
  stripes,
  hatching,
  box,
  dots,
  underline,
  bar,
  dashes,
  outline,
  crossing,
  glyph,
  arrow,
};
const ORDER = Object.keys(PAINTERS);

/** Above which others a shape is painted: by its style; what lies inside of another that stands at the foot of a lane above all of that. @param {Shape} shape */
const rankOf = ({ style, inside = 0 }) => {
  const rank = ORDER.indexOf(style);
  return inside > 0
    ? ORDER.indexOf("dashes") + (inside + (rank + 1) / ORDER.length) / (MOST_INSIDE + 2)
    : rank;
};
const MOST_INSIDE = 250;

/** All shapes, those above others later: whoever paints goes forwards, whoever points at them backwards. @param {Map<string, Shape[]>} shapes by style */
export function inOrder(shapes) {
  const all = [...shapes].filter(([style]) => style !== LINE).flatMap(([, own]) => own);
  const ranks = new Map(all.map((shape) => [shape, rankOf(shape)]));
  return all.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}

/** What is drawn as one line through all of its shapes. */
export const LINE = "wave";
