/** One CPU as a card: its vectors, what it serves, its registers, what it does and why something waits. */

import { copyOf, element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { bitsOf, prioritiesOf, sharedWordsInShort } from "../event-channels.js";
import { esrWords, grouped, hex, nameOf, pprWords, REGISTER_WORDS, RUN_STATE, spaced } from "../words.js";
import { createMatrix } from "./matrix.js";
import { createPath } from "./path.js";
import { readUnderPointer } from "./vector-grid.js";

/** @typedef {import("../protocol.js").Cpu} Cpu */
/** @typedef {{ vector: number | null, name: string, since: number | null, done: boolean, port?: boolean }} Plate */

/**
 * What lies on the CPU: every vector in service, and handlers that run without one (NMIs, and those that have sent their EOI).
 *
 * @param {Cpu} cpu
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
      setText(face, plate.vector === null ? "NMI" : hex(plate.vector));
      setText(name, plate.name);
      setText(since, plate.since === null ? "" : `· since ${grouped(plate.since)}`);
      setClass(item, "after-eoi", plate.done && !plate.port);
      setAttribute(item, "title", plateWords(plate));
    },
  );
}

/** @param {Plate} plate */
function plateWords(plate) {
  if (plate.vector === null) return `${plate.name}: an NMI has no vector and no bit in ISR`;
  const since = plate.since === null ? "" : `, since cycle ${grouped(plate.since)}`;
  if (plate.port)
    return `port ${hex(plate.vector)} ${plate.name}${since}; its pending bit was cleared when it was taken`;
  return `${hex(plate.vector)} ${plate.name}${since}${plate.done ? "; its EOI is already sent" : "; EOI takes the topmost plate"}`;
}

/** @typedef {{ name: string, value: string, says: string, alarm?: boolean }} Register */

/** @param {Cpu} cpu @returns {Register[]} */
function registersOf(cpu) {
  if (cpu.event_channels) return sharedWordsInShort(cpu.event_channels);
  return [
    { name: "TPR", value: cpu.tpr.slice(2), says: REGISTER_WORDS.TPR ?? "" },
    { name: "PPR", value: cpu.ppr.slice(2), says: REGISTER_WORDS.PPR ?? "" },
    {
      name: "ESR",
      value: cpu.esr.slice(2),
      says: REGISTER_WORDS.ESR ?? "",
      alarm: Number(cpu.esr) !== 0,
    },
    { name: "ICR", value: icrShort(cpu), says: REGISTER_WORDS.ICR ?? "" },
  ];
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

/** The last command in a few words: "fc → all but self". @param {Cpu} cpu */
function icrShort(cpu) {
  if (Number(cpu.icr) === 0) return "unused";
  const { shorthand, destination, vector, delivery_status } = cpu.icr_fields;
  const to =
    shorthand === "none"
      ? destination
      : spaced(shorthand).replace("all excluding self", "all but self").replace("all including self", "all");
  return `${vector.slice(2)} → ${to}${delivery_status === "send_pending" ? " …" : ""}`;
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
  const button = find(card, ".card-select");
  card.dataset.cpu = String(index);
  find(card, ".card-number").textContent = String(index);
  flag.setAttribute("aria-label", `Interrupts on CPU ${index}`);
  flag.addEventListener("click", () => {
    send({ type: "set_interrupt_flag", cpu: index, enabled: flag.getAttribute("aria-checked") !== "true" });
  });
  card.addEventListener("click", () => select(index));
  /** @param {Cpu} cpu @param {boolean} selected */
  return (cpu, selected) => {
    setAttribute(card, "data-run", cpu.run_state);
    setText(stateWords, RUN_STATE[cpu.run_state] ?? cpu.run_state);
    setHidden(lamp, !cpu.nmi_pending);
    // The switch holds interrupts off or lets them in; its figure is what comes of that and of the guest's own IF.
    setAttribute(flag, "aria-checked", String(!cpu.held_off));
    setText(flagValue, cpu.interrupt_flag && !cpu.held_off ? "1" : "0");
    setAttribute(flag, "title", REGISTER_WORDS[cpu.event_channels ? "VIRTUAL_IF" : "IF"] ?? "");
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
  /** @param {Cpu} cpu */
  return (cpu) => {
    const waits = cpu.why.length > 0 && !cpu.step;
    const said = waits ? (cpu.why[0]?.text ?? "") : (cpu.step?.words ?? cpu.activity);
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
 */
export function createCard(index, send, select, lens) {
  const card = copyOf("card-template");
  const matrix = createMatrix();
  const place = find(card, ".matrix");
  place.append(matrix.svg);
  /** @type {Cpu | null} */
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
    (item, /** @type {import("../protocol.js").Reason} */ reason) => setText(item, reason.text),
  );

  return {
    element: card,
    place,
    /** @param {Cpu} cpu @param {string} coming @param {boolean} selected @param {string} backend */
    draw(cpu, coming, selected, backend) {
      shown = cpu;
      head(cpu, selected);
      const { ppr, tpr } = prioritiesOf(cpu);
      matrix.draw(bitsOf(cpu, coming), ppr, tpr);
      setText(serving, cpu.event_channels ? "in its upcall" : "in service");
      const lying = platesOf(cpu);
      plates(lying);
      setHidden(platesEmpty, lying.length > 0);
      registers(registersOf(cpu));
      reasons(cpu.why.slice(0, 3));
      path(cpu, backend);
      now(cpu);
      setText(apicId, apicWords(cpu));
      setAttribute(place, "title", null);
      setAttribute(
        card,
        "aria-label",
        cpu.event_channels
          ? `CPU ${index}: ${cpu.activity}. No APIC, event channels.`
          : `CPU ${index}: ${cpu.activity}. ${pprWords(cpu)}. ${esrWords(cpu.esr)}.`,
      );
    },
  };
}

/** @param {Cpu} cpu */
function apicWords(cpu) {
  if (cpu.event_channels) return "no APIC";
  if (cpu.apic_mode === "disabled") return "APIC off";
  return `APIC ${cpu.apic_id.toString(16).padStart(2, "0")}`;
}
