/**
 * Helps the send form, which belongs to htmx: chips write the destination field in the APIC's words, and what the server's
 * preview says about receivers is shown on the cards. The fragment itself is only read here, and asked for anew whenever the
 * state that it speaks of has changed: until the answer has come it is shown as old.
 */

import { element, find, setAttribute, setClass } from "../dom.js";
import { say } from "../vocabulary.js";
import { createComposerWord } from "./composer-word.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */

/** What an IPI would meet may change many times a second: ask again, but not more often than this (ms), and less often while time runs. */
const FORESEE_EVERY = 300;
const FORESEE_EVERY_RUNNING = 1000;

/**
 * What the destination becomes when a CPU's chip is pressed: that CPU (physical), or the set with that CPU turned (logical).
 * Only logical destinations of the same group can be one.
 *
 * @param {number} now
 * @param {CpuState} cpu
 * @param {boolean} logical
 */
export function aimedAt(now, cpu, logical) {
  const { physical, logical: bits, group } = cpu.destinations;
  if (!logical) return physical;
  if (((now ^ bits) & group) !== 0) return bits;
  return ((bits & group) | ((now ^ bits) & ~group)) >>> 0;
}

/** @type {WeakMap<CpuState, string>} */
const signed = new WeakMap();

/**
 * What of a CPU a preview speaks of: as long as this is the same, so is the preview.
 *
 * @param {CpuState} cpu
 */
function signatureOf(cpu) {
  let signature = signed.get(cpu);
  if (signature === undefined) {
    const { irr, isr, tpr, ldr, dfr, svr, icr, apic_id, apic_mode, apic_base, run_state, interrupt_flag } =
      cpu;
    const { held_off, nmi_pending, smi_pending, init_pending, in_smm } = cpu;
    const nmi = cpu.handlers.some((handler) => handler.vector === null);
    signature = [irr, isr, tpr, ldr, dfr, svr, icr, apic_id, apic_mode, apic_base, run_state, interrupt_flag]
      .concat([held_off, nmi_pending, smi_pending, init_pending, in_smm, nmi, cpu.event_channels === null])
      .join();
    signed.set(cpu, signature);
  }
  return signature;
}

/**
 * What a preview depends on, of the whole machine.
 *
 * @param {import("../state-types.js").State} state
 */
export const foreseenFrom = (state) => [state.backend, ...state.cpus.map(signatureOf)].join(";");

/** Of more CPUs nobody finds one among chips. */
const MOST_CHIPS = 32;

/**
 * A chip for each CPU, which aims at it.
 *
 * @param {HTMLElement} holder
 * @param {(index: number) => void} press
 */
function createChips(holder, press) {
  /** @type {HTMLButtonElement[]} */
  const chips = [];
  return {
    /** @param {number} total @returns {boolean} whether there are new ones */
    count(total) {
      const most = total <= MOST_CHIPS ? total : 0;
      if (most === chips.length) return false;
      chips.length = 0;
      for (let index = 0; index < most; index++) {
        const chip = element("button", "chip", String(index));
        chip.type = "button";
        chip.setAttribute("aria-label", say("cpu", { cpu: index }));
        chip.addEventListener("click", () => press(index));
        chips.push(chip);
      }
      holder.replaceChildren(...chips);
      return true;
    },
    /** @param {number[]} receivers */
    aim(receivers) {
      chips.forEach((chip, index) => {
        setAttribute(chip, "aria-pressed", String(receivers.includes(index)));
      });
    },
  };
}

/**
 * Asks for the preview anew when what it speaks of has changed, and shows it as old until it is there.
 *
 * @param {HTMLElement} composed
 */
function createForesight(composed) {
  /** @type {unknown} */
  let cpus = null;
  let backend = "";
  let foreseen = "";
  let asked = 0;
  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether it must be asked for later */
  return ({ state, link }, now) => {
    if (!state) return false;
    const gone = link === "stale" || link === "over";
    if (gone) setClass(composed, "old", true);
    if (gone || (state.cpus === cpus && state.backend === backend)) return false;
    if (now < asked + (state.paused ? FORESEE_EVERY : FORESEE_EVERY_RUNNING)) return true;
    cpus = state.cpus;
    backend = state.backend;
    const next = foreseenFrom(state);
    if (next === foreseen) return false;
    foreseen = next;
    asked = now;
    setClass(composed, "old", true);
    composed.dispatchEvent(new Event("compose")); // htmx asks the server
    return false;
  };
}

/**
 * Marks the fields that the server's words are about, and ties these to them.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLElement} composed
 */
function markWrong(form, composed) {
  const reasons = new Map();
  for (const reason of composed.querySelectorAll(".problem [data-field]")) {
    if (!(reason instanceof HTMLElement)) continue;
    reason.id = `${form.id}-${reason.dataset.field}-wrong`;
    reasons.set(reason.dataset.field, reason.id);
  }
  for (const field of form.querySelectorAll("input[name], select[name]")) {
    const id = reasons.get(field.getAttribute("name")) ?? null;
    setAttribute(field, "aria-invalid", id === null ? null : "true");
    setAttribute(field, "aria-describedby", id);
  }
}

/** @param {import("../store.js").Store} store */
export function createComposer(store) {
  const form = /** @type {HTMLFormElement} */ (find(document, "#send-form"));
  const destination = /** @type {HTMLInputElement} */ (find(form, "#send-destination"));
  const composed = find(form, "#composed");
  const foresee = createForesight(composed);
  const word = createComposerWord(form);

  const chips = createChips(find(form, "#destination-chips"), (index) => {
    const cpu = store.get().state?.cpus[index];
    if (!cpu) return;
    const logical = new FormData(form).get("destination_mode") === "logical";
    const aim = aimedAt(Number(destination.value) || 0, cpu, logical);
    destination.value = `0x${aim.toString(16).padStart(2, "0")}`;
    destination.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Aim is shown on the cards while someone composes, not for ever after; on the chips it is part of the form.
  const looking = () => form.matches(":focus-within, :hover");

  const readReceivers = () => {
    const composition = form.querySelector("[data-receivers]");
    const said = composition instanceof HTMLElement ? (composition.dataset.receivers ?? "") : "";
    const receivers = said.split(" ").filter(Boolean).map(Number);
    chips.aim(receivers);
    store.set({ receivers: looking() ? receivers : [] });
  };

  new MutationObserver(() => {
    setClass(composed, "old", false);
    markWrong(form, composed);
    word.follow();
    readReceivers();
  }).observe(composed, { childList: true });
  for (const event of ["focusin", "focusout", "pointerenter", "pointerleave"])
    form.addEventListener(event, () => setTimeout(readReceivers));
  // Enter sends from every field, also from those whose own use for it is none.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement)) return;
    event.preventDefault();
    form.requestSubmit();
  });

  return {
    /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether there is more to do */
    draw(model, now) {
      if (model.state && chips.count(model.state.cpus.length)) readReceivers();
      return foresee(model, now);
    },
    send: () => form.requestSubmit(),
    open() {
      /** @type {HTMLDetailsElement} */ (find(document, "#send-section")).open = true;
      const vector = /** @type {HTMLInputElement} */ (find(form, "#send-vector"));
      vector.focus();
      vector.select();
    },
  };
}
