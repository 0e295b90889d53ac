/**
 * Flags, words at moments. The server writes their list; this asks for it anew when a flag has come or gone, whoever did that, and
 * hands the flags to whoever draws time.
 *
 * @typedef {object} Flag
 * @property {number} flag its number
 * @property {number} branch
 * @property {number} tick
 * @property {number} time virtual
 * @property {string} word
 * @property {string | null} link null where the session's moments have none
 * @property {string} who
 */

import { copyFrom } from "../copying.js";
import { find, setText } from "../dom.js";
import { grouped } from "../words.js";

/** @param {HTMLElement} list whose addresses become as this browser opens them */
function completeAddresses(list) {
  for (const field of list.querySelectorAll(".flag-address"))
    if (field instanceof HTMLInputElement) field.value = new URL(field.value, location.href).href;
}

/** @param {Event} event */
function copyPressed(event) {
  const pressed = event.target instanceof Element ? event.target.closest(".flag-copy") : null;
  const field = pressed?.closest(".flag")?.querySelector(".flag-address");
  const list = pressed?.closest("#flag-list");
  if (field instanceof HTMLInputElement && list) copyFrom(field, find(list, ".flag-copied"));
}

/**
 * @param {import("../store.js").Store} store
 * @param {string} address of the session's flags
 */
export function createFlags(store, address) {
  const box = find(document, "#flags");
  const list = find(box, "#flag-list");
  const count = find(document, "#flag-count");
  /** @type {number | null} */
  let changes = null;
  /** @type {number | null} */
  let drawn = null;

  const refresh = () => box.dispatchEvent(new Event("flags-changed"));
  const form = /** @type {HTMLFormElement} */ (find(box, ".flag-new"));
  let sent = false;
  form.addEventListener("submit", () => {
    sent = true;
  });
  new MutationObserver(() => {
    completeAddresses(list);
    if (!list.querySelector(".problem")) setText(count, grouped(list.querySelectorAll(".flag").length));
    if (sent && !list.querySelector(".problem")) form.reset();
    sent = false;
  }).observe(list, { childList: true });
  completeAddresses(list);
  list.addEventListener("click", copyPressed);
  box.addEventListener("toggle", (event) => {
    if (event instanceof ToggleEvent && event.newState === "open") refresh();
  });

  /** Those on the course of *branch* are what the score shows. @param {number} branch */
  const fetchAnew = async (branch) => {
    const answer = await fetch(`${address}?branch=${branch}`, { headers: { Accept: "application/json" } });
    if (answer.ok && branch === drawn) store.set({ flags: await answer.json() });
  };

  /** @param {import("../store.js").Model} model */
  const draw = ({ state }) => {
    if (!state || (state.score.flags === changes && state.branch === drawn)) return;
    if (changes !== null && state.score.flags !== changes && !sent) refresh();
    changes = state.score.flags;
    drawn = state.branch;
    fetchAnew(drawn).catch(() => {
      changes = null; // the server cannot be reached; the next state asks again
    });
  };
  return { draw, actions: { flag: () => box.showPopover() } };
}
