/**
 * Draws nine to 32 CPUs on a canvas, each as a well of which only the shelves in use stand there: the same shelves in all, so that they
 * can be compared. What is drawn answers where its chips lie.
 */

import { vocabulary } from "../vocabulary.js";
import { middle, short } from "../words.js";
import { barrierOf } from "./barrier.js";
import { byShelf } from "./chips.js";
import { boxOf, heatOf } from "./tiles.js";
import { paintTraffic } from "./traffic-paint.js";

/** @typedef {import("./chips.js").Chip} Chip */
/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {import("../score/look.js").Look} Look */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {Box & { cpu: number, vector: number }} ChipBox */

/**
 * One CPU, ready to be drawn.
 *
 * @typedef {object} Half
 * @property {CpuState} cpu
 * @property {Chip[]} chips
 * @property {string[]} lamps what has no vector and so lies on no shelf
 * @property {number} water the class of PPR
 * @property {string} name
 * @property {string} ppr what stands at the line of PPR; empty where nothing is held back
 * @property {string} foot what runs
 *
 * @typedef {import("./traffic-paint.js").Traffic & { halves: Half[], shelves: number[], rates: number[], found: Set<number> | null, vector: { cpu: number, vector: number } | null }} Picture
 *   `shelves`: the classes in use, the highest first
 */

/** The space round a well. */
const GAP = 3;
/** A shelf lower than this, in the letters' size, is none. */
const LOWEST = 0.8;
/** So much of its colour is left to a CPU that nobody looks for. */
const FAINT = 0.3;

/** How a well is divided. @param {Box} box @param {number} font @param {number} shelves */
function partsOf(box, font, shelves) {
  const head = font * 1.75;
  const foot = box.height > font * 6 ? font * 1.5 : 0;
  const room = box.height - head - foot;
  const shelf = shelves > 0 ? Math.min(font * 1.95, room / shelves) : 0;
  return { head, foot, shelf, top: box.y + head, bottom: box.y + box.height - foot };
}

/** @param {Context} context @param {Chip} chip @param {number} x @param {number} y the middle @param {number} size @param {Look} look */
function mark(context, { kind, times, level }, x, y, size, { colours, stroke }) {
  const reach = size / 2;
  const square = kind === "service" || kind === "ended";
  context.beginPath();
  if (square) context.rect(x, y - reach * 0.85, size * 0.85, size * 0.85);
  else {
    context.moveTo(x + reach, y - reach);
    context.lineTo(x + size, y);
    context.lineTo(x + reach, y + reach);
    context.lineTo(x, y);
    context.closePath();
  }
  context.lineWidth = stroke * 0.75;
  const dashed = kind === "ended" || kind === "coming";
  context.setLineDash(dashed ? [2.5, 2] : []);
  context.strokeStyle = kind === "coming" ? colours.fly : square ? colours.isr : colours.irr;
  context.fillStyle = square ? colours.isr : colours.irr;
  if (kind === "service") context.fill();
  else context.stroke();
  context.setLineDash([]);
  if (times > 1) context.fillRect(x + reach - 1.5, y - 1.5, 3, 3);
  if (!level) return;
  context.fillStyle = colours.ink;
  context.beginPath();
  context.moveTo(x, y + reach);
  context.lineTo(x, y + reach * 0.1);
  context.lineTo(x + reach * 0.9, y + reach);
  context.fill();
}

/** The chips of a shelf, as many as there is room for. @param {Context} context @param {Chip[]} chips @param {Box} row @param {(chip: Chip) => boolean} isSelected @param {Look} look @returns {(Box & { vector: number })[]} */
function paintChips(context, chips, row, isSelected, look) {
  const { colours, font, mono, stroke } = look;
  const [size, letters] = [Math.min(row.height * 0.6, font), Math.min(row.height * 0.72, font)];
  const middleY = row.y + row.height / 2;
  const widthOf = (/** @type {Chip} */ chip) =>
    size + letters * (1.75 + (chip.times > 1 ? 0.62 * (1 + short(chip.times).length) : 0));
  const boxes = [];
  const end = row.x + row.width;
  let x = row.x;
  context.textAlign = "left";
  for (const [at, chip] of chips.entries()) {
    const width = widthOf(chip);
    const rest = at < chips.length - 1 ? letters * 1.4 : 0;
    context.font = `700 ${letters}px ${mono}`;
    if (x + width + rest > end) {
      if (at === 0 && x + size <= end) mark(context, chip, x, middleY, size, look);
      const after = at === 0 ? x + size + 2 : x;
      const left = chips.length - Math.max(at, 1);
      context.fillStyle = colours.dim;
      if (left > 0 && after + letters * 1.2 < end) context.fillText(`+${left}`, after, middleY);
      break;
    }
    const height = row.height - 3;
    context.strokeStyle = isSelected(chip) ? colours.irr : colours.line;
    context.lineWidth = isSelected(chip) ? stroke : 1;
    context.beginPath();
    context.roundRect(x - 3, row.y + 1.5, width, height, 4);
    context.stroke();
    mark(context, chip, x, middleY, size, look);
    context.fillStyle = colours.ink;
    const digits = chip.vector.toString(16).padStart(2, "0");
    context.fillText(digits, x + size + letters * 0.22, middleY);
    context.fillStyle = colours.irr;
    if (chip.times > 1) context.fillText(`×${short(chip.times)}`, x + size + letters * 1.5, middleY);
    boxes.push({ x: x - 3, y: row.y, width, height: row.height, vector: chip.vector });
    x += width + 3;
  }
  return boxes;
}

/** The gate that something waits at: a bar across the shelf's end, with its name where there is room. @param {Context} context @param {string} gate @param {Box} row @param {Look} look @returns {number} what it takes */
function paintGate(context, gate, row, { colours, font, sans }) {
  if (gate === "") return 0;
  const words = vocabulary().gates[gate] ?? "";
  const size = Math.min(font * 0.9, row.height * 0.8);
  context.font = `${size}px ${sans}`;
  const named = row.width > font * 8;
  const width = named ? context.measureText(words).width + 10 : 5;
  const x = row.x + row.width - width;
  context.fillStyle = colours.ink;
  context.fillRect(x, row.y + 2, 3, row.height - 4);
  context.textAlign = "left";
  if (named) context.fillText(words, x + 6, row.y + row.height / 2);
  return width + 2;
}

/** @param {Context} context @param {Half} half @param {Box} box @param {number} head @param {boolean} brief the number alone @param {Look} look @returns {Box} what is left between name and sign */
function paintHead(context, { cpu, name, lamps }, box, head, brief, { colours, font, sans }) {
  const y = box.y + head / 2;
  const inner = box.x + font * 0.5;
  context.fillStyle = colours.ink;
  context.font = `650 ${font * 1.05}px ${sans}`;
  context.textAlign = "left";
  const scale = (font * 1.35) / 20;
  const right = box.x + box.width - font * 0.5 - 20 * scale;
  const called = !brief && inner + context.measureText(name).width < right ? name : String(cpu.cpu);
  context.fillText(called, inner, y);
  const after = inner + context.measureText(called).width + font * 0.5;
  context.save();
  context.translate(right, y - 8 * scale);
  context.scale(scale, scale);
  context.fill(barrierOf(cpu.window), "evenodd");
  context.restore();
  const rest = { x: after, y: box.y, width: right - after - font * 0.2, height: head };
  const [lamp] = lamps;
  if (!lamp) return rest;
  context.font = `600 ${font * 0.9}px ${sans}`;
  context.fillStyle = colours.irr;
  if (after + context.measureText(lamp).width < right) context.fillText(lamp, after, y);
  return { ...rest, width: 0 };
}

/** What PPR holds back lies under water. @param {Context} context @param {Half} half @param {Box} box @param {ReturnType<typeof partsOf>} parts @param {number[]} shelves @param {Look} look */
function paintWater(context, { water, ppr }, box, parts, shelves, { colours, font, mono, stroke }) {
  if (water === 0) return;
  const under = shelves.findIndex((shelf) => shelf <= water);
  const y = parts.top + (under < 0 ? shelves.length : under) * parts.shelf;
  context.fillStyle = colours.water;
  context.fillRect(box.x + 1, y, box.width - 2, parts.bottom - y);
  context.fillStyle = colours.isr;
  context.fillRect(box.x + 1, y - stroke / 2, box.width - 2, stroke);
  if (parts.bottom - (parts.top + shelves.length * parts.shelf) < font * 1.2) return;
  context.font = `700 ${font * 0.88}px ${mono}`;
  context.textAlign = "right";
  context.fillText(ppr, box.x + box.width - font * 0.5, parts.bottom - font * 0.7);
}

/** @param {Context} context @param {Half} half @param {Box} box @param {number} height @param {Look} look */
function paintFoot(context, { cpu, foot }, box, height, { colours, font, mono, sans }) {
  const runs = cpu.call_stack.length > 0;
  const size = font * 0.9;
  context.font = `${size}px ${runs ? mono : sans}`;
  context.textAlign = "left";
  const overridden = cpu.in_host || cpu.call_stack.at(-1)?.overridden === true;
  const [x, y] = [box.x + font * (overridden ? 0.9 : 0.5), box.y + box.height - height / 2 - 1];
  context.fillStyle = colours.cost;
  if (overridden) context.fillRect(box.x + font * 0.35, y - size / 2, 3, size);
  context.fillStyle = overridden ? colours["cost-ink"] : runs ? colours.ink : colours.dim;
  const letters = Math.floor((box.width - font * 1.2) / (size * (runs ? 0.61 : 0.5)));
  const short = foot.length > letters ? `${foot.slice(0, Math.max(1, letters - 1))}…` : foot;
  context.fillText(runs ? middle(foot, letters) : short, x, y);
}

/** @param {Context} context @param {Half} half @param {Box} box @param {Picture} picture @param {Look} look @returns {ChipBox[]} */
function paintWell(context, half, box, picture, look) {
  const { cpu } = half;
  const { shelves, vector } = picture;
  const { colours, font, mono } = look;
  const parts = partsOf(box, font, shelves.length);
  context.fillStyle = colours.panel;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 5);
  context.fill();
  context.stroke();
  const heat = heatOf(picture.rates[cpu.cpu] ?? 0);
  const faint = context.globalAlpha;
  if (heat > 0) {
    context.fillStyle = colours.isr;
    context.globalAlpha = faint * (0.06 + 0.22 * heat);
    context.fillRect(box.x + 1, box.y + 1, box.width - 2, parts.head - 2);
    context.globalAlpha = faint;
  }
  context.textBaseline = "middle";
  const brief = shelves.length > 0 && parts.shelf < font * LOWEST;
  const rest = paintHead(context, half, box, brief ? box.height : parts.head, brief, look);
  const isSelected = (/** @type {Chip} */ chip) => vector?.cpu === cpu.cpu && vector.vector === chip.vector;
  const named = (/** @type {ReturnType<typeof paintChips>} */ boxes) =>
    boxes.map((one) => ({ ...one, cpu: cpu.cpu }));
  // Without room for shelves the chips lie in the head, as far as they go.
  if (brief) return named(rest.width > 0 ? paintChips(context, half.chips, rest, isSelected, look) : []);
  paintWater(context, half, box, parts, shelves, look);
  const lying = byShelf(half.chips);
  const boxes = shelves.flatMap((shelf, at) => {
    const row = {
      x: box.x + font * 1.5,
      y: parts.top + at * parts.shelf,
      width: box.width - font * 1.9,
      height: parts.shelf,
    };
    context.fillStyle = colours.line;
    context.fillRect(box.x + 1, row.y, box.width - 2, 1);
    const chips = lying.get(shelf) ?? [];
    context.fillStyle = chips.length > 0 ? colours.ink : colours.dim;
    context.font = `${Math.min(font * 0.9, row.height * 0.85)}px ${mono}`;
    context.textAlign = "left";
    context.fillText(shelf.toString(16).toUpperCase(), box.x + font * 0.4, row.y + row.height / 2);
    const gate = chips.find((chip) => chip.gate !== "")?.gate ?? "";
    const left = row.width - paintGate(context, gate, row, look);
    return paintChips(context, chips, { ...row, width: left }, isSelected, look);
  });
  if (parts.foot > 0) paintFoot(context, half, box, parts.foot, look);
  return named(boxes);
}

/** @param {Context} context @param {Picture} picture @param {Look} look @returns {ChipBox[]} where chips lie */
export function paintHalfWells(context, picture, look) {
  const boxes = picture.halves.flatMap((half) => {
    const { x, y, width, height } = boxOf(picture.layout, half.cpu.cpu);
    const box = { x: x + GAP, y: y + GAP, width: width - 2 * GAP, height: height - 2 * GAP };
    context.globalAlpha = picture.found && !picture.found.has(half.cpu.cpu) ? FAINT : 1;
    return paintWell(context, half, box, picture, look);
  });
  context.globalAlpha = 1;
  paintTraffic(context, picture, look);
  return boxes;
}
