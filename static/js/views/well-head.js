/** A well's head: which CPU, its APIC, whether interrupts come in and who keeps them out, and signals that have no shelf. */

import { element, find, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { shapeOf } from "../stage/barrier.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {{ words: string, kind: "pending" | "running" | "coming" }} Lamp */

/** What has no vector and so lies on no shelf. @param {CpuState} cpu @param {string} signals @returns {Lamp[]} */
export function lampsOf(cpu, signals) {
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
    setAttribute(shape, "d", shapeOf(cpu.window));
    setAttribute(barrier, "aria-checked", String(cpu.window !== "held"));
    setAttribute(barrier, "data-window", cpu.window);
    setAttribute(barrier, "aria-description", says);
    setAttribute(barrier, "data-says", says);
    const value = cpu.interrupt_flag ? 1 : 0;
    setText(flag, cpu.event_channels ? say("upcall_flag", { value: 1 - value }) : say("flag", { value }));
    setText(who, vocabulary().holders[cpu.window] ?? "");
  };
}

/** Keeps the well open; only where there are many CPUs. @param {HTMLElement} well @param {number} index @param {(cpu: number) => void} keep */
function createPin(well, index, keep) {
  const pin = well.querySelector(".well-pin");
  pin?.setAttribute("aria-label", say("keep_open", { cpu: index }));
  pin?.addEventListener("click", (event) => {
    event.stopPropagation(); // the well is not selected by it
    keep(index);
  });
  return (/** @type {boolean} */ kept) => {
    if (pin) setAttribute(pin, "aria-pressed", String(kept));
  };
}

/** @param {HTMLElement} well @param {number} index @param {import("./well.js").Acts} acts */
export function createHead(well, index, { send, keep }) {
  find(well, ".well-number").textContent = String(index);
  const button = find(well, ".well-select");
  const apic = find(well, ".well-apic");
  const run = find(well, ".run-state span");
  const barrier = createBarrier(well, index, send);
  const kept = createPin(well, index, keep);
  const lamps = reusedList(
    find(well, ".lamps"),
    () => element("li", "lamp-signal mono"),
    (item, /** @type {Lamp} */ lamp) => {
      setText(item, lamp.words);
      setAttribute(item, "data-kind", lamp.kind);
    },
  );
  /** @param {CpuState} cpu @param {boolean} selected @param {string} signals a line for each @param {boolean} isKept */
  return (cpu, selected, signals, isKept) => {
    kept(isKept);
    setAttribute(well, "data-run", cpu.run_state);
    setText(run, vocabulary().run_states[cpu.run_state] ?? cpu.run_state);
    setText(apic, apicWords(cpu));
    setClass(apic, "off", cpu.apic_mode === "disabled");
    setAttribute(button, "aria-pressed", String(selected));
    barrier(cpu);
    lamps(lampsOf(cpu, signals));
  };
}
