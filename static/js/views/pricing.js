/** By which cost sheet cycles are counted. */

import { addressOf } from "../addresses.js";
import { find, setAttribute, setHidden, setText } from "../dom.js";

/**
 * The name of the sheet, and whether somebody has changed figures in it.
 *
 * @param {string} reference
 */
export function sheetOf(reference) {
  const [name = "", figures] = reference.split("?");
  return { name, changed: figures !== undefined };
}

export function createPricing() {
  const link = find(document, "#pricing-sheet");
  const changed = find(document, "#pricing-changed");
  const field = /** @type {HTMLInputElement} */ (find(document, "#pricing-reference"));
  /** @type {string | null} */
  let drawn = null;

  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state || state.cost_sheet === drawn) return;
    drawn = state.cost_sheet;
    const sheet = sheetOf(drawn);
    setText(link, sheet.name);
    setAttribute(link, "href", addressOf(`/costs/${drawn}`));
    setHidden(changed, !sheet.changed);
    field.value = drawn;
  };
}
