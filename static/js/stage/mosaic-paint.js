/** Draws a mosaic on a canvas: tiles by their shape, rings around receivers, one stroke for each message under way. */

import { middleOf, runsOf } from "./tiles.js";

/** @typedef {import("./tiles.js").Layout} Layout */
/** @typedef {import("./tiles.js").Tile} Tile */
/** @typedef {import("../score/look.js").Look} Look */
/** @typedef {CanvasRenderingContext2D} Context */

/**
 * All that is drawn.
 *
 * @typedef {object} Picture
 * @property {Layout} layout
 * @property {Tile[]} tiles
 * @property {number[]} heat by CPU, 0 to 1: how often it was seen to change of late
 * @property {number} selected
 * @property {number[]} pinned
 * @property {number[]} aimed CPUs that the IPI being composed would reach
 * @property {{ source: number | null, targets: number[] }[]} flights
 */

/** @param {Context} context @param {number} x @param {number} y @param {number} reach */
function diamond(context, x, y, reach) {
  context.beginPath();
  context.moveTo(x, y - reach);
  context.lineTo(x + reach, y);
  context.lineTo(x, y + reach);
  context.lineTo(x - reach, y);
  context.closePath();
}

/** @typedef {{ x: number, y: number, size: number, heat: number }} Spot */

/** @type {Record<import("./tiles.js").TileKind, (context: Context, spot: Spot, tile: Tile, look: Look) => void>} */
const SHAPES = {
  idle(context, { x, y, size, heat }, _, { colours }) {
    context.fillStyle = heat > 0.05 ? colours.isr : colours.edge;
    context.beginPath();
    context.arc(x, y, size * (0.09 + 0.14 * heat), 0, 2 * Math.PI);
    context.fill();
  },
  handler(context, { x, y, size, heat }, tile, { colours }) {
    const half = size * 0.36;
    context.strokeStyle = colours.isr;
    context.lineWidth = 1.2;
    context.strokeRect(x - half, y - half, 2 * half, 2 * half);
    context.globalAlpha = 0.55 + 0.45 * heat;
    context.fillStyle = colours.isr;
    const full = 2 * half * Math.max(0.25, tile.fill);
    context.fillRect(x - half, y + half - full, 2 * half, full);
    context.globalAlpha = 1;
    if (!tile.waits) return;
    diamond(context, x, y, size * 0.2);
    context.fillStyle = colours.panel;
    context.fill();
    context.strokeStyle = colours.irr;
    context.stroke();
  },
  waits(context, { x, y, size }, tile, { colours }) {
    diamond(context, x, y + size * 0.06, size * 0.32);
    context.lineWidth = 2;
    context.strokeStyle = colours.irr;
    context.stroke();
    // The bar above is IF, a line in the colour of PPR is priority.
    context.fillStyle = tile.gate === "priority" ? colours.isr : colours.ink;
    context.fillRect(x - size * 0.36, y - size * 0.46, size * 0.72, Math.max(2, size * 0.1));
  },
  closed(context, { x, y, size }, _, { colours }) {
    context.fillStyle = colours.ink;
    context.fillRect(x - size * 0.36, y - size * 0.05, size * 0.72, Math.max(2, size * 0.1));
  },
  absent(context, { x, y, size }, _, { colours }) {
    const reach = size * 0.2;
    context.strokeStyle = colours.dim;
    context.lineWidth = 1.4;
    context.beginPath();
    context.moveTo(x - reach, y - reach);
    context.lineTo(x + reach, y + reach);
    context.moveTo(x + reach, y - reach);
    context.lineTo(x - reach, y + reach);
    context.stroke();
  },
};

/** @param {Context} context @param {Picture} picture @param {Look} look */
function paintNames(context, { layout, tiles }, look) {
  context.fillStyle = look.colours.dim;
  context.font = `${Math.min(look.font * 0.86, layout.height * 0.8)}px ${look.mono}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let row = 0; row < layout.rows; row++) {
    const name = `0x${(row * layout.columns).toString(16).padStart(2, "0")}`;
    context.fillText(name, layout.left - look.font * 0.5, layout.top + (row + 0.5) * layout.height);
  }
  context.textAlign = "center";
  for (let column = 0; column < Math.min(layout.columns, tiles.length); column++) {
    const x = layout.left + (column + 0.5) * layout.width;
    context.fillText(column.toString(16).toUpperCase(), x, layout.top * 0.5);
  }
}

/** @param {Context} context @param {Layout} layout @param {number[]} cpus */
function ring(context, layout, cpus) {
  for (const run of runsOf(cpus)) {
    const x = layout.left + run.first * layout.width + 1;
    const y = layout.top + run.row * layout.height + 1;
    context.beginPath();
    context.roundRect(x, y, (run.last - run.first + 1) * layout.width - 2, layout.height - 2, 5);
    context.stroke();
  }
}

/** @param {Context} context @param {Picture} picture @param {Look} look */
function paintFlights(context, { layout, flights }, look) {
  context.strokeStyle = look.colours.fly;
  context.lineWidth = 1.4;
  for (const { source, targets } of flights) {
    context.setLineDash([4, 3]);
    ring(context, layout, targets);
    const [first] = targets;
    if (first === undefined) continue;
    const from = source === null ? { x: layout.left - 4, y: layout.top } : middleOf(layout, source);
    const to = middleOf(layout, targets[Math.floor(targets.length / 2)] ?? first);
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.quadraticCurveTo(from.x, (from.y + to.y) / 2, to.x, to.y);
    context.stroke();
    context.setLineDash([]);
    if (targets.length < 2) continue;
    context.fillStyle = look.colours.ink;
    context.textAlign = "left";
    context.fillText(String(targets.length), layout.left + layout.columns * layout.width + 6, to.y);
  }
}

/** @param {Context} context @param {Picture} picture @param {Look} look */
export function paintMosaic(context, picture, look) {
  const { layout, tiles } = picture;
  paintNames(context, picture, look);
  const size = Math.min(layout.width, layout.height) * 0.94;
  tiles.forEach((tile, cpu) => {
    const spot = { ...middleOf(layout, cpu), size, heat: picture.heat[cpu] ?? 0 };
    SHAPES[tile.kind](context, spot, tile, look);
  });
  context.strokeStyle = look.colours.fly;
  context.lineWidth = 1.2;
  context.setLineDash([2, 3]);
  ring(context, layout, picture.aimed);
  context.setLineDash([]);
  paintFlights(context, picture, look);
  context.strokeStyle = look.colours.irr;
  context.lineWidth = 1;
  for (const cpu of picture.pinned) ring(context, layout, [cpu]);
  context.lineWidth = 2.4;
  ring(context, layout, [picture.selected]);
}
