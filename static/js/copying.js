/** Addresses to hand on: in a field that can be selected, with a button that copies where the browser allows it. */

import { setText } from "./dom.js";

/**
 * Copies what stands in *field*, and says so.
 *
 * @param {HTMLInputElement} field
 * @param {HTMLElement} said
 */
export async function copyFrom(field, said) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    setText(said, "Copied.");
  } catch {
    // Browsers keep the clipboard from pages that came over plain HTTP: the address is selected, a key does the rest.
    setText(said, "Selected: press Ctrl C to copy.");
  }
}
