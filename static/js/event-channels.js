/**
 * What a picture shows of a guest without an APIC: the words that it shares with its hypervisor. A port bears the number of the
 * vector that the same interrupt has with an APIC (`app/WIRE.md`).
 *
 * @typedef {import("./state-types.js").CpuState} CpuState
 */

import { bitmapOf, EMPTY } from "./bitmap.js";

/**
 * What the picture of a CPU shows: requests, what is in service, what is level-triggered, lost or on its way.
 *
 * @param {CpuState} cpu
 * @param {string} coming
 * @returns {import("./views/matrix.js").Bits}
 */
export function bitsOf(cpu, coming) {
  const channels = cpu.event_channels;
  if (!channels) {
    return { irr: cpu.irr, isr: cpu.isr, tmr: cpu.tmr, twice: cpu.coalesced, masked: EMPTY, coming };
  }
  return {
    irr: channels.pending,
    isr: EMPTY,
    tmr: channels.level,
    twice: bitmapOf(cpu.repeated.map(({ vector }) => vector)),
    masked: channels.masked,
    coming,
  };
}

/** What holds vectors back: no priority does where there is no APIC. @param {CpuState} cpu */
export const prioritiesOf = (cpu) =>
  cpu.event_channels ? { ppr: "0x00", tpr: "0x00" } : { ppr: cpu.ppr, tpr: cpu.tpr };
