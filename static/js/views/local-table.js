/** Inside the selected CPU: the entries of its local vector table, what fires them, and what else is written there. */

import { drawn, element, find, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { cut } from "../fields.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {{ name: string, cpu: CpuState }} Entry */

const WAVES = ["M1 12h32", "M1 12h11v-10h21"];

/** The level of the wire at an entry; null where there is none. @param {Entry} entry */
function levelAt({ name, cpu }) {
  const pin = vocabulary().local_table[name]?.pin ?? null;
  return pin === null ? null : (cpu.lint[pin] ?? 0);
}

/** What a press on an entry's source does; null where nothing outside the APIC fires it. @param {Entry} entry */
function commandOf(entry) {
  const { pin, source } = vocabulary().local_table[entry.name] ?? { pin: null, source: null };
  const { cpu } = entry.cpu;
  if (pin !== null) return { type: levelAt(entry) ? "lower_lint" : "raise_lint", cpu, pin };
  return source === null ? null : { type: "fire_local_source", cpu, source };
}

/** What that is, in words. @param {Entry} entry */
function actWords(entry) {
  const { called } = vocabulary().local_table[entry.name] ?? { called: "" };
  const values = { name: called, cpu: entry.cpu.cpu };
  const level = levelAt(entry);
  if (level !== null) return level ? say("local_act_lower", values) : say("local_act_raise", values);
  return commandOf(entry) ? say("local_act_fire", values) : editWords(entry);
}

/** @param {Entry} entry */
function editWords({ name, cpu }) {
  const { anchors, layouts } = vocabulary();
  return say("edit_local", { title: layouts[anchors.lvt[name] ?? ""]?.title ?? "", cpu: cpu.cpu });
}

/** Whether a bit of an entry is set, by the name of its field. @param {Entry} entry @param {string} field */
function isSet({ name, cpu }, field) {
  const { anchors, layouts } = vocabulary();
  const found = layouts[anchors.lvt[name] ?? ""]?.fields.find((each) => each.name === field);
  return found !== undefined && cut(BigInt(cpu.lvt[name] ?? 0), found) > 0n;
}

/** @param {(name: string) => void} press @param {(name: string, at: HTMLElement) => void} edit */
function makeEntry(press, edit) {
  const item = element("li", "line");
  const row = element("button", "line-row");
  row.type = "button";
  const wave = drawn("svg", { viewBox: "0 0 34 14", "aria-hidden": "true" });
  wave.append(drawn("path"));
  row.append(element("span", "line-device"), wave);
  row.addEventListener("click", () => press(row.dataset.entry ?? ""));
  const entry = element("button", "line-entry");
  entry.type = "button";
  entry.setAttribute("aria-haspopup", "dialog");
  entry.setAttribute("aria-expanded", "false");
  entry.append(element("span"), element("i"));
  entry.addEventListener("click", () => edit(row.dataset.entry ?? "", entry));
  item.append(row, entry);
  return item;
}

/** @param {HTMLElement} item @param {Entry} entry */
function writeEntry(item, entry) {
  const [row, edit] = /** @type {HTMLElement[]} */ ([...item.children]);
  if (!row || !edit) return;
  const [name, wave] = [...row.children];
  const [words, mark] = [...edit.children];
  if (!wave?.firstElementChild || !name || !words || !mark) return;
  const level = levelAt(entry);
  const told = entry.cpu.lvt_words[entry.name] ?? "";
  setAttribute(row, "data-entry", entry.name);
  setAttribute(row, "aria-label", actWords(entry));
  setAttribute(row, "data-says", actWords(entry));
  setAttribute(row, "aria-pressed", level === null ? null : String(level === 1));
  setAttribute(wave.firstElementChild, "d", WAVES[level ?? 0] ?? "");
  setClass(wave, "none", level === null);
  setText(name, vocabulary().local_table[entry.name]?.called ?? entry.name);
  setClass(edit, "masked", isSet(entry, "mask"));
  setAttribute(edit, "aria-label", `${editWords(entry)}: ${told}`);
  setAttribute(edit, "data-says", entry.cpu.lvt[entry.name] ?? "");
  setText(words, told);
  setText(mark, isSet(entry, "remote_irr") ? say("remote_irr_mark") : "");
}

/**
 * @param {import("../commands.js").Send} send
 * @param {import("./editing.js").Editing} editing
 * @param {(cpu: number) => void} select
 */
export function createLocalTable(send, editing, select) {
  const section = find(document, "#local-section");
  const chosen = /** @type {HTMLInputElement | HTMLSelectElement} */ (find(section, "#local-cpu"));
  const followers = /** @type {NodeListOf<HTMLInputElement>} */ (section.querySelectorAll(".of-selected"));
  const [timer, base] = [find(section, "#timer-open"), find(section, "#base-open")];
  /** @type {CpuState | null} */
  let cpu = null;
  const number = () => cpu?.cpu ?? 0;
  const edit = (/** @type {string} */ name, /** @type {HTMLElement} */ at) => {
    if (name === "timer") editing.timer(number(), at);
    else editing.local(number(), name, at);
  };
  const press = (/** @type {string} */ name) => {
    const command = cpu && commandOf({ name, cpu });
    if (command) send(command);
    else edit(name, find(section, `[data-entry="${name}"]`));
  };
  const table = find(section, "#local-table");
  const write = reusedList(table, () => makeEntry(press, edit), writeEntry);
  timer.addEventListener("click", () => editing.timer(number(), timer));
  base.addEventListener("click", () => editing.base(number(), base));
  chosen.addEventListener("change", () => {
    const wanted = Number(chosen.value);
    if (chosen.value !== "" && Number.isInteger(wanted)) select(wanted);
  });

  // The rows are there for those who have unfolded them.
  let shown = false;
  const draw = () => {
    const now = cpu;
    if (now && shown) write(Object.keys(now.lvt).map((name) => ({ name, cpu: now })));
  };
  new ResizeObserver(() => {
    shown = table.checkVisibility();
    draw();
  }).observe(table);

  /** @param {import("../store.js").Model} model */
  return ({ state, selected }) => {
    const next = state?.cpus[selected];
    if (!next || next === cpu) return;
    if (next.cpu !== cpu?.cpu && chosen !== document.activeElement) chosen.value = String(next.cpu);
    for (const follower of followers) follower.value = String(next.cpu);
    cpu = next;
    draw();
  };
}
