/** Whether messages go by faster than they can be followed by eye, and how many of them do. */

import { grouped } from "../words.js";

/** @typedef {import("../state-types.js").State} State */

/** A journey shorter than this (ms of wall time) cannot be followed by eye, so it is not drawn as one. */
const SHORTEST_JOURNEY = 140;
/** Fewer messages a second than this are single ones, whatever their speed. */
const A_STREAM = 10;

/** The messages a second of wall time, from the counter, smoothed over a second or so. */
export function createRate() {
  let last = { at: 0, messages: 0 };
  let rate = 0;
  /** @param {number} messages @param {number} now */
  return (messages, now) => {
    if (now - last.at < 500) return rate;
    rate = last.at === 0 ? 0 : (1000 * Math.max(0, messages - last.messages)) / (now - last.at);
    last = { at: now, messages };
    return rate;
  };
}

/** Messages that nobody could see travel. @param {number} rate of a second, smoothed */
export function rateWords(rate) {
  return rate >= A_STREAM ? `too fast to draw: ${grouped(rate)} messages/s` : "too fast to draw";
}

/** @param {State} state */
export function isBlurred(state) {
  if (state.speed === null) return true;
  const journey = state.in_flight[0];
  return journey !== undefined && ((journey.arrives - journey.sent) / state.speed) * 1000 < SHORTEST_JOURNEY;
}
