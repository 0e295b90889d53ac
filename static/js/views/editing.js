/** What is written by its fields, and where what it is now stands in the state. */

import { say, vocabulary } from "../vocabulary.js";
import { createWordEditor } from "./word-editor.js";

/** @typedef {import("../state-types.js").State} State */
/** @typedef {import("./word-editor.js").Edited} Edited */

/**
 * The command that writes a word.
 *
 * @param {string} name of the word's layout
 * @param {bigint | undefined} word
 * @param {Record<string, unknown>} [whose]
 */
function writing(name, word, whose = {}) {
  const { command, field } = vocabulary().layouts[name] ?? { command: {}, field: "" };
  return { ...command, ...whose, [field]: `0x${(word ?? 0n).toString(16)}` };
}

/** The words that the timer's entry, divisor and count are, in the order in which software writes them. */
const timerWords = () => {
  const { anchors } = vocabulary();
  return [anchors.lvt.timer ?? "", "TIMER_DIVIDE", anchors.timer];
};

/** The divide configuration of a divisor. @param {number} divisor */
function dividing(divisor) {
  const together = vocabulary().layouts.TIMER_DIVIDE?.together;
  return together?.choices.find(({ words }) => words === String(divisor))?.bits ?? null;
}

/**
 * One word that the state shows.
 *
 * @param {string} title
 * @param {string} layout
 * @param {(state: State) => string | null | undefined} now
 * @param {Record<string, unknown>} whose
 * @returns {Edited}
 */
function oneWord(title, layout, now, whose) {
  return {
    ...{ title, act: say("edit_write"), words: [{ layout, now }], first: [] },
    commands: ([word]) => [writing(layout, word, whose)],
  };
}

/** A timer's entry, divisor and count: what was changed is written, or all of it. @param {number} cpu @returns {Edited} */
function timerOf(cpu) {
  const names = timerWords();
  /** @type {((state: State) => string | null | undefined)[]} */
  const now = [
    (state) => state.cpus[cpu]?.lvt.timer,
    (state) => dividing(state.cpus[cpu]?.timer.divide ?? 0),
    (state) => state.cpus[cpu]?.timer.initial_count.toString(),
  ];
  const words = names.map((layout, at) => ({ layout, now: now[at] ?? (() => null) }));
  return {
    ...{ title: say("edit_timer", { cpu }), act: say("edit_write"), words, first: [] },
    commands: (written, changed) => {
      const all = !changed.includes(true);
      return names.flatMap((name, at) => (all || changed[at] ? [writing(name, written[at], { cpu })] : []));
    },
  };
}

/** What a device writes to interrupt: an address and data. @param {string[]} first @returns {Edited} */
function messageOf(first) {
  const names = ["message_address", "message_data"];
  const words = names.map((layout) => ({ layout, now: () => null }));
  return {
    ...{ title: say("edit_message"), act: say("edit_send"), words, first },
    commands: (written) => [Object.assign({}, ...names.map((name, at) => writing(name, written[at])))],
  };
}

/** @param {import("../commands.js").Send} send */
export function createEditing(send) {
  const { open, draw } = createWordEditor(send);
  return {
    draw,
    /** The redirection entry of a pin. @param {number} pin @param {HTMLElement} at */
    pin: (pin, at) =>
      open(
        oneWord(
          say("edit_pin", { pin }),
          "redirection_entry",
          (state) => state.ioapic.pins[pin]?.redirection,
          {
            pin,
          },
        ),
        at,
      ),
    /** An entry of a local vector table, by the state's name. @param {number} cpu @param {string} name @param {HTMLElement} at */
    local: (cpu, name, at) => {
      const layout = vocabulary().anchors.lvt[name] ?? "";
      open(
        oneWord(say("cpu", { cpu }), layout, (state) => state.cpus[cpu]?.lvt[name], { cpu }),
        at,
      );
    },
    /** @param {number} cpu @param {HTMLElement} at */
    timer: (cpu, at) => open(timerOf(cpu), at),
    /** Where a local APIC's page is, and in what mode it is. @param {number} cpu @param {HTMLElement} at */
    base: (cpu, at) =>
      open(
        oneWord(say("cpu", { cpu }), "apic_base", (state) => state.cpus[cpu]?.apic_base, { cpu }),
        at,
      ),
    /** @param {string[]} first the words that it holds at first @param {HTMLElement} at */
    message: (first, at) => open(messageOf(first), at),
  };
}

/** @typedef {ReturnType<typeof createEditing>} Editing */
