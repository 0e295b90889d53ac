/** On a phone one well is open, and a row of buttons says which: with the state of each CPU's interrupts, and whether anything waits there. */

import { drawn, element, find, reusedList, setAttribute, setClass, setText } from "../dom.js";
import { shapeOf } from "../stage/barrier.js";
import { reachedIn } from "../store.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */

/** Where `phone.css` shows them. */
const PHONE = "(max-width: 719px)";
/** Of more CPUs there is a drawing to press on. */
const MOST = 8;

/** @param {(cpu: number) => void} select */
function makeTab(select) {
  const tab = element("button", "cpu-tab");
  tab.type = "button";
  const shape = drawn("svg", { viewBox: "0 0 20 16", "aria-hidden": "true" });
  shape.append(drawn("path"));
  const marks = element("span", "cpu-tab-marks");
  marks.setAttribute("aria-hidden", "true");
  tab.append(element("span", "cpu-tab-name"), shape, marks);
  tab.addEventListener("click", () => select(Number(tab.dataset.tab)));
  return tab;
}

/** @param {HTMLElement} tab @param {CpuState} cpu */
function writeTab(tab, cpu) {
  const [name, shape, marks] = [...tab.children];
  if (!name || !shape?.firstElementChild || !marks) return;
  const number = say("cpu", { cpu: cpu.cpu });
  setAttribute(tab, "data-tab", String(cpu.cpu));
  setAttribute(tab, "aria-label", number);
  setAttribute(tab, "aria-description", cpu.why[0]?.text ?? vocabulary().holders[cpu.window] ?? "");
  setText(name, String(cpu.cpu));
  setAttribute(shape.firstElementChild, "d", shapeOf(cpu.window));
  setClass(marks, "waits", cpu.why.length > 0);
  setClass(marks, "serves", cpu.in_service.length > 0);
}

/** Into sight along the row, and nothing else moves. @param {HTMLElement} holder @param {HTMLElement} tab */
function reveal(holder, tab) {
  const left = tab.offsetLeft - holder.offsetLeft;
  const least = left + tab.offsetWidth - holder.clientWidth;
  holder.scrollLeft = Math.min(left, Math.max(least, holder.scrollLeft));
}

/**
 * @param {(cpu: number) => void} select
 * @param {() => void} ask for a frame
 */
export function createCpuTabs(select, ask) {
  const holder = find(document, "#cpu-tabs");
  const phone = matchMedia(PHONE);
  phone.addEventListener("change", ask);
  /** @type {HTMLElement[]} */
  const tabs = [];
  const make = () => {
    const tab = makeTab(select);
    tabs.push(tab);
    return tab;
  };
  const write = reusedList(holder, make, writeTab);
  /** @type {unknown[]} */
  let shown = [];

  /** @param {import("../store.js").Model} model */
  return (model) => {
    const { state, selected } = model;
    const receivers = reachedIn(model);
    if (!state || !phone.matches || state.cpus.length > MOST) return;
    if (state.cpus === shown[0] && selected === shown[1] && receivers === shown[2]) return;
    const before = shown[1];
    shown = [state.cpus, selected, receivers];
    write(state.cpus);
    tabs.forEach((tab, cpu) => {
      setAttribute(tab, "aria-pressed", String(cpu === selected));
      setClass(tab, "aimed", receivers.includes(cpu));
    });
    const tab = tabs[selected];
    if (tab && selected !== before) reveal(holder, tab);
  };
}
