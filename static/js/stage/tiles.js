/**
 * Many CPUs as a mosaic: a tile for each, sixteen in a row, which is an x2APIC cluster. What a tile shows and where it lies, as
 * values.
 *
 * @typedef {import("../state-types.js").CpuState} CpuState
 * @typedef {"absent" | "handler" | "waits" | "closed" | "runs" | "idle"} TileKind the shape of a tile
 * @typedef {{ kind: TileKind, gate: string, waits: boolean, fill: number }} Tile `fill`: PPR's class, as a share of the highest
 *
 * @typedef {object} Layout all in CSS pixels
 * @property {number} columns
 * @property {number} rows
 * @property {number} left
 * @property {number} top
 * @property {number} width of a tile with the space around it
 * @property {number} height
 * @property {number} count
 * @property {boolean} wordy there is room for words at the end of a row
 */

import { prioritiesOf } from "../event-channels.js";
import { classOf, noneOfEachClass } from "../fields.js";

/** So many CPUs have one x2APIC cluster, and one row. */
export const CLUSTER = 16;

/** @param {CpuState} cpu @returns {Tile} */
export function tileOf(cpu) {
  const { ppr } = prioritiesOf(cpu);
  const fill = classOf(Number(ppr)) / (noneOfEachClass().length - 1);
  const gate = cpu.why.find((why) => why.gate !== "")?.gate ?? "";
  return { kind: kindOf(cpu, gate), gate, waits: gate !== "", fill };
}

/** @param {CpuState} cpu @param {string} gate @returns {TileKind} */
function kindOf(cpu, gate) {
  const off = cpu.event_channels === null && cpu.apic_mode === "disabled";
  if (off || cpu.run_state === "wait_for_sipi") return "absent";
  if (cpu.handlers.length > 0 || cpu.in_service.length > 0) return "handler";
  if (gate !== "") return "waits";
  if (cpu.window !== "open") return "closed";
  return cpu.run_state === "running" && cpu.call_stack.length > 0 ? "runs" : "idle";
}

/**
 * CPUs that look alike, the busiest kinds first; those that wait also by the gate that they wait at.
 *
 * @param {Tile[]} tiles
 * @returns {{ kind: TileKind, gate: string, cpus: number[] }[]}
 */
export function censusOf(tiles) {
  const kinds = /** @type {TileKind[]} */ (["handler", "waits", "closed", "runs", "absent", "idle"]);
  return kinds.flatMap((kind) => {
    const cpus = tiles.flatMap((tile, cpu) => (tile.kind === kind ? [cpu] : []));
    const gates = kind === "waits" ? [...new Set(cpus.map((cpu) => tiles[cpu]?.gate ?? ""))] : [];
    return [
      { kind, gate: "", cpus },
      ...gates.map((gate) => ({ kind, gate, cpus: cpus.filter((cpu) => tiles[cpu]?.gate === gate) })),
    ];
  });
}

/** So many interrupts of late make a tile as bright as it gets. */
const HOT = 8;

/** How bright a tile is, 0 to 1: few interrupts must be told from none, many from more. @param {number} rate interrupts taken of late */
export const heatOf = (rate) => Math.min(1, rate / HOT) ** 0.6;

/**
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} letters the size of the names beside rows and above columns
 * @returns {Layout}
 */
export function layoutOf(count, width, height, letters) {
  const rows = Math.ceil(count / CLUSTER);
  const left = letters * 3.9;
  const top = letters * 1.8;
  const wordy = width > letters * 48;
  const wide = (width - left - letters * (wordy ? 9.5 : 3)) / CLUSTER;
  const side = Math.min(wide, (height - top) / rows);
  return {
    ...{ columns: CLUSTER, rows, left, top, count, wordy },
    width: Math.max(4, Math.min(wide, side * 2)),
    height: Math.max(4, Math.min((height - top - 2) / rows, side * 1.5)),
  };
}

/** Up to so many CPUs are half-wells, and not tiles. */
export const HALVES_TO = 32;

/**
 * The same for CPUs of which there are few enough to draw them as half-wells: four in a row, or eight.
 *
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} letters
 * @returns {Layout}
 */
export function halvesLayoutOf(count, width, height, letters) {
  const low = height / Math.ceil(count / 4) < letters * 8;
  const columns = count > 8 && low && width > letters * 30 ? 8 : 4;
  const rows = Math.ceil(count / columns);
  const size = { width: width / columns, height: Math.min(height / rows, letters * 18) };
  return { ...{ columns, rows, left: 0, top: 0, count, wordy: false }, ...size };
}

/** The middle of a tile. @param {Layout} layout @param {number} cpu */
export const middleOf = (layout, cpu) => ({
  x: layout.left + ((cpu % layout.columns) + 0.5) * layout.width,
  y: layout.top + (Math.floor(cpu / layout.columns) + 0.5) * layout.height,
});

/** Where a tile lies, with the space around it. @param {Layout} layout @param {number} cpu */
export function boxOf(layout, cpu) {
  const { x, y } = middleOf(layout, cpu);
  return { x: x - layout.width / 2, y: y - layout.height / 2, width: layout.width, height: layout.height };
}

/** The CPU whose tile lies there, or null. @param {Layout} layout @param {number} x @param {number} y */
export function cpuAt(layout, x, y) {
  const column = Math.floor((x - layout.left) / layout.width);
  const row = Math.floor((y - layout.top) / layout.height);
  if (column < 0 || column >= layout.columns || row < 0) return null;
  const cpu = row * layout.columns + column;
  return cpu < layout.count ? cpu : null;
}

/** Where a key leads, or null. @param {string} key @param {number} from @param {{ count: number, columns: number }} layout */
export function tileAt(key, from, { count, columns }) {
  const column = from % columns;
  const steps = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -column,
    End: columns - 1 - column,
  });
  const step = steps[key];
  if (step === undefined) return null;
  const to = from + step;
  if (key === "End") return Math.min(count - 1, to);
  return to < 0 || to >= count ? from : to;
}
