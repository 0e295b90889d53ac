/** Draws a mosaic on a canvas: tiles by their shape, as bright as their CPU takes interrupts, and what is under way to each row. */

import { heatOf, middleOf } from "./tiles.js";
import { paintTraffic, tip } from "./traffic-paint.js";

/** @typedef {import("./tiles.js").Tile} Tile */
/** @typedef {import("./traffic-paint.js").Flight} Flight */
/** @typedef {import("../score/look.js").Look} Look */
/** @typedef {CanvasRenderingContext2D} Context */

/**
 * All that is drawn.
 *
 * @typedef {import("./traffic-paint.js").Traffic & Tiles} Picture
 *
 * @typedef {object} Tiles
 * @property {Tile[]} tiles
 * @property {number[]} rates by CPU: interrupts taken of late
 * @property {Set<number> | null} found CPUs that somebody looks for; null: nobody looks for any
 * @property {(time: number) => string} arrives says when the next message arrives in a row
 */

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
  runs(context, { x, y, size }, _, { colours }) {
    const reach = size * 0.2;
    context.fillStyle = colours.ink;
    context.beginPath();
    context.moveTo(x - reach * 0.7, y - reach);
    context.lineTo(x + reach, y);
    context.lineTo(x - reach * 0.7, y + reach);
    context.fill();
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
  const under = rowsOf(picture.flights, picture.layout.columns);
  paintNames(context, picture, look, new Set(under.keys()));
  paintPlaces(context, picture, look);
  paintTiles(context, picture, look);
  paintTraffic(context, picture, look);
  paintRows(context, picture, look, under);
}
