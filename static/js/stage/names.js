/** What a vector is called on the stage: by the kernel, or by the pin that it comes from. */

import { say } from "../vocabulary.js";
import { nameOf as kernelName } from "../words.js";

/** @typedef {import("../state-types.js").IoApicState} IoApicState */

/** Answers with the same function as long as the names are the same. */
export function createNames() {
  /** @type {IoApicState | null} */
  let known = null;
  /** @type {Map<number, string>} */
  let pins = new Map();
  let nameOf = kernelName;
  /** @param {IoApicState} ioapic */
  return (ioapic) => {
    if (ioapic === known) return nameOf;
    known = ioapic;
    const open = ioapic.pins.filter((pin) => !pin.masked);
    const next = new Map(open.map((pin) => [Number(pin.vector), say("pin_name", { pin: pin.pin })]));
    if (next.size === pins.size && [...next].every(([vector, name]) => pins.get(vector) === name))
      return nameOf;
    pins = next;
    nameOf = (/** @type {number} */ vector) => kernelName(vector) || (next.get(vector) ?? "");
    return nameOf;
  };
}
