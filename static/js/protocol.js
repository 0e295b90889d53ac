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
 * @typedef {object} IcrFields the last command in words
 * @property {string} words
 * @property {string} short
 *
 * @typedef {object} Wait what this CPU's code polls or spins for
 * @property {string} words
 * @property {string[]} because link by link
 * @property {number[]} cpus on whom
 * @property {boolean} for_ever nothing that is under way can end it
 *
 * @typedef {{ name: string, value: string, words: string, short: string, short_value: string }} SharedWord
 *
 * @typedef {object} Timer
 * @property {string} mode
 * @property {number} initial_count
 * @property {number} divide
 * @property {number | null} deadline
 * @property {string} words
 *
 * @typedef {object} EventChannels the words that a guest without an APIC shares with its hypervisor
 * @property {string} pending 64 hexadecimal digits; bit p is port p
 * @property {string} masked
 * @property {string} level ports that need an end by hypercall
 * @property {string} selector the words of 64 ports to look into, since the guest looked last
 * @property {boolean} upcall_pending
 * @property {boolean} upcall_mask
 * @property {SharedWord[]} rows
 *
 * @typedef {object} Cpu
 * @property {number} cpu
 * @property {number} apic_id
 * @property {string} apic_mode
 * @property {"running" | "halted" | "wait_for_sipi"} run_state
 * @property {boolean} interrupt_flag
 * @property {boolean} held_off a person holds its interrupts off
 * @property {"open" | "gate" | "code" | "held"} window whether interrupts come in, and who keeps them out
 * @property {Wait | null} waits
 * @property {Record<string, string>} register_words what registers come to, by the keys that hold their values
 * @property {string[]} alarms keys of registers whose value tells that something is wrong
 * @property {Record<string, string>} lvt_words
 * @property {{ physical: number, logical: number, group: number }} destinations what names this CPU in ICR
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
 * @property {boolean} smi_pending
 * @property {boolean} init_pending
 * @property {boolean} in_smm
 * @property {string} apic_base
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
 * @property {number} checked
 * @property {number} unseen what hangs on something that the file does not show
 * @property {{ line: number, says: string }[]} limits
 *
 * @typedef {object} Difference
 * @property {number} line
 * @property {number} position operations done when all of the line is
 * @property {number} time
 * @property {number | null} cpu
 * @property {string | null} recorded
 * @property {string | null} model
 * @property {string | null} why
 * @property {string | null} known_deviation
 * @property {string} text
 *
 * @typedef {{ command: string, operations: number, words: string }} UnderWay
 *
 * @typedef {object} State
 * @property {number} time
 * @property {boolean} paused
 * @property {number | null} speed virtual cycles per second of wall time; null is flat out
 * @property {UnderWay | null} [under_way] a step or a run until idle that takes long
 * @property {{ asleep: boolean, words: string } | null} [sleep] it sleeps, or slept until just now
 * @property {{ share: number, words: string } | null} [throttled] it does not get the time that it wants
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
 * @property {{ paused: boolean }} [pair] of a machine that is one of two
 * @property {Difference[]} [differences] of a session that follows a recording
 *
 * @typedef {object} MachineEvent
 * @property {number} n
 * @property {number} time
 * @property {string} kind
 * @property {number | null} cpu
 * @property {number | null} vector
 * @property {number | null} message
 * @property {number | null} [pin] of the I/O APIC
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
 * @param {Cpu} cpu
 */
export function waitingOf(cpu) {
  return cpu.event_channels?.pending ?? cpu.irr;
}
