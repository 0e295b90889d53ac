/** The link to a moment, which the server writes: as this browser would open it, and to copy. */

import { copyFrom } from "../copying.js";
import { find } from "../dom.js";

/**
 * What of the page comes back with a linked moment: the CPU and the span that are selected, the score's form and the times that
 * it shows, and whether the page was live.
 *
 * @typedef {{ cpu: number, span: number | null, form: string, times: [number, number] | null, live: boolean }} View
 */

/** @param {() => View} viewNow */
export function createLinking(viewNow) {
  const linked = document.querySelector("#linked");
  if (!(linked instanceof HTMLElement)) return {}; // a recording's moments have no links
  const box = find(document, "#linking");
  const view = /** @type {HTMLInputElement} */ (find(box, "#linking-view"));
  box.addEventListener(
    "submit",
    () => {
      view.value = JSON.stringify(viewNow());
    },
    { capture: true }, // before the form is read
  );
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
  return { linkMoment: () => box.showPopover() };
}
