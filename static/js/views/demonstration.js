/** Whether the machine acts by itself, for those who would rather watch first, or have it to themselves. */

import { find, setAttribute } from "../dom.js";

/** @param {import("../commands.js").Send} send */
export function createDemonstration(send) {
  const knob = find(document, "#demonstration");
  const toggle = () => send({ type: "demonstrate", enabled: knob.getAttribute("aria-checked") !== "true" });
  knob.addEventListener("click", toggle);
  /** @param {import("../store.js").Model} model */
  const draw = ({ state }) => {
    if (state) setAttribute(knob, "aria-checked", String(state.demonstration === true));
  };
  return { draw, toggle };
}
