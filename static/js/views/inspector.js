/** The selected CPU explained: the path down to the register, why something waits, the ICR and the other registers. */

import { addressOf } from "../addresses.js";
import { element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { say, vocabulary } from "../vocabulary.js";
import { spaced } from "../words.js";
import { createPath } from "./path.js";
import { createRuler } from "./ruler.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {{ name: string, value: string, words: string, says: string, anchor?: string, alarm?: boolean }} Register `anchor`: where the register reference explains it, if not under its name; empty if nowhere. */

/** @param {CpuState} cpu @returns {Register[]} */
function registersOf(cpu) {
  const { listed_registers, registers, shared_words } = vocabulary();
  if (cpu.event_channels) {
    return cpu.event_channels.rows.map((row) => ({ ...row, says: shared_words[row.name] ?? "", anchor: "" }));
  }
  return listed_registers.map((name) => {
    const key = /** @type {import("../protocol.js").RegisterKey} */ (name.toLowerCase());
    return {
      name,
      value: cpu[key],
      words: cpu.register_words[key] ?? "",
      says: registers[name] ?? "",
      alarm: cpu.alarms.includes(key),
    };
  });
}

/** @param {CpuState} cpu @returns {Register[]} */
function localTable(cpu) {
  const { anchors } = vocabulary();
  const entries = Object.entries(cpu.lvt).map(([name, value]) => ({
    name,
    value,
    words: cpu.lvt_words[name] ?? "",
    anchor: anchors.lvt[name] ?? "",
    says: say("local_entry", { name }),
  }));
  const { mode, words } = cpu.timer;
  return [
    ...entries,
    {
      name: say("timer_runs"),
      value: spaced(mode),
      words,
      says: vocabulary().registers.timer ?? "",
      anchor: mode === "tsc_deadline" ? anchors.tsc_deadline : anchors.timer,
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
      setAttribute(row, "data-says", register.says);
      setClass(words, "alarm", register.alarm === true);
    },
  );
}

/** Why a CPU does not go on, and why what is requested waits: the first thing first. @param {CpuState} cpu */
const reasonsOf = (cpu) => [
  ...(cpu.waits ? [say("cpu_waits", { cpu: cpu.cpu, words: cpu.waits.words }), ...cpu.waits.because] : []),
  ...cpu.why.map((reason) => reason.text),
];

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
    (item, /** @type {string} */ reason) => setText(item, reason),
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
    setText(pathEmpty, say(model.state.recording ? "no_function_recorded" : "no_function"));
    setHidden(queued, cpu.queued.length === 0);
    setText(queued, queuedWords(cpu.queued));
    const why = reasonsOf(cpu);
    reasons(why);
    setHidden(reasonsEmpty, why.length > 0);
    // Without an APIC there is no ICR, nor a local vector table.
    const apic = !cpu.event_channels;
    for (const part of ofTheApic) setHidden(part, !apic);
    setClass(list, "shared", !apic);
    setText(registersTitle, say(apic ? "registers" : "shared_words"));
    ruler(cpu);
    setText(icrValue, `${cpu.icr.slice(0, 10)}_${cpu.icr.slice(10)}`);
    setText(icrWords, cpu.icr_fields.words);
    registers(registersOf(cpu));
    table(localTable(cpu));
  };
}
