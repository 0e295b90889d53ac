/**
 * What lies on the shelves of a CPU, as chips: vectors (or ports) that are in service, requested, or on their way here.
 *
 * @typedef {import("../state-types.js").CpuState} CpuState
 * @typedef {import("../state-types.js").State} State
 * @typedef {"service" | "ended" | "requested" | "coming"} ChipKind `ended`: its EOI is done and its handler still runs
 *
 * @typedef {object} Chip
 * @property {string} key stays with the vector while it goes from requested to in service
 * @property {number} vector
 * @property {ChipKind} kind
 * @property {boolean} level
 * @property {number} times how many requests it stands for: more than one have merged
 * @property {boolean} masked of a port
 * @property {string} gate the kind of gate that it waits at; "" where none is closed, or none is told
 */

import { has, vectorsIn } from "../bitmap.js";
import { classOf } from "../fields.js";
import { vocabulary } from "../vocabulary.js";
import { flightFace, timesOf } from "../words.js";

/**
 * Where vectors will land on each CPU: fixed and lowest-priority messages under way.
 *
 * @param {State} state
 * @returns {Map<number, number[]>} by CPU
 */
export function comingTo(state) {
  /** @type {Map<number, number[]>} */
  const vectors = new Map();
  for (const flight of state.in_flight) {
    if (flight.kind === "eoi_broadcast" || !vocabulary().vector_modes.includes(flight.delivery_mode))
      continue;
    for (const target of flight.targets) {
      const known = vectors.get(target) ?? [];
      if (!known.includes(flight.vector)) vectors.set(target, [...known, flight.vector]);
    }
  }
  return vectors;
}

/** What is on its way to each CPU and has no vector, by its face. @param {State} state @returns {Map<number, string[]>} by CPU */
export function signalsTo(state) {
  /** @type {Map<number, string[]>} */
  const signals = new Map();
  for (const flight of state.in_flight) {
    if (flight.kind === "eoi_broadcast" || vocabulary().vector_modes.includes(flight.delivery_mode)) continue;
    for (const target of flight.targets)
      signals.set(target, [...(signals.get(target) ?? []), flightFace(flight)]);
  }
  return signals;
}

/** Vectors whose handler runs though they are not in service. @param {CpuState} cpu */
function handledOnly(cpu) {
  const vectors = cpu.handlers.flatMap(({ vector }) => (vector === null ? [] : [vector]));
  return [...new Set(vectors)].filter((vector) => !cpu.in_service.includes(vector));
}

/**
 * The chips of a CPU, in the order in which they lie: on each shelf what is in service first, then higher vectors before lower.
 *
 * @param {CpuState} cpu
 * @param {number[]} coming
 * @returns {Chip[]}
 */
export function chipsOf(cpu, coming) {
  const channels = cpu.event_channels;
  const asked = vectorsIn(channels?.pending ?? cpu.irr);
  const levels = channels?.level ?? cpu.tmr;
  const gates = new Map(cpu.why.map((why) => [why.vector, why.gate]));
  const ended = channels ? "service" : "ended";
  /** @type {[ChipKind, number[]][]} */
  const all = [
    ["service", cpu.in_service],
    [ended, handledOnly(cpu)],
    ["requested", asked],
    ["coming", coming],
  ];
  /** @type {Map<number, number>} */
  const seen = new Map();
  return all.flatMap(([kind, vectors]) =>
    [...vectors]
      .sort((one, other) => other - one)
      .map((vector) => {
        const place = seen.get(vector) ?? 0;
        seen.set(vector, place + 1);
        const requested = kind === "requested";
        return {
          key: `${vector}-${place}`,
          vector,
          kind,
          level: kind !== "coming" && has(levels, vector),
          times: requested ? timesOf(cpu, vector) : 1,
          masked: requested && channels !== null && has(channels.masked, vector),
          gate: requested ? (gates.get(vector) ?? "") : "",
        };
      }),
  );
}

/** The chips of each shelf that holds any. @param {Chip[]} chips @returns {Map<number, Chip[]>} */
export function byShelf(chips) {
  /** @type {Map<number, Chip[]>} */
  const shelves = new Map();
  for (const chip of chips) {
    const shelf = classOf(chip.vector);
    shelves.set(shelf, [...(shelves.get(shelf) ?? []), chip]);
  }
  return shelves;
}

/** Widths of a chip's parts, in the letters' size. */
const BARE = 3.4;
const PIP = 1.5;
const LETTER = 0.56;
const MORE = 2;

/** @param {Chip} chip @param {string} name */
const widthOf = (chip, name) => BARE + (chip.times > 1 ? PIP : 0) + (name ? 0.4 + LETTER * name.length : 0);

/**
 * How much of a shelf's chips there is room for: all with their names, or all without, or the first few.
 *
 * @param {Chip[]} chips
 * @param {(chip: Chip) => string} nameOf
 * @param {number} room in the letters' size
 * @returns {{ named: boolean, shown: number }}
 */
export function fitting(chips, nameOf, room) {
  const total = (/** @type {boolean} */ named) =>
    chips.reduce((sum, chip) => sum + widthOf(chip, named ? nameOf(chip) : ""), 0);
  if (total(true) <= room) return { named: true, shown: chips.length };
  if (total(false) <= room) return { named: false, shown: chips.length };
  let left = room - MORE;
  const shown = chips.findIndex((chip) => {
    left -= widthOf(chip, "");
    return left < 0;
  });
  return { named: false, shown: Math.max(1, shown) };
}
