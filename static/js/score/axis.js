/** Above the lanes: times, flags, the two markers and the playhead. */

import { widthOf, write } from "./marks.js";
import { ticksOf, xOf } from "./scale.js";

/** @typedef {import("./marks.js").Brush} Brush */
/** @typedef {import("./paint.js").Picture} Picture */

/** Marks of the axis are so many characters apart, at least. */
const APART = 12;
const PILL = 4;

/** A score that is so low, in lines of its font, has one row above the lanes, for times and flags. */
const LOW = 14;

/** How high the axis is. @param {number} font @param {number} height of the score */
export const axisHeight = (font, height) => Math.round(font * (height < font * LOW ? 1.9 : 3.1));

/** The middles of the rows of times and of flags. @param {Brush} brush @param {Picture} picture */
function rowsOf({ look }, { scene }) {
  const one = scene.axis < look.font * 2.5;
  return {
    one,
    times: one ? scene.axis / 2 : look.font * 1.05,
    flags: one ? scene.axis / 2 : look.font * 2.3,
  };
}

/** @param {Brush} brush @param {Picture} picture */
export function paintAxis(brush, picture) {
  paintTicks(brush, picture);
  paintMarkers(brush, picture);
  paintFlags(brush, picture);
  paintPlayhead(brush, picture);
}

/** The marks of the axis through the lanes: under all else. @param {Brush} brush @param {Picture} picture */
export function paintGrid({ on, look }, { scene, height }) {
  on.globalAlpha = 0.5;
  on.fillStyle = look.colours.line;
  for (const time of ticksOf(scene.scale, APART * look.font * 0.6)) {
    on.fillRect(Math.round(xOf(scene.scale, time)), scene.axis, 1, height - scene.axis);
  }
  on.globalAlpha = 1;
}

/** @param {Brush} brush @param {Picture} picture */
function paintTicks(brush, picture) {
  const { scene, now, words } = picture;
  const { times } = rowsOf(brush, picture);
  const { look } = brush;
  const { scale } = scene;
  const pill = widthOf(brush, words.grouped(now)) / 2 + PILL * 2;
  const nowX = xOf(scale, now);
  const margin = look.font * 0.9;
  write(brush, words.unit, margin, times, "dim", { face: "sans" });
  const free = margin + words.unit.length * look.font * 0.6;
  for (const time of ticksOf(scale, APART * look.font * 0.6)) {
    const x = Math.round(xOf(scale, time));
    const said = words.grouped(time);
    const half = widthOf(brush, said) / 2;
    if (x - half < free || x + half > scale.left + scale.width) continue;
    if (Math.abs(x - nowX) < pill + half + 4) continue;
    write(brush, said, x, times, "dim", { align: "center" });
  }
}

/** Two times, and between them their difference. @param {Brush} brush @param {Picture} picture */
function paintMarkers(brush, picture) {
  const { scene, markers, height, words } = picture;
  const { on, look } = brush;
  const row = rowsOf(brush, picture).flags;
  const { scale } = scene;
  const { a, b } = markers;
  if (a !== null && b !== null) {
    const [from, to] = [xOf(scale, Math.min(a, b)), xOf(scale, Math.max(a, b))];
    on.fillStyle = look.colours.action;
    on.globalAlpha = 0.1;
    on.fillRect(clip(from, scale), scene.axis, clip(to, scale) - clip(from, scale), height);
    on.globalAlpha = 1;
    on.fillRect(clip(from, scale), scene.axis - 2, clip(to, scale) - clip(from, scale), 2);
    const middle = (clip(from, scale) + clip(to, scale)) / 2;
    if (clip(to, scale) > clip(from, scale))
      pill(brush, `Δ ${words.grouped(Math.abs(b - a))}`, middle, row, "raised", "ink");
  }
  for (const [time, name] of /** @type {[number | null, string][]} */ ([
    [a, "A"],
    [b, "B"],
  ])) {
    if (time === null) continue;
    const x = Math.round(xOf(scale, time));
    if (x < scale.left || x > scale.left + scale.width) continue;
    on.fillStyle = look.colours.action;
    for (let y = scene.axis - 2; y < height; y += 7) on.fillRect(x, y, 1.5, 4);
    if (a === null || b === null) pill(brush, `${name} ${words.grouped(time)}`, x, row, "raised", "ink");
  }
}

/** @param {number} x @param {import("./scale.js").Scale} scale */
const clip = (x, scale) => Math.min(Math.max(x, scale.left), scale.left + scale.width);

/** @param {Brush} brush @param {string} said @param {number} x @param {number} y @param {import("./look.js").Colour} ground @param {import("./look.js").Colour} colour */
function pill(brush, said, x, y, ground, colour) {
  const { on, look } = brush;
  const width = widthOf(brush, said) + PILL * 3;
  const left = Math.min(
    Math.max(x - width / 2, brush.scale.left),
    brush.scale.left + brush.scale.width - width,
  );
  on.fillStyle = look.colours[ground];
  on.beginPath();
  on.roundRect(left, y - look.font * 0.85, width, look.font * 1.7, PILL);
  on.fill();
  write(brush, said, left + width / 2, y, colour, { align: "center", weight: 700 });
}

/** @param {Brush} brush @param {Picture} picture */
function paintFlags(brush, picture) {
  const { scene, flags, height } = picture;
  const { on, look } = brush;
  const { one, flags: y } = rowsOf(brush, picture);
  const { scale } = scene;
  let free = Number.NEGATIVE_INFINITY;
  for (const { time, word } of [...flags].sort((a, b) => a.time - b.time)) {
    const x = Math.round(xOf(scale, time));
    if (x < scale.left || x > scale.left + scale.width) continue;
    const size = look.font * 0.5;
    on.fillStyle = look.colours.ink;
    on.beginPath();
    on.moveTo(x, y - size);
    on.lineTo(x + size * 1.6, y - size * 0.3);
    on.lineTo(x, y + size * 0.4);
    on.fill();
    on.fillRect(x, y - size, 1.4, scene.axis - y + size);
    on.globalAlpha = 0.35;
    on.fillRect(x, scene.axis, 1, height);
    on.globalAlpha = 1;
    const width = word.length * look.font * 0.56;
    if (one || x < free || x + width > scale.left + scale.width) continue;
    write(brush, word, x + size * 2.2, y, "ink", { face: "sans" });
    free = x + size * 2.2 + width + 8;
  }
}

/** @param {Brush} brush @param {Picture} picture */
function paintPlayhead(brush, picture) {
  const { scene, now, height, words } = picture;
  const { on, look } = brush;
  const { times } = rowsOf(brush, picture);
  const { scale } = scene;
  const x = Math.round(xOf(scale, now));
  if (x < scale.left || x > scale.left + scale.width) return;
  on.fillStyle = look.colours.action;
  on.fillRect(x - 1, times, 2, height);
  const said = words.grouped(Math.floor(now));
  pill(brush, said, x, times, "action", "on-action");
}
