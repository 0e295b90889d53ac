/**
 * The stage: the CPUs as wells, the bus under them with its messages, and the tray of what ended otherwise than by acceptance.
 * All of it is a function of the moment that is shown.
 */

import { find, setClass } from "../dom.js";
import { comingTo } from "../stage/chips.js";
import { createBits } from "./bits.js";
import { createBus } from "./bus.js";
import { createMosaic } from "./mosaic.js";
import { createTray } from "./tray.js";
import { createWells } from "./wells.js";

/** From this many CPUs on all of them are one drawing, and some are open as wells beside it. */
const DRAWN_FROM = 9;

/**
 * @param {object} parts
 * @param {import("../commands.js").Send} parts.send
 * @param {(cpu: number) => void} parts.select
 * @param {(cpu: number, vector: number) => void} parts.selectVector
 * @param {import("./lens.js").Lens} parts.lens
 * @param {{ matches: boolean }} parts.stillness prefers-reduced-motion
 * @param {() => void} parts.ask for a frame
 */
export function createStage({ send, select, selectVector, lens, stillness, ask }) {
  const machine = find(document, "#machine");
  const many = Number(machine.dataset.cpus) >= DRAWN_FROM;
  const mosaic = many ? createMosaic(machine, { select, selectVector }, lens, ask) : null;
  const keep = (/** @type {number} */ cpu) => mosaic?.pins.toggle(cpu);
  const wells = createWells(machine, { send, select, selectVector, keep }, lens, ask);
  const bits = createBits(lens);
  const bus = createBus(stillness, ask);
  const tray = createTray(select, selectVector);
  let asBits = false;
  setClass(machine, "as-mosaic", many);

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether something moves */
  const draw = (model, now) => {
    const { state, selected } = model;
    if (!state) return false;
    setClass(machine, "replays", state.recording !== null);
    mosaic?.draw(model, state, now);
    const open = mosaic?.pins.open(selected) ?? state.cpus.map((cpu) => cpu.cpu);
    wells.draw(model, state, open, mosaic?.pins.all() ?? [], asBits, now);
    const cpu = state.cpus[selected];
    if (cpu) bits(cpu, comingTo(state).get(selected) ?? []);
    tray.draw(state.endings);
    return mosaic ? false : bus(model, now);
  };

  return {
    draw,
    /** Keeps a CPU's well open beside many CPUs, or no more; where all are open it does nothing. @param {number} cpu */
    keep,
    /** @param {number} cpu */
    keeps: (cpu) => mosaic?.pins.all().includes(cpu) ?? false,
    /** Where a CPU stands in the window: its place in the drawing where there are many, its well's else; null where it is not drawn. @param {number} cpu */
    boxOf: (cpu) => (mosaic ?? wells).boxOf(cpu),
    /** The CPU whose well, or place in the drawing, lies at a place of the window, or null. @param {number} clientX @param {number} clientY */
    cpuAt: (clientX, clientY) => wells.cpuAt(clientX, clientY) ?? mosaic?.cpuAt(clientX, clientY) ?? null,
    actions: {
      bits: () => {
        asBits = !asBits;
        ask();
      },
      dismiss: tray.dismissAll,
    },
  };
}
