/**
 * Draws a mosaic on a canvas: tiles by their shape, as bright as their CPU takes interrupts, rings round receivers with their number,
 * and one stroke for each message under way.
 */

import { outlinesOf } from "./outline.js";
import { heatOf, middleOf } from "./tiles.js";

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
 * @property {number[]} rates by CPU: interrupts taken of late
 * @property {Set<number> | null} found CPUs that somebody looks for; null: nobody looks for any
 * @property {number} selected
 * @property {number[]} pinned
 * @property {number[]} aimed CPUs that the IPI being composed would reach
 * @property {Flight[]} flights none where they go by faster than they can be followed
 * @property {(time: number) => string} arrives says when the next message arrives in a row
 *
 * @typedef {{ source: number | null, targets: number[], arrives: number }} Flight
 * @typedef {{ x: number, y: number }} Point
 */

/** More strokes than this at once are a blur. */
const MOST_STROKES = 48;
/** So much of its colour is left to a tile that nobody looks for. */
const FAINT = 0.25;

/** @param {Context} context @param {number} x @param {number} y @param {number} reach */
function diamond(context, x, y, reach) {
  context.beginPath();
  context.moveTo(x, y - reach);
  context.lineTo(x + reach, y);
  context.lineTo(x, y + reach);
  context.lineTo(x - reach, y);
  context.closePath();
}

/** @typedef {{ x: number, y: number, size: number, heat: number, name: string }} Spot */

/** @type {Record<import("./tiles.js").TileKind, (context: Context, spot: Spot, tile: Tile, look: Look) => void>} */
const SHAPES = {
  idle(context, { x, y, size, heat, name }, _, { colours, mono }) {
    context.fillStyle = heat > 0 ? colours.ink : colours.edge;
    if (name) {
      context.font = `600 ${size * 0.5}px ${mono}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(name, x, y);
      return;
    }
    context.beginPath();
    context.arc(x, y, size * (0.07 + 0.13 * heat), 0, 2 * Math.PI);
    context.fill();
  },
  handler(context, { x, y, size }, tile, { colours, stroke }) {
    const half = size * 0.36;
    context.strokeStyle = colours.isr;
    context.lineWidth = stroke * 0.6;
    context.strokeRect(x - half, y - half, 2 * half, 2 * half);
    context.fillStyle = colours.isr;
    const full = 2 * half * Math.max(0.25, tile.fill);
    context.fillRect(x - half, y + half - full, 2 * half, full);
    if (!tile.waits) return;
    diamond(context, x, y, size * 0.22);
    context.fillStyle = colours.panel;
    context.fill();
    context.lineWidth = stroke * 0.8;
    context.strokeStyle = colours.irr;
    context.stroke();
  },
  waits(context, { x, y, size }, tile, { colours, stroke }) {
    diamond(context, x, y + size * 0.08, size * 0.3);
    context.lineWidth = stroke;
    context.strokeStyle = colours.irr;
    context.stroke();
    // The bar above is IF, a line in the colour of PPR is priority.
    context.fillStyle = tile.gate === "priority" ? colours.isr : colours.ink;
    context.fillRect(x - size * 0.38, y - size * 0.46, size * 0.76, Math.max(2, size * 0.11));
  },
  closed(context, { x, y, size }, _, { colours }) {
    context.fillStyle = colours.ink;
    context.fillRect(x - size * 0.36, y - size * 0.05, size * 0.72, Math.max(2, size * 0.1));
  },
  absent(context, { x, y, size }, _, { colours, stroke }) {
    const reach = size * 0.2;
    context.strokeStyle = colours.dim;
    context.lineWidth = stroke * 0.7;
    context.beginPath();
    context.moveTo(x - reach, y - reach);
    context.lineTo(x + reach, y + reach);
    context.moveTo(x + reach, y - reach);
    context.lineTo(x - reach, y + reach);
    context.stroke();
  },
};

/** The APIC IDs of each row, and the columns' last digits; those of a busy row stand out. @param {Context} context @param {Picture} picture @param {Look} look @param {Set<number>} busy rows */
function paintNames(context, { layout, tiles }, look, busy) {
  const size = Math.min(look.font * 0.9, layout.height * 0.8);
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let row = 0; row < layout.rows; row++) {
    const name = `0x${(row * layout.columns).toString(16).padStart(2, "0")}`;
    context.fillStyle = busy.has(row) ? look.colours.ink : look.colours.dim;
    context.font = `${busy.has(row) ? 700 : 400} ${size}px ${look.mono}`;
    context.fillText(name, layout.left - look.font * 0.9, layout.top + (row + 0.5) * layout.height);
  }
  context.font = `${size}px ${look.mono}`;
  context.fillStyle = look.colours.dim;
  context.textAlign = "center";
  for (let column = 0; column < Math.min(layout.columns, tiles.length); column++) {
    const x = layout.left + (column + 0.5) * layout.width;
    context.fillText(column.toString(16).toUpperCase(), x, layout.top * 0.5);
  }
}

/** The places of tiles, as bright as their CPUs take interrupts. @param {Context} context @param {Picture} picture @param {Look} look */
function paintPlaces(context, { layout, tiles, rates, found }, { colours }) {
  const [width, height] = [layout.width - 2, layout.height - 2];
  tiles.forEach((_, cpu) => {
    const { x, y } = middleOf(layout, cpu);
    context.globalAlpha = found && !found.has(cpu) ? FAINT : 1;
    context.fillStyle = found?.has(cpu) ? colours.raised : colours.panel;
    context.fillRect(x - width / 2, y - height / 2, width, height);
    const heat = heatOf(rates[cpu] ?? 0);
    if (heat === 0) return;
    context.globalAlpha *= 0.08 + 0.34 * heat;
    context.fillStyle = colours.isr;
    context.fillRect(x - width / 2, y - height / 2, width, height);
  });
  context.globalAlpha = 1;
}

/** @param {Context} context @param {Picture} picture @param {Look} look */
function paintTiles(context, { layout, tiles, rates, found, flights }, look) {
  const size = Math.min(layout.width, layout.height) * 0.94;
  const senders = new Set(flights.map(({ source }) => source));
  tiles.forEach((tile, cpu) => {
    context.globalAlpha = found && !found.has(cpu) ? FAINT : 1;
    const name = senders.has(cpu) ? cpu.toString(16).padStart(2, "0") : "";
    const spot = { ...middleOf(layout, cpu), size, name, heat: heatOf(rates[cpu] ?? 0) };
    SHAPES[tile.kind](context, spot, tile, look);
  });
  context.globalAlpha = 1;
}

/** A line round tiles, with round corners. @param {Context} context @param {Layout} layout @param {number[]} cpus */
function ring(context, layout, cpus) {
  const point = (/** @type {import("./outline.js").Corner} */ [column, row]) => ({
    x: layout.left + column * layout.width,
    y: layout.top + row * layout.height,
  });
  context.beginPath();
  for (const loop of outlinesOf(cpus, layout.columns)) {
    const points = loop.map(point);
    const [first, second] = points;
    if (!first || !second) continue;
    context.moveTo((first.x + second.x) / 2, (first.y + second.y) / 2);
    for (let at = 1; at <= points.length; at++) {
      const [corner, next] = [points[at % points.length] ?? first, points[(at + 1) % points.length] ?? first];
      context.arcTo(corner.x, corner.y, (corner.x + next.x) / 2, (corner.y + next.y) / 2, 6);
    }
    context.closePath();
  }
  context.stroke();
}

/** The tip of a stroke. @param {Context} context @param {Point} from @param {Point} to @param {number} size */
function tip(context, from, to, size) {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  context.beginPath();
  context.moveTo(to.x, to.y);
  for (const side of [-0.4, 0.4])
    context.lineTo(to.x - size * Math.cos(angle + side), to.y - size * Math.sin(angle + side));
  context.closePath();
  context.fill();
}

/**
 * From the sender, or the corner where devices are, to the ring round the receivers, beside the strokes of the other messages.
 *
 * @param {Context} context
 * @param {Layout} layout
 * @param {Flight} flight
 * @param {number} aside in tiles
 */
function stroke(context, layout, { source, targets }, aside) {
  const middles = targets.map((cpu) => middleOf(layout, cpu));
  const from = source === null ? { x: layout.left - 6, y: layout.top - 6 } : middleOf(layout, source);
  const wanted = from.x + aside * layout.width;
  const nearest = middles.reduce((best, one) => {
    const far = (/** @type {Point} */ { x, y }) => Math.abs(y - from.y) * 4 + Math.abs(x - wanted);
    return far(one) < far(best) ? one : best;
  });
  // Within a row it goes over the tiles between, from the upper edge to the upper edge.
  const down = Math.sign(nearest.y - from.y) || -1;
  const level = nearest.y === from.y;
  const to = { x: nearest.x, y: nearest.y - ((level ? 1 : down) * layout.height) / 2 };
  const bend = level
    ? { x: (from.x + to.x) / 2, y: from.y - layout.height }
    : { x: from.x, y: (from.y + to.y) / 2 };
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(from.x, from.y + (down * layout.height) / 2);
  context.quadraticCurveTo(bend.x, bend.y, to.x, to.y);
  context.stroke();
  context.setLineDash([]);
  tip(context, bend, to, 8);
}

/** At the end of each row: how many receivers lie in it and when the next message arrives, or how many interrupts it takes. @param {Context} context @param {Picture} picture @param {Look} look @param {Map<number, { count: number, arrives: number }>} under */
function paintRows(context, { layout, rates, arrives }, look, under) {
  const x = layout.left + layout.columns * layout.width + look.font * 0.6;
  const size = Math.min(look.font, layout.height * 0.8);
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (let row = 0; row < layout.rows; row++) {
    const y = layout.top + (row + 0.5) * layout.height;
    const coming = under.get(row);
    const taken = rates
      .slice(row * layout.columns, (row + 1) * layout.columns)
      .reduce((sum, one) => sum + one, 0);
    context.fillStyle = coming ? look.colours.ink : look.colours.dim;
    if (coming) tip(context, { x: x + 20, y }, { x, y }, size * 0.7);
    if (!coming && taken === 0) continue;
    context.font = `${coming ? 700 : 400} ${coming ? size * 1.15 : size}px ${look.mono}`;
    const words = String(coming ? coming.count : taken);
    context.fillText(words, x + size * 0.9, y);
    if (!coming || !layout.wordy) continue;
    const after = x + size * 1.4 + context.measureText(words).width;
    context.fillStyle = look.colours.dim;
    context.font = `${size * 0.95}px ${look.sans}`;
    context.fillText(arrives(coming.arrives), after, y);
  }
}

/** What is under way to each row. @param {Flight[]} flights @param {number} columns */
function rowsOf(flights, columns) {
  /** @type {Map<number, { count: number, arrives: number }>} */
  const rows = new Map();
  for (const { targets, arrives } of flights) {
    for (const cpu of targets) {
      const row = Math.floor(cpu / columns);
      const known = rows.get(row) ?? { count: 0, arrives };
      rows.set(row, { count: known.count + 1, arrives: Math.min(known.arrives, arrives) });
    }
  }
  return rows;
}

/** @param {Context} context @param {Picture} picture @param {Look} look */
export function paintMosaic(context, picture, look) {
  const { layout, flights } = picture;
  const under = rowsOf(flights, layout.columns);
  paintNames(context, picture, look, new Set(under.keys()));
  paintPlaces(context, picture, look);
  paintTiles(context, picture, look);
  context.strokeStyle = look.colours.fly;
  context.lineWidth = look.stroke * 0.6;
  context.setLineDash([2, 3]);
  ring(context, layout, picture.aimed);
  context.strokeStyle = context.fillStyle = look.colours.fly;
  context.lineWidth = look.stroke * 0.8;
  for (const { targets } of flights) {
    context.setLineDash([5, 4]);
    ring(context, layout, targets);
  }
  context.setLineDash([]);
  const sent = flights.filter(({ targets }) => targets.length > 0).slice(0, MOST_STROKES);
  sent.forEach((flight, at) => {
    context.fillStyle = look.colours.fly;
    stroke(context, layout, flight, sent.length > 1 ? (at - (sent.length - 1) / 2) * 0.35 : 0);
  });
  paintRows(context, picture, look, under);
  context.strokeStyle = look.colours.irr;
  context.lineWidth = look.stroke * 0.5;
  for (const cpu of picture.pinned) ring(context, layout, [cpu]);
  context.lineWidth = look.stroke * 1.1;
  ring(context, layout, [picture.selected]);
}
