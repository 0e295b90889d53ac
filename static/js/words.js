/** What the page says: names of vectors, meanings of registers, sentences about a cell. Numbers in, words out. */

import { has } from "./bitmap.js";
import { portWords } from "./event-channels.js";

/** @param {number} vector */
export const hex = (vector) => `0x${vector.toString(16).padStart(2, "0")}`;

/** What this kernel calls its vectors; empty where nobody told us, as of a recorded one. @type {Map<number, string>} */
let known = new Map();

/** @param {Map<number, string>} names */
export function nameVectors(names) {
  known = names;
}

/** @param {number} vector */
export const nameOf = (vector) => known.get(vector) ?? "";

/** "0xfc RESCHEDULE" @param {number} vector */
export const fullName = (vector) => `${hex(vector)} ${nameOf(vector)}`.trim();

const SPACED = new Intl.NumberFormat("en", { useGrouping: true, maximumFractionDigits: 0 });

/** 12345678 as "12 345 678", with thin spaces that do not break. @param {number} value */
export const grouped = (value) => SPACED.format(value).replaceAll(",", "\u202f");

/** 61234 as "61.2k" for places where width is dear. @param {number} value */
export function short(value) {
  if (value < 10_000) return grouped(value);
  for (const [size, letter] of /** @type {[number, string][]} */ ([
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ])) {
    if (value >= size) return `${(value / size).toPrecision(3)}${letter}`;
  }
  return grouped(value);
}

/** @param {number | null} speed */
export function speedWords(speed) {
  if (speed === null) return "flat out";
  return `${short(speed)} cycles/s`;
}

/** @type {Record<string, string>} */
export const RUN_STATE = { running: "running", halted: "halted", wait_for_sipi: "waits for SIPI" };

/** "all_excluding_self" as "all excluding self". @param {string} name */
export const spaced = (name) => name.replaceAll("_", " ");

/** @type {Record<string, string>} */
export const REGISTER_WORDS = {
  TPR: "Task priority: software holds back all vectors of this class and below.",
  PPR: "Processor priority: the higher of the task priority's class and the class of the highest vector in service. Only a higher class gets through.",
  ESR: "Error status: what the APIC found wrong since software last cleared it.",
  SVR: "Spurious interrupt vector; bit 8 switches the local APIC on.",
  LDR: "Logical destination: the bits (flat) or cluster this CPU answers to in logical mode.",
  DFR: "Destination format: flat (one bit a CPU) or cluster.",
  ICR: "Interrupt command: writing its low half sends an interprocessor interrupt.",
  IF: "Interrupt flag of the CPU: while it is 0 no maskable interrupt is taken, whatever its priority.",
  VIRTUAL_IF: "Interrupt flag of this guest: evtchn_upcall_mask, inverted. While it is 0 no upcall comes.",
};

const ESR_BITS = [
  "send checksum error",
  "receive checksum error",
  "send accept error",
  "receive accept error",
  "redirectable IPI not supported",
  "sent an illegal vector",
  "received an illegal vector",
  "touched an illegal register",
];

/** @param {string} esr */
export function esrWords(esr) {
  const value = Number(esr);
  const set = ESR_BITS.filter((_, bit) => value & (1 << bit));
  return set.length === 0 ? "no error" : set.join(", ");
}

/**
 * Which of its two sources set the processor priority: the question every lesson on APICs gets stuck at.
 *
 * @param {{ ppr: string, tpr: string, in_service: number[] }} cpu
 */
export function pprWords(cpu) {
  const ppr = Number(cpu.ppr);
  const top = cpu.in_service.at(-1);
  if (top !== undefined && top >> 4 > Number(cpu.tpr) >> 4)
    return `class ${(top >> 4).toString(16)}, set by ${hex(top)} in service`;
  if (ppr === 0) return "nothing is held back";
  return `class ${(ppr >> 4).toString(16)}, set by TPR`;
}

/** @param {number} vector */
function reservation(vector) {
  if (vector < 16) return "illegal vector";
  if (vector < 32) return "kept for exceptions";
  return "";
}

/**
 * What one cell of the matrix shows, in words.
 *
 * @param {import("./protocol.js").Cpu} cpu
 * @param {number} vector
 */
export function cellWords(cpu, vector) {
  if (cpu.event_channels) return `port ${fullName(vector)} ${portWords(cpu, cpu.event_channels, vector)}`;
  const requested = has(cpu.irr, vector);
  const serving = has(cpu.isr, vector);
  const said = [];
  if (serving) said.push("in service");
  if (requested) said.push(serving ? "requested again, waits" : waitsOrNext(cpu, vector));
  if (!serving && !requested) said.push(reservation(vector) || "not requested");
  if (has(cpu.coalesced, vector)) said.push("asked for twice, one is lost");
  if (has(cpu.tmr, vector)) said.push("level-triggered");
  return `${fullName(vector)} ${said.join(", ")}`;
}

/**
 * @param {import("./protocol.js").Cpu} cpu
 * @param {number} vector
 */
function waitsOrNext(cpu, vector) {
  const blocked = vector >> 4 <= Number(cpu.ppr) >> 4 || !cpu.interrupt_flag || cpu.held_off;
  return blocked ? "requested, waits" : "requested";
}

/**
 * The sentence for a cell, with the reason why it waits if the server gave one.
 *
 * @param {import("./protocol.js").Cpu} cpu
 * @param {number} vector
 */
export function cellSentence(cpu, vector) {
  const reason = cpu.why.find((why) => why.vector === vector);
  return reason ? reason.text : `${cellWords(cpu, vector)}.`;
}

/** A message's face on the bus: two hexadecimal digits, or the name of a mode that bypasses vectors. @param {{ delivery_mode: string, vector: number }} flight */
export function flightFace(flight) {
  switch (flight.delivery_mode) {
    case "nmi":
      return "NMI";
    case "smi":
      return "SMI";
    case "init":
      return "INIT";
    case "startup":
      return `SIPI ${flight.vector.toString(16).padStart(2, "0")}`;
    default:
      return flight.vector.toString(16).padStart(2, "0");
  }
}
