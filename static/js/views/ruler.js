/** The live ICR as a ruler of its fields, high bits on the left, and the same in one sentence. */

import { element, setAttribute, setText } from "../dom.js";
import { fullName, spaced } from "../words.js";

/** @typedef {import("../protocol.js").IcrFields} IcrFields */
/** @typedef {{ name: string, bits: string, value: string, words: string }} Field */

const MODES = ["fixed", "lowest_priority", "smi", "remote_read", "nmi", "init", "startup"];
const SHORTHANDS = ["none", "self", "all_including_self", "all_excluding_self"];

/** @param {number} value @param {number} width */
const binary = (value, width) => Math.max(0, value).toString(2).padStart(width, "0");

/** @param {number} bit @param {string} name @param {boolean} set @param {string} words @returns {Field} */
const flag = (bit, name, set, words) => ({
  name,
  bits: String(bit),
  value: set ? "1" : "0",
  words: spaced(words),
});

/**
 * @param {IcrFields} icr
 * @returns {Field[]}
 */
export function icrRuler(icr) {
  return [
    {
      name: "destination",
      bits: icr.destination.length > 4 ? "63:32" : "63:56",
      value: icr.destination.slice(2),
      words: icr.destination,
    },
    {
      name: "shorthand",
      bits: "19:18",
      value: binary(SHORTHANDS.indexOf(icr.shorthand), 2),
      words: spaced(icr.shorthand),
    },
    flag(15, "trigger mode", icr.trigger_mode === "level", icr.trigger_mode),
    flag(14, "level", icr.level === "assert", icr.level),
    flag(12, "delivery status", icr.delivery_status === "send_pending", icr.delivery_status),
    flag(11, "destination mode", icr.destination_mode === "logical", icr.destination_mode),
    {
      name: "delivery mode",
      bits: "10:8",
      value: binary(MODES.indexOf(icr.delivery_mode), 3),
      words: spaced(icr.delivery_mode),
    },
    { name: "vector", bits: "7:0", value: icr.vector.slice(2), words: fullName(Number(icr.vector)) },
  ];
}

/** @param {IcrFields} icr */
export function icrSentence(icr) {
  const to =
    icr.shorthand === "none"
      ? `${icr.destination_mode} destination ${icr.destination}`
      : spaced(icr.shorthand);
  const status = icr.delivery_status === "idle" ? "idle" : "still being sent";
  return `${fullName(Number(icr.vector))}, ${spaced(icr.delivery_mode)}, ${icr.trigger_mode}, to ${to}; ${status}.`;
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
  /** @param {IcrFields} icr */
  return (icr) => {
    icrRuler(icr).forEach((field, at) => {
      const cell = cells[at] ?? make();
      setText(cell.bits, field.bits);
      setText(cell.name, ` ${field.name}`);
      setText(cell.value, field.value);
      setAttribute(cell.box, "data-says", `${field.name}: ${field.words}`);
      setAttribute(cell.box, "data-field", field.name.replace(" ", "_"));
    });
  };
}
