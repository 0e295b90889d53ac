/** One CPU as a card: its vectors, what it serves, its registers, what it does and why something waits. */

import { copyOf, element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { endingWords } from "../endings.js";
import { bitsOf, prioritiesOf } from "../event-channels.js";
import { say, vocabulary } from "../vocabulary.js";
import { grouped, hex, nameOf } from "../words.js";
import { createMatrix } from "./matrix.js";
import { createPath } from "./path.js";
import { readUnderPointer } from "./vector-grid.js";

/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {{ vector: number | null, name: string, since: number | null, done: boolean, port?: boolean }} Plate */

/**
 * What lies on the CPU: every vector in service, and handlers that run without one (NMIs, and those that have sent their EOI).
 *
 * @param {CpuState} cpu
 * @returns {Plate[]}
 */
export function platesOf(cpu) {
  const named = new Map(cpu.handlers.map((handler) => [handler.vector, handler]));
  /** @type {Plate[]} */
  const plates = cpu.in_service.map((vector) => {
    const handler = named.get(vector);
    return { vector, name: handler?.name ?? nameOf(vector), since: handler?.since ?? null, done: false };
  });
  for (const handler of cpu.handlers) {
    if (handler.vector === null || !cpu.in_service.includes(handler.vector))
      plates.push({ ...handler, done: true, port: Boolean(cpu.event_channels) && handler.vector !== null });
  }
  return plates;
}

/** @param {HTMLElement} list */
function createPlates(list) {
  return reusedList(
    list,
    () => {
      const item = element("li", "plate");
      item.append(element("b"), " ", element("span"), " ", element("small"));
      return item;
    },
    (item, /** @type {Plate} */ plate) => {
      const [face, name, since] = /** @type {HTMLElement[]} */ ([...item.children]);
      if (!face || !name || !since) return;
      setText(face, plate.vector === null ? (vocabulary().faces.nmi ?? "") : hex(plate.vector));
      setText(name, plate.name);
      setText(since, plate.since === null ? "" : `· since ${grouped(plate.since)}`);
      setClass(item, "after-eoi", plate.done && !plate.port);
      setAttribute(item, "title", plateWords(plate));
    },
  );
}

/** @param {Plate} plate */
function plateWords(plate) {
  const { name } = plate;
  if (plate.vector === null) return say("nmi_plate", { name });
  const since = plate.since === null ? "" : say("since", { time: grouped(plate.since) });
  const vector = hex(plate.vector);
  if (plate.port) return say("port_plate", { port: vector, name, since });
  return say(plate.done ? "plate_after_eoi" : "plate", { vector, name, since });
}

/** @typedef {{ name: string, value: string, says: string, alarm?: boolean }} Register */

/** @param {CpuState} cpu @returns {Register[]} */
function registersOf(cpu) {
  if (cpu.event_channels) {
    return cpu.event_channels.rows
      .filter((row) => row.short !== "")
      .map((row) => ({
        name: row.short,
        value: row.short_value,
        says: vocabulary().shared_words[row.name] ?? "",
      }));
  }
  const { card_registers, registers } = vocabulary();
  return card_registers.map((name) => {
    const key = /** @type {import("../protocol.js").RegisterKey} */ (name.toLowerCase());
    const value = key === "icr" ? cpu.icr_fields.short : cpu[key].slice(2);
    return { name, value, says: registers[name] ?? "", alarm: cpu.alarms.includes(key) };
  });
}

/** @param {HTMLElement} list */
function createRegisters(list) {
  return reusedList(
    list,
    () => {
      const row = element("div");
      row.append(element("dt"), element("dd"));
      return row;
    },
    (row, /** @type {Register} */ register) => {
      const [name, value] = /** @type {HTMLElement[]} */ ([...row.children]);
      if (!name || !value) return;
      setText(name, register.name);
      setText(value, register.value);
      setAttribute(row, "title", register.says);
      setClass(value, "alarm", register.alarm === true);
    },
  );
}

/**
 * The parts that cards of every size share: name, run state, interrupt flag, NMI lamp.
 *
 * @param {HTMLElement} card
 * @param {number} index
 * @param {import("../commands.js").Send} send
 * @param {(cpu: number) => void} select
 */
export function createHead(card, index, send, select) {
  const stateWords = find(card, ".run-state span");
  const lamp = find(card, ".lamp-nmi");
  const flag = find(card, ".if-switch");
  const flagValue = find(card, ".switch-value");
  const windowMark = find(card, ".window-mark");
  const button = find(card, ".card-select");
  card.dataset.cpu = String(index);
  find(card, ".card-number").textContent = String(index);
  flag.setAttribute("aria-label", say("switch", { cpu: index }));
  flag.addEventListener("click", () => {
    send({ type: "set_interrupt_flag", cpu: index, enabled: flag.getAttribute("aria-checked") !== "true" });
  });
  card.addEventListener("click", () => select(index));
  /** @param {CpuState} cpu @param {boolean} selected */
  return (cpu, selected) => {
    setAttribute(card, "data-run", cpu.run_state);
    setText(stateWords, vocabulary().run_states[cpu.run_state] ?? cpu.run_state);
    setHidden(lamp, !cpu.nmi_pending);
    // The switch is what a person sets; the flag beside it also follows the gate, STI, CLI and IRET.
    const says = vocabulary().windows[cpu.window] ?? "";
    setAttribute(flag, "aria-checked", String(cpu.window !== "held"));
    setAttribute(flag, "data-window", cpu.window);
    setText(flagValue, cpu.interrupt_flag ? "1" : "0");
    setAttribute(windowMark, "title", says);
    setAttribute(flag, "aria-description", says);
    setAttribute(flag, "data-says", says);
    setAttribute(button, "aria-pressed", String(selected));
    setClass(card, "selected", selected);
    setClass(card, "in-host", cpu.in_host);
  };
}

/**
 * @param {HTMLElement} line
 */
function createNow(line) {
  const words = find(line, ".now-words");
  const step = find(line, ".now-step");
  /** @param {CpuState} cpu */
  return (cpu) => {
    const waits = cpu.waits !== null || (cpu.why.length > 0 && !cpu.step);
    const first = cpu.waits?.words ?? cpu.why[0]?.text ?? "";
    const said = waits ? first : (cpu.step?.words ?? cpu.activity);
    setText(words, said);
    setAttribute(words, "title", said);
    setClass(line, "waits", waits);
    setText(step, cpu.step && cpu.step.cycles > 0 ? `${grouped(cpu.step.cycles)} cy` : "");
    setClass(step, "host", cpu.step?.side === "host");
  };
}

/**
 * @param {number} index
 * @param {import("../commands.js").Send} send
 * @param {(cpu: number) => void} select
 * @param {import("./lens.js").Lens} lens
 * @param {(cpu: number) => void} dismiss clears away what ended at a CPU
 */
export function createCard(index, send, select, lens, dismiss) {
  const card = copyOf("card-template");
  const matrix = createMatrix();
  const place = find(card, ".matrix");
  place.append(matrix.svg);
  /** @type {CpuState | null} */
  let shown = null;
  readUnderPointer(place, () => shown, lens);
  const head = createHead(card, index, send, select);
  const plates = createPlates(find(card, ".plates"));
  const platesEmpty = find(card, ".plates-empty");
  const serving = find(card, ".service h3");
  const registers = createRegisters(find(card, ".registers"));
  const path = createPath(find(card, ".path"));
  const now = createNow(find(card, ".now"));
  const apicId = find(card, ".apic-id");
  const reasons = reusedList(
    find(card, ".card-why"),
    () => element("li"),
    (item, /** @type {string} */ reason) => setText(item, reason),
  );
  const ended = createEnded(card, () => dismiss(index));

  return {
    element: card,
    place,
    /**
     * @param {CpuState} cpu
     * @param {string} coming
     * @param {boolean} selected
     * @param {string} backend
     * @param {import("../endings.js").Ending | null} ending
     */
    draw(cpu, coming, selected, backend, ending) {
      shown = cpu;
      head(cpu, selected);
      const { ppr, tpr } = prioritiesOf(cpu);
      matrix.draw(bitsOf(cpu, coming), ppr, tpr);
      setText(serving, say(cpu.event_channels ? "in_upcall" : "in_service"));
      const lying = platesOf(cpu);
      plates(lying);
      setHidden(platesEmpty, lying.length > 0);
      registers(registersOf(cpu));
      // On what it waits stands below, in the line of what it does; why that does not come needs the room.
      reasons(reasonsOf(cpu).slice(cpu.waits?.because.length ? 1 : 0, 4));
      ended(ending);
      path(cpu, backend);
      now(cpu);
      setText(apicId, apicWords(cpu));
      setAttribute(place, "title", null);
      setAttribute(
        card,
        "aria-label",
        say(cpu.event_channels ? "cpu_now_without_apic" : "cpu_now", {
          ...cpu.register_words,
          cpu: index,
          activity: cpu.activity,
        }),
      );
    },
  };
}

/** Why this CPU does not go on, and why what is requested waits: the first thing first. @param {CpuState} cpu */
export const reasonsOf = (cpu) => [
  ...(cpu.waits ? [say("cpu_waits", { cpu: cpu.cpu, words: cpu.waits.words }), ...cpu.waits.because] : []),
  ...cpu.why.map((reason) => reason.text),
];

/**
 * What ended at this CPU otherwise than by acceptance, until it is pressed away.
 *
 * @param {HTMLElement} card
 * @param {() => void} dismiss
 */
export function createEnded(card, dismiss) {
  const line = find(card, ".card-ended");
  const words = find(line, "span");
  line.addEventListener("click", (event) => {
    event.stopPropagation();
    dismiss();
  });
  /** @param {import("../endings.js").Ending | null} ending */
  return (ending) => {
    setHidden(line, ending === null);
    setText(words, ending ? endingWords(ending) : "");
  };
}

/** @param {CpuState} cpu */
function apicWords(cpu) {
  if (cpu.event_channels) return say("no_apic");
  if (cpu.apic_mode === "disabled") return say("apic_off");
  return say("apic", { id: cpu.apic_id.toString(16).padStart(2, "0") });
}
