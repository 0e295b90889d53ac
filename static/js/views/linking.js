/** The link to a moment, which the server writes: as this browser would open it, and to copy. */

import { copyFrom } from "../copying.js";
import { find } from "../dom.js";

export function createLinking() {
  const linked = document.querySelector("#linked");
  if (!(linked instanceof HTMLElement)) return; // a recording's moments have no links
  const field = () => /** @type {HTMLInputElement | null} */ (linked.querySelector("#linked-address"));
  new MutationObserver(() => {
    const address = field();
    if (address) address.value = new URL(address.value, location.href).href;
  }).observe(linked, { childList: true });
  linked.addEventListener("click", (event) => {
    const address = field();
    const pressed = event.target instanceof Element && event.target.closest("#linked-copy");
    if (address && pressed) copyFrom(address, find(linked, "#linked-copied"));
  });
}
