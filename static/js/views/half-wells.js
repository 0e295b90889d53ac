/** Nine to 32 CPUs as half-wells: what is drawn of each, and which shelves stand there. */

import { prioritiesOf } from "../event-channels.js";
import { classOf } from "../fields.js";
import { chipsOf, comingTo, signalsTo } from "../stage/chips.js";
import { paintHalfWells } from "../stage/half-wells-paint.js";
import { say } from "../vocabulary.js";
import { createTall, usedClasses } from "./tall.js";
import { lampsOf } from "./well-head.js";

/** @typedef {import("../state-types.js").State} State */
/** @typedef {import("../stage/half-wells-paint.js").ChipBox} ChipBox */

/** @param {State} state @returns {import("../stage/half-wells-paint.js").Half[]} */
function halvesOf(state) {
  const [coming, signals] = [comingTo(state), signalsTo(state)];
  return state.cpus.map((cpu) => {
    const { ppr } = prioritiesOf(cpu);
    const inner = cpu.call_stack.at(-1);
    return {
      cpu,
      chips: chipsOf(cpu, coming.get(cpu.cpu) ?? []),
      lamps: lampsOf(cpu, (signals.get(cpu.cpu) ?? []).join("\n")).map(({ words }) => words),
      water: classOf(Number(ppr)),
      name: say("cpu", { cpu: cpu.cpu }),
      ppr: say("water_line", { ppr: ppr.slice(2) }),
      foot: inner ? `${inner.function}()` : cpu.activity,
    };
  });
}

/** @param {() => void} ask for a frame */
export function createHalves(ask) {
  const tallOf = createTall(ask);
  /** @type {ChipBox[]} */
  let lying = [];
  return {
    /** The classes in use, as one text that changes when they do. @param {State} state @param {number} now */
    shelves: (state, now) =>
      tallOf(usedClasses(state.cpus, comingTo(state)), now)
        .flatMap((tall, at) => (tall ? [at] : []))
        .reverse()
        .join(" "),
    /** @param {CanvasRenderingContext2D} context @param {State} state @param {string} shelves @param {Omit<import("../stage/half-wells-paint.js").Picture, "halves" | "shelves">} picture @param {import("../score/look.js").Look} look */
    paint(context, state, shelves, picture, look) {
      const classes = shelves === "" ? [] : shelves.split(" ").map(Number);
      lying = paintHalfWells(context, { ...picture, halves: halvesOf(state), shelves: classes }, look);
    },
    /** The chip that lies there, or null. @param {number} x @param {number} y */
    chipAt: (x, y) =>
      lying.find((one) => x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height) ??
      null,
    forget: () => {
      lying = [];
    },
  };
}
