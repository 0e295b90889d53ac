/** Where each CPU meets the bus: under its well, or its tab on a phone, so that a message leaves and arrives at the right place. */

import { element, find, setStyle } from "../dom.js";

/** @typedef {import("../stage/way.js").Port} Port */

/** What stands for a CPU: on a phone a tab, for there one well alone is open. */
const CPU_TABS = "#cpu-tabs [data-tab]";
const CPU_WELLS = ".wells [data-cpu]";

/** The first of these that are on the page at all. @param {string[]} selectors @returns {HTMLElement[]} */
function shownOf(...selectors) {
  for (const selector of selectors) {
    const found = [...document.querySelectorAll(selector)].filter((one) => one instanceof HTMLElement);
    if (found[0]?.offsetParent) return found;
  }
  return [];
}

/** @param {HTMLElement} strip */
export function createPorts(strip) {
  const holder = find(strip, ".bus-ports");
  const name = find(strip, ".bus-name");
  /** @type {Map<number, { node: HTMLElement, port: Port }>} */
  const ports = new Map();
  const devices = { node: element("span", "port devices"), port: { x: 70, edge: 0 } };

  const layOut = () => {
    const box = strip.getBoundingClientRect();
    const middle = box.height / 2;
    for (const one of shownOf(CPU_TABS, CPU_WELLS)) {
      const cpu = Number(one.dataset.tab ?? one.dataset.cpu);
      const lies = one.getBoundingClientRect();
      const entry = ports.get(cpu) ?? { node: element("span", "port"), port: { x: 0, edge: 0 } };
      ports.set(cpu, entry);
      entry.port.x = lies.left + lies.width / 2 - box.left;
      place(entry);
    }
    devices.port = { x: name.offsetWidth, edge: middle };
    place(devices);
    holder.replaceChildren(devices.node, ...[...ports.values()].map((entry) => entry.node));
    return middle;
  };

  /** @param {{ node: HTMLElement, port: Port }} entry */
  const place = (entry) => setStyle(entry.node, "transform", `translateX(${entry.port.x.toFixed(1)}px)`);

  return { layOut, ports, devices, forget: () => ports.clear() };
}
