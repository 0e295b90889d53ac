/** The machine: a card a CPU in two banks with the bus between them, or a ladder of rungs when there are many. */

import { bitmapOf, EMPTY } from "../bitmap.js";
import { find, setClass } from "../dom.js";
import { bitsOf, prioritiesOf } from "../event-channels.js";
import { vocabulary } from "../vocabulary.js";
import { createCard } from "./card.js";
import { createRung } from "./ladder.js";
import { createMatrix } from "./matrix.js";
import { readUnderPointer } from "./vector-grid.js";

/** @typedef {import("../state-types.js").State} State */
/** @typedef {import("../store.js").Model} Model */
/** @typedef {ReturnType<typeof createCard> | ReturnType<typeof createRung>} Card */

/** From this many CPUs on, whole matrices no longer fit a screen. */
export const MANY = 9;
/** More than this many rungs need more columns to fit. */
const CROWDED = 16;

/**
 * Where vectors will land on each CPU: fixed and lowest-priority messages under way.
 *
 * @param {State} state
 * @returns {Map<number, string>}
 */
export function comingTo(state) {
  /** @type {Map<number, number[]>} */
  const vectors = new Map();
  for (const flight of state.in_flight) {
    if (flight.kind === "eoi_broadcast" || !vocabulary().vector_modes.includes(flight.delivery_mode))
      continue;
    for (const target of flight.targets) vectors.set(target, [...(vectors.get(target) ?? []), flight.vector]);
  }
  return new Map([...vectors].map(([cpu, list]) => [cpu, bitmapOf(list)]));
}

/** The full picture of the selected rung, in the inspector. @param {import("./lens.js").Lens} lens */
function createPinned(lens) {
  const pinned = find(document, "#pinned");
  const place = document.createElement("div");
  place.className = "matrix";
  const matrix = createMatrix();
  place.append(matrix.svg);
  pinned.append(place);
  pinned.hidden = false;
  /** @type {import("../state-types.js").CpuState | null} */
  let shown = null;
  readUnderPointer(place, () => shown, lens);
  return {
    place,
    /** @param {import("../state-types.js").CpuState} cpu @param {string} coming */
    draw(cpu, coming) {
      shown = cpu;
      const { ppr, tpr } = prioritiesOf(cpu);
      matrix.draw(bitsOf(cpu, coming), ppr, tpr);
    },
  };
}

/**
 * @param {import("../commands.js").Send} send
 * @param {(cpu: number) => void} select
 * @param {import("./vector-grid.js").VectorGrid} grid
 * @param {import("./lens.js").Lens} lens
 * @param {(cpu: number) => void} dismiss clears away what ended at a CPU
 */
export function createCards(send, select, grid, lens, dismiss) {
  const machine = find(document, "#machine");
  const upper = find(machine, ".bank.upper");
  const lower = find(machine, ".bank.lower");
  /** @type {Card[]} */
  let cards = [];
  /** @type {ReturnType<typeof createPinned> | null} */
  let pinned = null;
  /** @type {unknown[]} */
  let drawn = [];

  /** @param {number} count */
  const build = (count) => {
    const many = count >= MANY;
    machine.classList.toggle("many", many);
    machine.classList.toggle("crowded", count > CROWDED);
    machine.dataset.cpus = String(count);
    cards = Array.from({ length: count }, (_, index) =>
      many ? createRung(index, send, select, dismiss) : createCard(index, send, select, lens, dismiss),
    );
    const above = many || count < 3 ? count : Math.ceil(count / 2);
    upper.replaceChildren(...cards.slice(0, above).map((card) => card.element));
    lower.replaceChildren(...cards.slice(above).map((card) => card.element));
    pinned ??= many ? createPinned(lens) : null;
    drawn = [];
  };

  /** @param {Model} model */
  return (model) => {
    const { state, selected, receivers, endings } = model;
    if (!state) return;
    if (cards.length !== state.cpus.length) build(state.cpus.length);
    const coming = comingTo(state);
    setClass(machine, "replays", state.recording !== null);
    state.cpus.forEach((cpu, index) => {
      const card = cards[index];
      if (!card) return;
      const sign = coming.get(index) ?? EMPTY;
      setClass(card.element, "aimed", receivers.includes(index));
      // Most frames change a CPU or two: the rest kept their identity and are skipped here.
      const before = /** @type {unknown[] | undefined} */ (drawn[index]);
      const ending = endings.cpus.get(index) ?? null;
      const now = [cpu, sign, index === selected, state.backend, ending];
      if (before && now.every((part, at) => part === before[at])) return;
      drawn[index] = now;
      card.draw(cpu, sign, index === selected, state.backend, ending);
    });
    const cpu = state.cpus[selected];
    if (!cpu) return;
    pinned?.draw(cpu, coming.get(selected) ?? EMPTY);
    const place = pinned ? pinned.place : cards[selected]?.place;
    if (place) grid.draw(cpu, place);
  };
}
