/** The two halves of the page, a frame each, while time goes by too fast for anybody to see which was first. */

import { isBlurred } from "./stage/pace.js";

/** @typedef {import("./store.js").Model} Model */
/** @typedef {(model: Model, now: number) => boolean} Half answers whether there is more to do */

/**
 * So no frame takes as long as both. While time stands still, or can be followed by eye, they are drawn at once.
 *
 * @param {Half} upper
 * @param {Half} lower
 * @returns {Half}
 */
export function createTurns(upper, lower) {
  let [owed, moves] = [false, false];
  return (model, now) => {
    const { state } = model;
    if (state === null || state.paused || !isBlurred(state)) {
      owed = false;
      moves = lower(model, now);
      return upper(model, now) || moves;
    }
    owed = !owed;
    if (!owed) return lower(model, now) || moves;
    moves = upper(model, now);
    return true;
  };
}
