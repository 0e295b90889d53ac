/** The I/O APIC's pins as buttons: the trace shows the line's level, hatching that the pin is masked. */

import { element, find, setAttribute, setClass, setText } from "../dom.js";

/** @typedef {import("../protocol.js").Pin} Pin */

/** @param {Pin} pin */
export function pinWords(pin) {
  const line = pin.line ? "raised" : "low";
  if (pin.masked) return `Pin ${pin.pin}, ${line}, masked: raising it reaches nobody.`;
  const to = `${pin.destination_mode} ${pin.destination}`;
  const waits = pin.remote_irr ? " Accepted; waits for an EOI." : "";
  return `Pin ${pin.pin}, ${line}, ${pin.trigger_mode}-triggered: ${pin.delivery_mode.replaceAll("_", " ")} ${pin.vector} to ${to}.${waits}`;
}

/** @param {import("../commands.js").Send} send */
export function createPins(send) {
  const holder = find(document, "#pins");
  const words = find(document, "#pin-words");
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  /** @type {Pin[]} */
  let pins = [];
  let about = -1;

  const tell = () => {
    const pin = pins[about];
    const open = pins.filter((one) => !one.masked).map((one) => one.pin);
    const rest = open.length > 0 ? `Not masked: ${open.join(", ")}.` : "All pins are masked.";
    setText(words, pin ? pinWords(pin) : `A press raises a line, the next lowers it. ${rest}`);
  };

  /** @param {number} index */
  const make = (index) => {
    const button = element("button", "pin", String(index));
    button.type = "button";
    button.dataset.pin = String(index);
    const mention = () => {
      about = index;
      tell();
    };
    button.addEventListener("click", () =>
      send({ type: pins[index]?.line ? "lower_pin" : "raise_pin", pin: index }),
    );
    button.addEventListener("pointerenter", mention);
    button.addEventListener("focus", mention);
    holder.append(button);
    buttons.push(button);
    return button;
  };
  holder.addEventListener("pointerleave", () => {
    about = -1;
    tell();
  });

  /** @param {import("../store.js").Model} model */
  return (model) => {
    const next = model.state?.ioapic.pins;
    if (!next || next === pins) return;
    pins = next;
    for (const pin of pins) {
      const button = buttons[pin.pin] ?? make(pin.pin);
      setAttribute(button, "aria-pressed", String(pin.line === 1));
      setAttribute(button, "aria-label", pinWords(pin));
      setClass(button, "masked", pin.masked);
      setClass(button, "level", pin.trigger_mode === "level");
      setClass(button, "remote", pin.remote_irr);
    }
    tell();
  };
}
