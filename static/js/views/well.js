/** One CPU as a well: sixteen shelves with chips on them, the lines of its priorities, its interrupt flag, and what it does. */

import { bitmapOf } from "../bitmap.js";
import {
  copyOf,
  element,
  find,
  reusedList,
  setAttribute,
  setClass,
  setHidden,
  setStyle,
  setText,
} from "../dom.js";
import { bitsOf, prioritiesOf } from "../event-channels.js";
import { classOf } from "../fields.js";
import { chipsOf } from "../stage/chips.js";
import { linesOf, rowsOf } from "../stage/shelves.js";
import { say, vocabulary } from "../vocabulary.js";
import { middle } from "../words.js";
import { createMatrix } from "./matrix.js";
import { createHead } from "./well-head.js";
import { createShelves } from "./well-shelves.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */

/**
 * All that a well shows; it is drawn again only when one of these is another.
 *
 * @typedef {object} Sight
 * @property {CpuState} cpu
 * @property {string} coming vectors on their way here, as text
 * @property {string} signals what else is on its way here, as text
 * @property {boolean} selected
 * @property {number | null} vector the one that is selected here
 * @property {boolean} detailed there is room for registers
 * @property {boolean[]} tall
 * @property {number} room a shelf's, in the letters' size
 * @property {boolean} kept somebody keeps it open beside many CPUs
 * @property {boolean} bits shows single bits and not shelves
 * @property {(vector: number) => string} nameOf
 *
 * @typedef {object} Acts what a press does
 * @property {import("../commands.js").Send} send
 * @property {(cpu: number) => void} select
 * @property {(cpu: number, vector: number) => void} selectVector
 * @property {(cpu: number) => void} keep keeps a well open beside many CPUs, or no more
 */

/** How far apart letters of one width stand, in their size. */
const LETTER = 0.6;
/** What the foot has more room for than a shelf, in the letters' size: the letter before it and the gate behind it. */
const BESIDE = 4.5;

/** @param {HTMLElement} well */
function createLines(well) {
  const water = find(well, ".water");
  const task = find(well, ".task-line");
  const waterName = find(water, ".line-name");
  const taskName = find(task, ".line-name");
  /** @param {CpuState} cpu @param {number} count */
  return (cpu, count) => {
    const { ppr, tpr } = prioritiesOf(cpu);
    const lines = linesOf(classOf(Number(ppr)), classOf(Number(tpr)), count);
    setHidden(water, lines.water === null);
    setHidden(task, lines.task === null);
    setClass(water, "task", lines.same);
    if (lines.water !== null) setStyle(water, "grid-row", `${lines.water} / -1`);
    if (lines.task !== null) setStyle(task, "grid-row", `${lines.task} / -1`);
    setText(waterName, say(lines.same ? "both_lines" : "water_line", { ppr: ppr.slice(2) }));
    setText(taskName, say("task_line", { tpr: tpr.slice(2) }));
    return lines.water;
  };
}

/** @param {HTMLElement} well */
function createFoot(well) {
  const [first, second] = ["function", "now"].map((part) => find(well, `.well-${part}`));
  /** @param {CpuState} cpu @param {number} room */
  return (cpu, room) => {
    if (!first || !second) return;
    const inner = cpu.call_stack.at(-1);
    const letters = Math.floor((room + BESIDE) / LETTER);
    setText(first, inner ? middle(`${inner.function}()`, letters) : cpu.activity);
    setAttribute(first, "title", inner ? inner.function : cpu.activity);
    setClass(first, "idle", !inner);
    setClass(first, "in-host", !inner && cpu.in_host);
    setClass(first, "overridden", inner?.overridden === true);
    const waits = cpu.waits?.words ?? (cpu.step ? "" : (cpu.why[0]?.text ?? ""));
    const doing = waits || (inner ? (cpu.step?.words ?? cpu.activity) : "");
    setText(second, doing);
    setAttribute(second, "title", doing);
    setClass(second, "waits", waits !== "");
    setClass(second, "in-host", doing !== "" && cpu.step?.side === "host");
  };
}

/**
 * What the shelves hang on, in a few words: what a guest without an APIC shares with its hypervisor; of an APIC some registers,
 * where there is room for them.
 *
 * @param {CpuState} cpu
 * @param {boolean} detailed
 * @returns {[string, string][]} names and values
 */
function wordsOf(cpu, detailed) {
  const { event_channels: channels } = cpu;
  if (channels)
    return channels.rows.filter((row) => row.short !== "").map((row) => [row.short, row.short_value]);
  if (!detailed) return [];
  return vocabulary().card_registers.map((name) => {
    const key = /** @type {import("../protocol.js").RegisterKey} */ (name.toLowerCase());
    return [name, key === "icr" ? cpu.icr_fields.short : cpu[key].slice(2)];
  });
}

/** @param {HTMLElement} list */
function createWords(list) {
  const write = reusedList(
    list,
    () => {
      const row = element("div");
      row.append(element("dt"), element("dd", "mono"));
      return row;
    },
    (row, /** @type {[string, string]} */ [name, value]) => {
      setText(/** @type {HTMLElement} */ (row.firstElementChild), name);
      setText(/** @type {HTMLElement} */ (row.lastElementChild), value);
    },
  );
  /** @param {CpuState} cpu @param {boolean} detailed */
  return (cpu, detailed) => {
    const words = wordsOf(cpu, detailed);
    setHidden(list, words.length === 0);
    write(words);
  };
}

/**
 * @param {number} index
 * @param {Acts} acts
 */
export function createWell(index, acts) {
  const well = copyOf("well-template");
  well.dataset.cpu = String(index);
  well.addEventListener("click", () => acts.select(index));
  const head = createHead(well, index, acts);
  const grid = find(well, ".shelves");
  const overlay = find(well, ".lines");
  const shelves = createShelves(grid, index, (vector) => acts.selectVector(index, vector));
  const lines = createLines(well);
  const foot = createFoot(well);
  const words = createWords(find(well, ".well-words"));
  const place = find(well, ".well-bits");
  /** @type {ReturnType<typeof createMatrix> | null} */
  let matrix = null;

  /** @param {Sight} sight */
  const drawBits = ({ cpu, coming, bits }) => {
    setHidden(place, !bits);
    setClass(well, "as-bits", bits);
    if (!bits) return;
    if (!matrix) {
      matrix = createMatrix();
      place.append(matrix.svg);
    }
    const { ppr, tpr } = prioritiesOf(cpu);
    matrix.draw(bitsOf(cpu, bitmapOf(vectorsOf(coming))), ppr, tpr, cpu.repeated);
  };

  return {
    element: well,
    shelves,
    place,
    /** @param {Sight} sight @param {number} now */
    draw(sight, now) {
      const { cpu, selected, tall } = sight;
      head(cpu, selected, sight.signals, sight.kept);
      const rows = rowsOf(tall);
      setStyle(grid, "grid-template-rows", rows);
      setStyle(overlay, "grid-template-rows", rows);
      setStyle(well, "--used", String(tall.filter(Boolean).length));
      const water = lines(cpu, tall.length);
      shelves.draw(sight, chipsOf(cpu, vectorsOf(sight.coming)), water, now);
      words(cpu, sight.detailed);
      drawBits(sight);
      foot(cpu, sight.room);
      const told = { ...cpu.register_words, cpu: index, activity: cpu.activity };
      const apic = cpu.event_channels === null;
      setAttribute(well, "aria-label", say(apic ? "cpu_now" : "cpu_now_without_apic", told));
      setClass(well, "selected", selected);
      const tabIndex = selected ? 0 : -1;
      if (grid.tabIndex !== tabIndex) grid.tabIndex = tabIndex;
      setClass(well, "in-host", cpu.in_host);
    },
  };
}

/** Vectors on their way, from the text that tells them apart. @param {string} coming */
export const vectorsOf = (coming) => (coming === "" ? [] : coming.split(" ").map(Number));

/** @typedef {ReturnType<typeof createWell>} Well */
