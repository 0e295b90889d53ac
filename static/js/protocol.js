/**
 * The shapes that travel on the stream (`app/WIRE.md` is the contract), and nothing that acts.
 *
 * @typedef {object} Handler
 * @property {number | null} vector null is an NMI
 * @property {string} name
 * @property {number} since virtual time
 *
 * @typedef {object} Frame
 * @property {string} function
 * @property {boolean} overridden
 *
 * @typedef {object} Step
 * @property {string} kind
 * @property {string} words
 * @property {number} cycles
 * @property {"guest" | "host"} side
 *
 * @typedef {object} Reason
 * @property {number} vector
 * @property {string} text
 *
 * @typedef {object} IcrFields
 * @property {string} vector
 * @property {string} delivery_mode
 * @property {string} destination_mode
 * @property {string} delivery_status
 * @property {string} level
 * @property {string} trigger_mode
 * @property {string} shorthand
 * @property {string} destination
 *
 * @typedef {object} Timer
 * @property {string} mode
 * @property {number} initial_count
 * @property {number} divide
 * @property {number | null} deadline
 *
 * @typedef {object} EventChannels the words that a guest without an APIC shares with its hypervisor
 * @property {string} pending 64 hexadecimal digits; bit p is port p
 * @property {string} masked
 * @property {string} level ports that need an end by hypercall
 * @property {string} selector the words of 64 ports to look into, since the guest looked last
 * @property {boolean} upcall_pending
 * @property {boolean} upcall_mask
 *
 * @typedef {object} Cpu
 * @property {number} cpu
 * @property {number} apic_id
 * @property {string} apic_mode
 * @property {"running" | "halted" | "wait_for_sipi"} run_state
 * @property {boolean} interrupt_flag
 * @property {boolean} [held_off] a person holds its interrupts off
 * @property {string} irr 64 hexadecimal digits; bit v is vector v
 * @property {EventChannels | null} [event_channels] of a guest without an APIC
 * @property {string} isr
 * @property {string} tmr
 * @property {string} coalesced
 * @property {string} tpr
 * @property {string} ppr
 * @property {string} icr
 * @property {string} esr
 * @property {string} svr
 * @property {string} ldr
 * @property {string} dfr
 * @property {Record<string, string>} lvt
 * @property {Timer} timer
 * @property {number[]} in_service lowest priority first
 * @property {IcrFields} icr_fields
 * @property {Handler[]} handlers outermost first
 * @property {Frame[]} call_stack outermost first
 * @property {string} activity
 * @property {Step | null} step
 * @property {boolean} in_host
 * @property {string[]} queued
 * @property {boolean} nmi_pending
 * @property {Reason[]} why
 *
 * @typedef {object} Pin
 * @property {number} pin
 * @property {number} line
 * @property {string} redirection
 * @property {string} vector
 * @property {string} delivery_mode
 * @property {string} destination_mode
 * @property {string} destination
 * @property {string} polarity
 * @property {"edge" | "level"} trigger_mode
 * @property {boolean} masked
 * @property {boolean} remote_irr
 * @property {string} delivery_status
 *
 * @typedef {object} Flight
 * @property {number} message
 * @property {"ipi" | "io_apic" | "msi" | "hypervisor" | "event_channel" | "eoi_broadcast"} kind
 * @property {number | null} source
 * @property {number} vector
 * @property {string} delivery_mode
 * @property {number[]} targets
 * @property {number} sent
 * @property {number} arrives
 *
 * @typedef {object} Recording
 * @property {string} name
 * @property {number} position
 * @property {number} length
 * @property {boolean} finished
 * @property {number} line
 * @property {number} reads_checked
 * @property {number} reads_mismatched
 * @property {number} vectors_checked
 * @property {number} vectors_mismatched
 * @property {number} unexplained differences of every kind that are no known deviation of the recorder
 *
 * @typedef {object} State
 * @property {number} time
 * @property {boolean} paused
 * @property {number | null} speed virtual cycles per second of wall time; null is flat out
 * @property {string} backend
 * @property {string} cost_sheet the text that names it: with a "?" when figures were changed by hand
 * @property {Record<string, string>} [backends_refused] name to reason
 * @property {boolean} idle
 * @property {boolean} [demonstration] the machine acts by itself
 * @property {number} viewers
 * @property {Record<string, number>} counters
 * @property {Cpu[]} cpus
 * @property {{ id: string, pins: Pin[] }} ioapic
 * @property {Flight[]} in_flight
 * @property {Recording | null} recording
 *
 * @typedef {object} MachineEvent
 * @property {number} n
 * @property {number} time
 * @property {string} kind
 * @property {number | null} cpu
 * @property {number | null} vector
 * @property {number | null} message
 * @property {string} text
 *
 * @typedef {{ type: "hello", protocol: number, session: string, cpus: number, backend: string, resume: string }} Hello
 * @typedef {{ type: "snapshot", seq: number, time: number, state: State,
 *             events?: MachineEvent[], events_skipped?: number }} Snapshot
 * @typedef {{ type: "delta", seq: number, base: number, time: number, cpus?: Record<string, Partial<Cpu>>,
 *             events?: MachineEvent[], events_skipped?: number, [changed: string]: unknown }} Delta
 * @typedef {{ type: "ping" }} Ping
 * @typedef {Hello | Snapshot | Delta | Ping} Message
 */

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
 * @param {Cpu} cpu
 */
export function waitingOf(cpu) {
  return cpu.event_channels?.pending ?? cpu.irr;
}
