/** One CPU of many as a rung: sixteen classes side by side, class 0 left and F right, with the marks of the full picture. */

import { classCounts, highest, lowest } from "../bitmap.js";
import { copyOf, drawn, find, setAttribute, setClass, setText } from "../dom.js";
import { prioritiesOf } from "../event-channels.js";
import { classOf } from "../fields.js";
import { waitingOf } from "../protocol.js";
import { say } from "../vocabulary.js";
import { hex } from "../words.js";
import { createEnded, createHead } from "./card.js";

const STEP = 16;
const LEFT = 2;

/** @param {number} priority */
function makeClass(priority) {
  const x = LEFT + priority * STEP;
  const serving = drawn("rect", { class: "serving", x: x + 1.5, y: 3.5, width: 13, height: 13, rx: 2 });
  const requested = drawn("path", { class: "requested", d: `M${x + 8},4.6l5.4,5.4l-5.4,5.4l-5.4,-5.4z` });
  return { serving, requested };
}

/** @param {Element} svg */
function createBar(svg) {
  const water = drawn("rect", { class: "water", x: LEFT, y: 0, width: 0, height: 20 });
  const line = drawn("line", { class: "water-line", y1: 0, y2: 20 });
  const idle = drawn("path", {
    class: "idle",
    d: Array.from({ length: 16 }, (_, n) => `M${LEFT + n * STEP + 6.2},8.2h3.6v3.6h-3.6z`).join(""),
  });
  const classes = Array.from({ length: 16 }, (_, priority) => makeClass(priority));
  svg.append(water, idle, line, ...classes.flatMap((one) => [one.serving, one.requested]));
  /** @param {import("../state-types.js").CpuState} cpu */
  return (cpu) => {
    const requested = classCounts(waitingOf(cpu));
    const serving = classCounts(cpu.isr);
    classes.forEach((one, priority) => {
      setClass(one.requested, "on", (requested[priority] ?? 0) > 0);
      setClass(one.serving, "on", (serving[priority] ?? 0) > 0);
    });
    const blocked = classOf(Number(prioritiesOf(cpu).ppr));
    const edge = LEFT + (blocked + 1) * STEP;
    setAttribute(water, "width", String(blocked === 0 ? 0 : edge - LEFT));
    setAttribute(line, "display", blocked === 0 ? "none" : null);
    setAttribute(line, "x1", String(edge));
    setAttribute(line, "x2", String(edge));
  };
}

/**
 * @param {number} index
 * @param {import("../commands.js").Send} send
 * @param {(cpu: number) => void} select
 * @param {(cpu: number) => void} dismiss clears away what ended at a CPU
 */
export function createRung(index, send, select, dismiss) {
  const card = copyOf("ladder-template");
  const svg = card.querySelector(".ladder");
  if (!svg) throw new Error("the page has no .ladder");
  const head = createHead(card, index, send, select);
  const bar = createBar(svg);
  const ended = createEnded(card, () => dismiss(index));
  const requested = find(card, ".rung-requested");
  const serving = find(card, ".rung-serving");

  return {
    element: card,
    place: null,
    /**
     * @param {import("../state-types.js").CpuState} cpu
     * @param {string} _coming
     * @param {boolean} selected
     * @param {string} _backend
     * @param {import("../endings.js").Ending | null} ending
     */
    draw(cpu, _coming, selected, _backend, ending) {
      ended(ending);
      head(cpu, selected);
      bar(cpu);
      const next = cpu.event_channels ? lowest(waitingOf(cpu)) : highest(waitingOf(cpu));
      const top = cpu.event_channels ? cpu.handlers.at(-1)?.vector : cpu.in_service.at(-1);
      setText(requested, next === null ? "" : hex(next));
      setText(serving, top === undefined || top === null ? "" : hex(top));
      const doing = cpu.waits?.words ?? cpu.activity;
      setAttribute(card, "aria-label", `${say("cpu", { cpu: index })}: ${doing}`);
      setAttribute(card, "title", doing);
    },
  };
}
