/** The live ICR as a ruler of its fields, high bits on the left: cut by the layout of the APIC's mode, which the server gave. */

import { element, setAttribute, setHidden, setText } from "../dom.js";
import { cut } from "../fields.js";
import { vocabulary } from "../vocabulary.js";
import { nameOf, spaced } from "../words.js";

/** @typedef {{ name: string, bits: string, value: string, words: string }} Field */

/**
 * @param {string} icr all 64 bits, as the stream carries them
 * @param {string} mode of the APIC
 * @returns {Field[]}
 */
export function icrRuler(icr, mode) {
  const raw = BigInt(icr);
  return (vocabulary().icr[mode] ?? []).map((field) => {
    const value = cut(raw, field);
    const digits = value.toString(field.radix).padStart(field.places, "0");
    const called = field.values[Number(value)] ?? `0x${digits}`;
    const name = field.name === "vector" ? nameOf(Number(value)) : "";
    return { name: spaced(field.name), bits: field.bits, value: digits, words: `${called} ${name}`.trim() };
  });
}

/** @param {HTMLElement} list */
export function createRuler(list) {
  /** @type {{ box: HTMLElement, bits: HTMLElement, name: HTMLElement, value: HTMLElement }[]} */
  const cells = [];
  const make = () => {
    const box = element("div");
    box.tabIndex = 0;
    const term = element("dt");
    const cell = {
      box,
      bits: element("span", "bits"),
      name: element("span", "unseen"),
      value: element("dd"),
    };
    term.append(cell.bits, cell.name);
    box.append(term, cell.value);
    list.append(box);
    cells.push(cell);
    return cell;
  };
  /** @param {import("../state-types.js").CpuState} cpu */
  return (cpu) => {
    const fields = icrRuler(cpu.icr, cpu.apic_mode);
    fields.forEach((field, at) => {
      const cell = cells[at] ?? make();
      setText(cell.bits, field.bits);
      setText(cell.name, ` ${field.name}`);
      setText(cell.value, field.value);
      setAttribute(cell.box, "data-says", `${field.name}: ${field.words}`);
      setAttribute(cell.box, "data-field", field.name.replace(" ", "_"));
    });
    cells.forEach((cell, at) => {
      setHidden(cell.box, at >= fields.length);
    });
  };
}
