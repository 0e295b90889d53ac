/** One CPU as a card: its vectors, what it serves, its registers, what it does and why something waits. */

import { copyOf, element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { waitingOf } from "../protocol.js";
import { esrWords, grouped, hex, nameOf, pprWords, REGISTER_WORDS, RUN_STATE, spaced } from "../words.js";
import { createMatrix } from "./matrix.js";
import { createPath } from "./path.js";
import { readUnderPointer } from "./vector-grid.js";

/** @typedef {import("../protocol.js").Cpu} Cpu */
/** @typedef {{ vector: number | null, name: string, since: number | null, done: boolean }} Plate */

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
      plates.push({ ...handler, done: true });
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
      setClass(item, "after-eoi", plate.done);
      setAttribute(item, "title", plateWords(plate));
    },
  );
}

/** @param {Plate} plate */
function plateWords(plate) {
  if (plate.vector === null) return `${plate.name}: an NMI has no vector and no bit in ISR`;
  const since = plate.since === null ? "" : `, since cycle ${grouped(plate.since)}`;
  return `${hex(plate.vector)} ${plate.name}${since}${plate.done ? "; its EOI is already sent" : "; EOI takes the topmost plate"}`;
}

/** @param {HTMLElement} list */
function createRegisters(list) {
  /** @type {Map<string, HTMLElement>} */
  const values = new Map();
  for (const name of ["TPR", "PPR", "ESR", "ICR"]) {
    const row = element("div");
    row.title = REGISTER_WORDS[name] ?? "";
    const value = element("dd");
    row.append(element("dt", "", name), value);
    list.append(row);
    values.set(name, value);
  }
  /** @param {string} name @param {string} text @param {boolean} [alarm] */
  const write = (name, text, alarm = false) => {
    const value = values.get(name);
    if (!value) return;
    setText(value, text);
    setClass(value, "alarm", alarm);
  };
  /** @param {Cpu} cpu */
  return (cpu) => {
    write("TPR", cpu.tpr.slice(2));
    write("PPR", cpu.ppr.slice(2));
    write("ESR", cpu.esr.slice(2), Number(cpu.esr) !== 0);
    write("ICR", icrShort(cpu));
  };
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
  flag.title = REGISTER_WORDS.IF ?? "";
  flag.addEventListener("click", () => {
    send({ type: "set_interrupt_flag", cpu: index, enabled: flag.getAttribute("aria-checked") !== "true" });
  });
  card.addEventListener("click", () => select(index));
  /** @param {Cpu} cpu @param {boolean} selected */
  return (cpu, selected) => {
    setAttribute(card, "data-run", cpu.run_state);
    setText(stateWords, RUN_STATE[cpu.run_state] ?? cpu.run_state);
    setHidden(lamp, !cpu.nmi_pending);
    setAttribute(flag, "aria-checked", String(cpu.interrupt_flag));
    setText(flagValue, cpu.interrupt_flag ? "1" : "0");
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
      matrix.draw(
        { irr: waitingOf(cpu), isr: cpu.isr, tmr: cpu.tmr, twice: cpu.coalesced, coming },
        cpu.ppr,
        cpu.tpr,
      );
      const lying = platesOf(cpu);
      plates(lying);
      setHidden(platesEmpty, lying.length > 0);
      registers(cpu);
      reasons(cpu.why.slice(0, 3));
      path(cpu, backend);
      now(cpu);
      setText(apicId, apicWords(cpu));
      setAttribute(place, "title", null);
      setAttribute(
        card,
        "aria-label",
        `CPU ${index}: ${cpu.activity}. ${pprWords(cpu)}. ${esrWords(cpu.esr)}.`,
      );
    },
  };
}

/** @param {Cpu} cpu */
function apicWords(cpu) {
  if (cpu.event_channels) return "event ports";
  if (cpu.apic_mode === "disabled") return "APIC off";
  return `APIC ${cpu.apic_id.toString(16).padStart(2, "0")}`;
}
