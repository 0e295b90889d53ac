/** A well's head: which CPU, its APIC, whether interrupts come in and who keeps them out, and signals that have no shelf. */

import { element, find, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {{ words: string, kind: "pending" | "running" | "coming" }} Lamp */

/** Interrupts come in: the arm is up. They do not: it is down. A person holds them off: a padlock. In 20 × 16. */
const SHAPES = {
  up: "M2 15v-7h3.6v7zM4.2 6.4L16.6.6l1.3 2.8L5.5 9.2z",
  down: "M2 15V4h3.6v11zM5.6 4.8h13.6v5H5.6zM7.8 6.1l-1.1 2.4h2.1l1.1-2.4zM12 6.1l-1.1 2.4H13l1.1-2.4zM16.2 6.1l-1.1 2.4h2.1l.9-2v-.4z",
  locked: "M5 7V5.2a4.6 4.6 0 0 1 9.2 0V7h1.6v8.2H3.4V7zm2.3 0h4.6V5.2a2.3 2.3 0 0 0-4.6 0z",
};

/** @param {CpuState} cpu */
export function shapeOf(cpu) {
  if (cpu.window === "open") return SHAPES.up;
  return cpu.window === "held" ? SHAPES.locked : SHAPES.down;
}

/** What has no vector and so lies on no shelf. @param {CpuState} cpu @param {string} signals @returns {Lamp[]} */
function lampsOf(cpu, signals) {
  const { faces } = vocabulary();
  const pending = { nmi: cpu.nmi_pending, smi: cpu.smi_pending, init: cpu.init_pending };
  const running = cpu.handlers.filter(({ vector }) => vector === null).map(({ name }) => name);
  return [
    ...Object.entries(pending)
      .filter(([, on]) => on)
      .map(([signal]) => ({ words: faces[signal] ?? "", kind: /** @type {const} */ ("pending") })),
    ...[...running, ...(cpu.in_smm ? [say("in_smm")] : [])].map((words) => ({
      words,
      kind: /** @type {const} */ ("running"),
    })),
    ...(signals === "" ? [] : signals.split("\n")).map((words) => ({
      words,
      kind: /** @type {const} */ ("coming"),
    })),
  ];
}

/** @param {CpuState} cpu */
function apicWords(cpu) {
  if (cpu.event_channels) return say("no_apic");
  if (cpu.apic_mode === "disabled") return say("apic_off");
  return say("apic", { id: cpu.apic_id.toString(16).padStart(2, "0") });
}

/** @param {HTMLElement} well @param {number} index @param {import("../commands.js").Send} send */
function createBarrier(well, index, send) {
  const barrier = find(well, ".barrier");
  const shape = /** @type {SVGPathElement} */ (barrier.querySelector("path"));
  const flag = find(barrier, ".barrier-flag");
  const who = find(well, ".well-closed");
  barrier.setAttribute("aria-label", say("switch", { cpu: index }));
  barrier.addEventListener("click", () => {
    send({
      type: "set_interrupt_flag",
      cpu: index,
      enabled: barrier.getAttribute("aria-checked") !== "true",
    });
  });
  /** @param {CpuState} cpu */
  return (cpu) => {
    // A press holds interrupts off, or lets go; what is drawn also follows the gate, STI, CLI and IRET.
    const says = vocabulary().windows[cpu.window] ?? "";
    setAttribute(shape, "d", shapeOf(cpu));
    setAttribute(barrier, "aria-checked", String(cpu.window !== "held"));
    setAttribute(barrier, "data-window", cpu.window);
    setAttribute(barrier, "aria-description", says);
    setAttribute(barrier, "data-says", says);
    const value = cpu.interrupt_flag ? 1 : 0;
    setText(flag, cpu.event_channels ? say("upcall_flag", { value: 1 - value }) : say("flag", { value }));
    setText(who, vocabulary().holders[cpu.window] ?? "");
  };
}

/** @param {HTMLElement} well @param {number} index @param {import("../commands.js").Send} send */
export function createHead(well, index, send) {
  find(well, ".well-number").textContent = String(index);
  const button = find(well, ".well-select");
  const apic = find(well, ".well-apic");
  const run = find(well, ".run-state span");
  const barrier = createBarrier(well, index, send);
  const lamps = reusedList(
    find(well, ".lamps"),
    () => element("li", "lamp-signal mono"),
    (item, /** @type {Lamp} */ lamp) => {
      setText(item, lamp.words);
      setAttribute(item, "data-kind", lamp.kind);
    },
  );
  /** @param {CpuState} cpu @param {boolean} selected @param {string} signals a line for each */
  return (cpu, selected, signals) => {
    setAttribute(well, "data-run", cpu.run_state);
    setText(run, vocabulary().run_states[cpu.run_state] ?? cpu.run_state);
    setText(apic, apicWords(cpu));
    setClass(apic, "off", cpu.apic_mode === "disabled");
    setAttribute(button, "aria-pressed", String(selected));
    barrier(cpu);
    lamps(lampsOf(cpu, signals));
  };
}
