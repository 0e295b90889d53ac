/** Where each CPU meets the bus: found from where its card lies, so that a message leaves and arrives at the right edge. */

import { portShift } from "../bus-geometry.js";
import { element, find, setClass, setStyle } from "../dom.js";
import { MANY } from "./cards.js";

/** @typedef {import("../bus-geometry.js").Port} Port */

/** Many CPUs are not next to the bus, so their ports stand in order. @param {number} cpu @param {number} count @param {number} width */
const evenly = (cpu, count, width) => width * 0.12 + ((width * 0.86) / (count - 1)) * cpu;

/** @param {HTMLElement} strip */
export function createPorts(strip) {
  const holder = find(strip, ".bus-ports");
  const name = find(strip, ".bus-name");
  /** @type {Map<number, { node: HTMLElement, port: Port }>} */
  const ports = new Map();
  const devices = { node: element("span", "port devices"), port: { x: 70, edge: 0 } };

  /** @param {number} cpu */
  const make = (cpu) => {
    const node = element("span", "port");
    node.append(element("span", "port-name", String(cpu)));
    return { node, port: { x: 0, edge: 0 } };
  };

  const layOut = () => {
    const box = strip.getBoundingClientRect();
    const foot = Number.parseFloat(getComputedStyle(strip).paddingBottom);
    const height = box.height - foot;
    const middle = height / 2;
    /** @type {Map<string, number[]>} */
    const columns = new Map();
    const cards = document.querySelectorAll(".machine [data-cpu]");
    const many = cards.length >= MANY;
    for (const card of cards) {
      if (!(card instanceof HTMLElement)) continue;
      const cpu = Number(card.dataset.cpu);
      const lies = card.getBoundingClientRect();
      const entry = ports.get(cpu) ?? make(cpu);
      ports.set(cpu, entry);
      const below = lies.top >= box.top;
      entry.port.x = many ? evenly(cpu, cards.length, box.width) : lies.left + lies.width / 2 - box.left;
      entry.port.edge = below ? height : 0;
      setClass(entry.node, "below", below);
      const column = `${below} ${Math.round(entry.port.x)}`;
      columns.set(column, [...(columns.get(column) ?? []), cpu]);
    }
    for (const cpus of columns.values()) {
      for (const [at, cpu] of cpus.entries()) shift(ports.get(cpu), at, cpus.length);
    }
    devices.port = { x: name.offsetWidth, edge: middle };
    place(devices);
    holder.replaceChildren(devices.node, ...[...ports.values()].map((entry) => entry.node));
    return middle;
  };

  /** @param {{ node: HTMLElement, port: Port } | undefined} entry @param {number} at @param {number} count */
  const shift = (entry, at, count) => {
    if (!entry) return;
    entry.port.x += portShift(at, count);
    place(entry);
  };

  /** @param {{ node: HTMLElement, port: Port }} entry */
  const place = (entry) => setStyle(entry.node, "transform", `translateX(${entry.port.x.toFixed(1)}px)`);

  return { layOut, ports, devices, forget: () => ports.clear() };
}
