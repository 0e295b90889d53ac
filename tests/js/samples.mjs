/** Made-up states and deltas, with a seed: the same run every time. */

import { bitmapOf } from "../../static/js/bitmap.js";

const VECTOR = {
  name: "vector",
  high: 7,
  low: 0,
  bits: "7:0",
  radix: 16,
  places: 2,
  values: [],
  meaning: "",
};
const MODES = ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh"];

/** @param {number} low @param {number} places */
const destination = (low, places) => ({
  ...VECTOR,
  name: "destination",
  high: 63,
  low,
  bits: `63:${low}`,
  places,
});

/** Words that are nobody's: what the scripts say must come from what they are given. */
export const VOCABULARY = {
  names: {},
  priority: {
    priority_class: { ...VECTOR, name: "priority_class", high: 7, low: 4 },
    priority_sub_class: { ...VECTOR, name: "priority_sub_class", high: 3, low: 0 },
  },
  sentences: {
    overridden: "over {backend}",
    port: "port {port} {words}",
    many_events: "{count} events, {taken} interrupts taken. Last: {last}",
  },
  events: {
    refused: { glyph: "R", words: "dropped", ended: true },
    no_target: { glyph: "N", words: "nobody", ended: true },
    pin_silent: { glyph: "P", words: "silent", ended: true },
    accepted: { glyph: "A", words: "accepted", ended: false },
    sent: { glyph: "S", words: "sent", ended: false },
    pin: { glyph: "L", words: "line", ended: false },
  },
  icr: {
    xapic: [
      destination(56, 2),
      {
        ...VECTOR,
        name: "delivery_mode",
        high: 10,
        low: 8,
        bits: "10:8",
        radix: 2,
        places: 3,
        values: MODES,
      },
      VECTOR,
    ],
    x2apic: [destination(32, 8), VECTOR],
  },
  cells: {
    illegal: "illegal",
    exception: "exception",
    idle: "idle",
    requested: "requested",
    serving: "in service",
    again: "again",
    coalesced: "asked for {times} times",
    level: "level-triggered",
    port_idle: "port idle",
    port_pending: "port pending",
    port_masked: "port masked",
    port_handler: "port handler",
    port_level: "port level",
  },
  reserved: /** @type {[number, number, string][]} */ ([
    [0, 15, "illegal"],
    [16, 31, "exception"],
  ]),
  pins: {
    masked: "{pin} {up} masked",
    open: "{pin} {up} {trigger_mode} {delivery_mode} {vector}",
    remote_irr: "remote",
    raised: "up",
    low: "down",
  },
  faces: { startup: "SIPI {}" },
  vector_modes: ["fixed", "lowest_priority"],
  keys: { t: "theme", ArrowRight: "stepForward", "Shift+ArrowRight": "stepInterrupt", "?": "help" },
};

/** Numbers between 0 and 1, the same for the same seed. @param {number} seed */
export function chanceFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param {() => number} chance @param {number} below */
export const pick = (chance, below) => Math.floor(chance() * below);

/** @param {() => number} chance */
export const someVectors = (chance) => Array.from({ length: pick(chance, 12) }, () => pick(chance, 256));

/** @param {number} number @param {Record<string, unknown>} [other] @returns {any} */
export const cpu = (number, other = {}) => ({
  cpu: number,
  apic_id: number,
  apic_mode: "xapic",
  run_state: "running",
  interrupt_flag: true,
  irr: bitmapOf([]),
  isr: bitmapOf([]),
  tmr: bitmapOf([]),
  coalesced: bitmapOf([]),
  repeated: [],
  tpr: "0x00",
  ppr: "0x00",
  icr: "0x0000000000000000",
  esr: "0x00",
  icr_fields: { words: "", short: "" },
  ldr: `0x${(1 << number).toString(16).padStart(2, "0")}000000`,
  destinations: { physical: number, logical: 1 << number, group: 0 },
  window: "open",
  held_off: false,
  waits: null,
  event_channels: null,
  register_words: {},
  lvt_words: {},
  alarms: [],
  in_service: [],
  handlers: [],
  call_stack: [],
  step: null,
  why: [],
  ...other,
});

/** @param {number} cpus @returns {any} */
export const state = (cpus) => ({
  time: 0,
  tick: 0,
  head: 0,
  branch: 0,
  live: true,
  paused: false,
  speed: 400,
  backend: "native-xapic",
  idle: false,
  viewers: 1,
  counters: { ipis_sent: 0 },
  cpus: Array.from({ length: cpus }, (_, number) => cpu(number)),
  in_flight: [],
  endings: [],
  caption: { words: "Nothing waits.", kind: "idle", cpu: null, vector: null, pin: null },
  recording: null,
});

/** A random change of a state: what a server could send as one delta. @param {() => number} chance @param {any} before @returns {any} */
export function mutated(chance, before) {
  const after = structuredClone(before);
  after.time += pick(chance, 1000);
  if (chance() < 0.3) after.backend = chance() < 0.5 ? "vmi" : "trap-emulate";
  if (chance() < 0.3) after.counters = { ipis_sent: pick(chance, 100) };
  if (chance() < 0.3)
    after.in_flight = [{ message: pick(chance, 9), sent: after.time, arrives: after.time + 500 }];
  for (const one of after.cpus) {
    if (chance() < 0.4) one.irr = bitmapOf(someVectors(chance));
    if (chance() < 0.2) one.tpr = `0x${pick(chance, 16).toString(16)}0`;
    if (chance() < 0.2) one.in_service = someVectors(chance);
  }
  return after;
}

/** What leads from one state to the other, the server's way: changed keys only. @param {any} before @param {any} after @param {number} base @returns {any} */
export function deltaBetween(before, after, base) {
  /** @type {any} */
  const delta = { type: "delta", seq: base + 1, base, time: after.time };
  for (const key of Object.keys(after)) {
    if (key !== "cpus" && JSON.stringify(before[key]) !== JSON.stringify(after[key])) delta[key] = after[key];
  }
  for (const [index, now] of after.cpus.entries()) {
    const then = before.cpus[index];
    const changed = Object.entries(now).filter(
      ([key, value]) => JSON.stringify(then[key]) !== JSON.stringify(value),
    );
    if (changed.length > 0) delta.cpus = { ...delta.cpus, [index]: Object.fromEntries(changed) };
  }
  return delta;
}
