/** Virtual time between two states, so that a message is seen travelling and not hopping. */

/** Never run further ahead of the last word from the server than this (ms): a stalled server must look stalled. */
const FARTHEST_AHEAD = 400;

/**
 * @param {{ time: number, paused: boolean, idle: boolean, speed: number | null }} state
 * @param {number} receivedAt
 * @param {number} now
 */
export function virtualTime(state, receivedAt, now) {
  if (state.paused || state.idle || state.speed === null) return state.time;
  const ahead = Math.min(Math.max(0, now - receivedAt), FARTHEST_AHEAD);
  return state.time + (state.speed * ahead) / 1000;
}

/**
 * How far a message has come, 0 at its sender and 1 at its target.
 *
 * @param {{ sent: number, arrives: number }} flight
 * @param {number} time
 */
export function progress(flight, time) {
  const length = flight.arrives - flight.sent;
  if (length <= 0) return 1;
  return Math.min(1, Math.max(0, (time - flight.sent) / length));
}

const SLOWEST = 20;
const FASTEST = 100_000_000;
/** The slider's last notch stands for "flat out". */
export const FLAT_OUT = 100;

/**
 * The slider is logarithmic: every notch is the same ratio.
 *
 * @param {number} notch 0 … 100
 * @returns {number | null} cycles per second
 */
export function speedAt(notch) {
  if (notch >= FLAT_OUT) return null;
  const exact = SLOWEST * (FASTEST / SLOWEST) ** (notch / (FLAT_OUT - 1));
  const scale = 10 ** (Math.floor(Math.log10(exact)) - 1);
  return Math.round(exact / scale) * scale;
}

/**
 * @param {number | null} speed
 * @returns {number}
 */
export function notchOf(speed) {
  if (speed === null) return FLAT_OUT;
  const share = Math.log(Math.max(speed, SLOWEST) / SLOWEST) / Math.log(FASTEST / SLOWEST);
  return Math.min(FLAT_OUT - 1, Math.round(share * (FLAT_OUT - 1)));
}
