/** The guest's call stack down to the register, with the seam where a back end took over, and the step under way. */

import { element, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { say } from "../vocabulary.js";
import { grouped, halves } from "../words.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {{ kind: "frame" | "overridden" | "boundary" | "seam" | "step", words: string, cycles?: string, host?: boolean }} Line */

/**
 * The lines to show: the call stack from the outermost function inwards, a boundary where a handler has interrupted what stands
 * above it, a seam after the first overridden one, the step last.
 *
 * @param {CpuState} cpu
 * @param {string} backend
 * @returns {Line[]}
 */
export function pathLines(cpu, backend) {
  /** @type {Line[]} */
  const lines = [];
  let crossed = false;
  for (const frame of cpu.call_stack) {
    if (frame.interrupts) {
      lines.push({ kind: "boundary", words: say("interrupted_by", { cause: frame.interrupts }) });
      crossed = false; // the handler goes its own way down
    }
    lines.push({ kind: frame.overridden ? "overridden" : "frame", words: `${frame.function}()` });
    // What the back end calls in turn is its own matter: there is one seam.
    if (frame.overridden && !crossed) lines.push({ kind: "seam", words: say("overridden", { backend }) });
    crossed ||= frame.overridden;
  }
  if (cpu.step) {
    const { words, cycles, side } = cpu.step;
    const host = side === "host";
    if (host && !crossed) lines.push({ kind: "seam", words: say("trapped") });
    lines.push({ kind: "step", words, cycles: cycles > 0 ? `${grouped(cycles)} cy` : "", host });
  }
  return lines;
}

/** @param {HTMLElement} list */
export function createPath(list) {
  const write = reusedList(
    list,
    () => {
      const item = element("li");
      const words = element("span", "words");
      words.append(element("span"), element("span"));
      item.append(words, element("span", "cycles"));
      return item;
    },
    (item, /** @type {Line} */ line) => {
      setAttribute(item, "class", `${line.kind}${line.host ? " host" : ""}`);
      const words = /** @type {HTMLElement} */ (item.firstElementChild);
      const named = line.kind === "frame" || line.kind === "overridden";
      setClass(words, "long-name", named);
      setAttribute(words, "title", named ? line.words : null);
      const [start, end] = named ? halves(line.words) : [line.words, ""];
      setText(/** @type {HTMLElement} */ (words.firstElementChild), start);
      setText(/** @type {HTMLElement} */ (words.lastElementChild), end);
      setText(/** @type {HTMLElement} */ (item.lastElementChild), line.cycles ?? "");
    },
  );
  /** @param {CpuState} cpu @param {string} backend */
  return (cpu, backend) => {
    const lines = pathLines(cpu, backend);
    write(lines);
    return lines.length;
  };
}
