/**
 * The stage: the CPUs as wells, the bus under them with its messages, and the tray of what ended otherwise than by acceptance.
 * All of it is a function of the moment that is shown.
 */

import { find, setAttribute, setClass } from "../dom.js";
import { comingTo } from "../stage/chips.js";
import { createBits } from "./bits.js";
import { createBus } from "./bus.js";
import { createMosaic } from "./mosaic.js";
import { createTray } from "./tray.js";
import { createWells } from "./wells.js";

/** From this many CPUs on they are tiles. */
const MOSAIC_FROM = 33;

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
  const wells = createWells(machine, { send, select, selectVector }, lens, ask);
  const mosaic = createMosaic(machine, select, lens, ask);
  const bits = createBits(lens);
  const bus = createBus(stillness, ask);
  const tray = createTray(select, selectVector);
  let asBits = false;
  const areTiles = () => Number(machine.dataset.cpus) >= MOSAIC_FROM;

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether something moves */
  const draw = (model, now) => {
    const { state, selected } = model;
    if (!state) return false;
    setClass(machine, "replays", state.recording !== null);
    const many = state.cpus.length >= MOSAIC_FROM;
    setAttribute(machine, "data-cpus", String(state.cpus.length));
    setClass(machine, "as-mosaic", many);
    if (many) mosaic.draw(model, state, now);
    wells.draw(
      model,
      state,
      many ? mosaic.pins.open(selected) : state.cpus.map((cpu) => cpu.cpu),
      asBits,
      now,
    );
    const cpu = state.cpus[selected];
    if (cpu) bits(cpu, comingTo(state).get(selected) ?? []);
    tray.draw(state.endings);
    return many ? false : bus(model, now);
  };

  return {
    draw,
    /** Where a CPU stands in the window: its tile's box where CPUs are tiles, its well's else; null where it is not drawn. @param {number} cpu */
    boxOf: (cpu) => (areTiles() ? mosaic.boxOf(cpu) : wells.boxOf(cpu)),
    /** The CPU whose well or tile lies at a place of the window, or null. @param {number} clientX @param {number} clientY */
    cpuAt: (clientX, clientY) =>
      wells.cpuAt(clientX, clientY) ?? (areTiles() ? mosaic.cpuAt(clientX, clientY) : null),
    actions: {
      bits: () => {
        asBits = !asBits;
        ask();
      },
      dismiss: tray.dismissAll,
    },
  };
}
