/** The selected CPU explained: the path down to the register, why something waits, the ICR and the other registers. */

import { addressOf } from "../addresses.js";
import { element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { sharedWords } from "../event-channels.js";
import { esrWords, grouped, pprWords, REGISTER_WORDS } from "../words.js";
import { createPath } from "./path.js";
import { createRuler, icrSentence } from "./ruler.js";

/** @typedef {import("../protocol.js").Cpu} Cpu */
/** @typedef {{ name: string, value: string, words: string, says: string, anchor?: string, alarm?: boolean }} Register `anchor`: where the register reference explains it, if not under its name; empty if nowhere. */

/** @param {Cpu} cpu @returns {Register[]} */
function registersOf(cpu) {
  if (cpu.event_channels) return sharedWords(cpu.event_channels).map((word) => ({ ...word, anchor: "" }));
  const flat = Number(cpu.dfr) >>> 28 === 15;
  const on = (Number(cpu.svr) & 0x100) !== 0;
  return [
    {
      name: "TPR",
      value: cpu.tpr,
      words: Number(cpu.tpr) < 16 ? "holds nothing back" : `holds back class ${cpu.tpr[2]} and below`,
      says: REGISTER_WORDS.TPR ?? "",
    },
    { name: "PPR", value: cpu.ppr, words: pprWords(cpu), says: REGISTER_WORDS.PPR ?? "" },
    {
      name: "ESR",
      value: cpu.esr,
      words: esrWords(cpu.esr),
      says: REGISTER_WORDS.ESR ?? "",
      alarm: Number(cpu.esr) !== 0,
    },
    {
      name: "SVR",
      value: cpu.svr,
      words: on ? "APIC on" : "APIC off",
      says: REGISTER_WORDS.SVR ?? "",
      alarm: !on,
    },
    { name: "LDR", value: cpu.ldr, words: "", says: REGISTER_WORDS.LDR ?? "" },
    { name: "DFR", value: cpu.dfr, words: flat ? "flat" : "cluster", says: REGISTER_WORDS.DFR ?? "" },
  ];
}

/** @param {string} entry a local vector table entry */
function entryWords(entry) {
  const value = Number(entry);
  const mode = ["fixed", "?", "SMI", "?", "NMI", "INIT", "?", "ExtINT"][(value >> 8) & 7];
  const what = mode === "fixed" ? `vector 0x${(value & 0xff).toString(16).padStart(2, "0")}` : mode;
  return value & 0x1_0000 ? "masked" : `${what}`;
}

/** @param {Cpu} cpu @returns {Register[]} */
function localTable(cpu) {
  const entries = Object.entries(cpu.lvt).map(([name, value]) => ({
    name,
    value,
    words: entryWords(value),
    anchor: `LVT_${name.toUpperCase()}`,
    says: `Local vector table, ${name}: what the APIC does with its own ${name} interrupt.`,
  }));
  const { mode, initial_count, divide, deadline } = cpu.timer;
  const words =
    mode === "tsc_deadline"
      ? deadline === null
        ? "not armed"
        : `at ${grouped(deadline)}`
      : `counts ${grouped(initial_count)} ÷${divide}`;
  return [
    ...entries,
    {
      name: "timer runs",
      value: mode.replaceAll("_", " "),
      words,
      says: "The local APIC timer.",
      anchor: mode === "tsc_deadline" ? "IA32_TSC_DEADLINE" : "TIMER_INITIAL_COUNT",
    },
  ];
}

/** @param {HTMLElement} list */
function createRegisterList(list) {
  return reusedList(
    list,
    () => {
      const row = element("div");
      const term = element("dt");
      term.append(element("a"));
      row.append(term, element("dd"), element("dd", "words"));
      return row;
    },
    (row, /** @type {Register} */ register) => {
      const [term, value, words] = /** @type {HTMLElement[]} */ ([...row.children]);
      const link = term?.firstElementChild;
      if (!link || !value || !words) return;
      setText(link, register.name);
      const anchor = register.anchor ?? register.name;
      setAttribute(link, "href", anchor === "" ? null : addressOf(`/registers#${anchor}`));
      setText(value, register.value);
      setText(words, register.words);
      row.dataset.says = register.says;
      setClass(words, "alarm", register.alarm === true);
    },
  );
}

/** @param {string[]} queued */
function queuedWords(queued) {
  if (queued.length <= 3) return `Then: ${queued.join(", ")}`;
  return `Then: ${queued.slice(0, 3).join(", ")} and ${queued.length - 3} more`;
}

export function createInspector() {
  const number = find(document, "#inspected");
  const activity = find(document, "#inspected-activity");
  const path = createPath(find(document, "#path"));
  const pathEmpty = find(document, "#path-empty");
  const queued = find(document, "#path-queued");
  const reasonsEmpty = find(document, "#reasons-empty");
  const reasons = reusedList(
    find(document, "#reasons"),
    () => element("li"),
    (item, /** @type {import("../protocol.js").Reason} */ reason) => setText(item, reason.text),
  );
  const ruler = createRuler(find(document, "#icr-ruler"));
  const icrValue = find(document, "#icr-value");
  const icrWords = find(document, "#icr-words");
  const ofTheApic = [".icr", ".lvt", ".to-reference"].map((part) => find(document, `#inspector ${part}`));
  const registersTitle = find(document, "#registers-title span");
  const list = find(document, "#register-list");
  const registers = createRegisterList(list);
  const table = createRegisterList(find(document, "#lvt-list"));
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {import("../store.js").Model} model */
  return (model) => {
    const cpu = model.state?.cpus[model.selected];
    if (!model.state || !cpu) return;
    const now = [cpu, model.state.backend];
    if (now.every((part, at) => part === drawn[at])) return;
    drawn = now;
    setText(number, String(cpu.cpu));
    setText(activity, cpu.activity);
    setHidden(pathEmpty, path(cpu, model.state.backend) > 0);
    setText(
      pathEmpty,
      model.state.recording
        ? "A recording does not tell which function ran."
        : "No guest function runs here now.",
    );
    setHidden(queued, cpu.queued.length === 0);
    setText(queued, queuedWords(cpu.queued));
    reasons(cpu.why);
    setHidden(reasonsEmpty, cpu.why.length > 0);
    // Without an APIC there is no ICR, nor a local vector table.
    const apic = !cpu.event_channels;
    for (const part of ofTheApic) setHidden(part, !apic);
    setClass(list, "shared", !apic);
    setText(registersTitle, apic ? "Registers" : "Words shared with the hypervisor");
    ruler(cpu.icr_fields);
    setText(icrValue, `${cpu.icr.slice(0, 10)}_${cpu.icr.slice(10)}`);
    setText(icrWords, icrSentence(cpu.icr_fields));
    registers(registersOf(cpu));
    table(localTable(cpu));
  };
}
