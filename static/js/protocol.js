/**
 * The shapes that travel on the stream (`app/WIRE.md` is the contract), and nothing that acts.
 *
 * @typedef {import("./state-types.js").State} State
 * @typedef {import("./state-types.js").CpuState} CpuState
 * @typedef {import("./state-types.js").EventRecord} EventRecord
 * @typedef {import("./score/feed.js").SpanChanges} SpanChanges
 *
 * @typedef {{ type: "hello", protocol: number, session: string, cpus: number, backend: string, resume: string }} Hello
 * @typedef {{ type: "snapshot", seq: number, time: number, state: State,
 *             events?: EventRecord[], events_skipped?: number, spans?: SpanChanges }} Snapshot
 * @typedef {{ type: "delta", seq: number, base: number, time: number, cpus?: Record<string, Partial<CpuState>>,
 *             events?: EventRecord[], events_skipped?: number, spans?: SpanChanges, [changed: string]: unknown }} Delta
 * @typedef {{ type: "ping" }} Ping
 * @typedef {Hello | Snapshot | Delta | Ping} Message
 */

/** @typedef {"tpr" | "ppr" | "icr" | "esr" | "svr" | "ldr" | "dfr"} RegisterKey of a CPU's state */

export const SUBPROTOCOL = "apicscope.v1";

/** What the page asks for when it has lost its place. */
export const RESYNC = JSON.stringify({ type: "resync" });

const KNOWN = new Set(["hello", "snapshot", "delta", "ping"]);

/**
 * A message, or null for one this page does not know: a newer server may say more than we understand.
 *
 * @param {string} text
 * @returns {Message | null}
 */
export function parseMessage(text) {
  const message = JSON.parse(text);
  return KNOWN.has(message?.type) ? message : null;
}

/**
 * What waits to be taken: IRR, or the pending ports of a guest that has no APIC.
 * @param {CpuState} cpu
 */
export function waitingOf(cpu) {
  return cpu.event_channels?.pending ?? cpu.irr;
}
