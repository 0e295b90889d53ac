/**
 * Helps the send form, which belongs to htmx: chips write the destination field in the APIC's words, and what the server's
 * preview says about receivers is shown on the cards. The fragment itself is only read here.
 */

import { element, find, setAttribute } from "../dom.js";

/** @typedef {import("../protocol.js").Cpu} Cpu */

/** What an IPI would meet changes while one composes: ask again, but not more often than this (ms). */
const FORESEE_EVERY = 1000;

/** The 8 bits that name one CPU. @param {Cpu} cpu @param {boolean} logical */
const bitsOf = (cpu, logical) => (logical ? Number(cpu.ldr) >>> 24 : cpu.apic_id);

/**
 * What the destination becomes when a CPU's chip is pressed: that CPU (physical), or the mask with that CPU's bit turned (logical).
 *
 * @param {number} now
 * @param {Cpu} cpu
 * @param {boolean} logical
 */
export function aimedAt(now, cpu, logical) {
  return logical ? (now ^ bitsOf(cpu, true)) & 0xff : bitsOf(cpu, false);
}

/** @param {number} now @param {Cpu} cpu @param {boolean} logical */
export function isAimed(now, cpu, logical) {
  const bits = bitsOf(cpu, logical);
  return logical ? bits !== 0 && (now & bits) === bits : now === bits || now === 0xff;
}

/** @param {import("../store.js").Store} store */
export function createComposer(store) {
  const form = /** @type {HTMLFormElement} */ (find(document, "#send-form"));
  const destination = /** @type {HTMLInputElement} */ (find(form, "#send-destination"));
  const holder = find(form, "#destination-chips");
  /** @type {HTMLButtonElement[]} */
  const chips = [];
  let count = 0;
  let foreseen = { at: 0, next: 0 };

  const isLogical = () => new FormData(form).get("destination_mode") === "logical";
  const written = () => Number(destination.value) || 0;

  const showAim = () => {
    const cpus = store.get().state?.cpus ?? [];
    const logical = isLogical();
    chips.forEach((chip, index) => {
      const cpu = cpus[index];
      if (cpu) setAttribute(chip, "aria-pressed", String(isAimed(written(), cpu, logical)));
    });
  };

  /** @param {number} index */
  const press = (index) => {
    const cpu = store.get().state?.cpus[index];
    if (!cpu) return;
    destination.value = `0x${aimedAt(written(), cpu, isLogical()).toString(16).padStart(2, "0")}`;
    destination.dispatchEvent(new Event("input", { bubbles: true }));
  };

  /** @param {number} total */
  const build = (total) => {
    count = total;
    chips.length = 0;
    for (let index = 0; index < total; index++) {
      const chip = element("button", "chip", String(index));
      chip.type = "button";
      chip.setAttribute("aria-label", `CPU ${index}`);
      chip.addEventListener("click", () => press(index));
      chips.push(chip);
    }
    holder.replaceChildren(...chips);
    showAim();
  };

  // Aim is shown while someone composes, not for ever after.
  const looking = () => form.matches(":focus-within, :hover");

  const readReceivers = () => {
    const composition = form.querySelector("[data-receivers]");
    const said = composition instanceof HTMLElement ? (composition.dataset.receivers ?? "") : "";
    store.set({ receivers: looking() ? said.split(" ").filter(Boolean).map(Number) : [] });
  };

  form.addEventListener("input", showAim);
  document.addEventListener("htmx:after:swap", readReceivers);
  for (const event of ["focusin", "focusout", "pointerenter", "pointerleave"])
    form.addEventListener(event, () => setTimeout(readReceivers));

  /** @param {import("../store.js").Model} model @param {number} now */
  return (model, now) => {
    if (model.state && model.state.cpus.length !== count) build(model.state.cpus.length);
    const news = model.events.at(-1)?.n ?? 0;
    if (news === foreseen.at || now < foreseen.next || !looking()) return;
    foreseen = { at: news, next: now + FORESEE_EVERY };
    form.querySelector("#composed")?.dispatchEvent(new Event("compose")); // htmx asks the server anew
  };
}
