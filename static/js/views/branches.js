/** The list of branches, which the server writes: fetched anew when it unfolds, and when another branch is shown. */

import { find } from "../dom.js";

export function createBranches() {
  const list = document.querySelector("#branches");
  if (!(list instanceof HTMLElement)) return () => undefined; // a recording has one course
  /** @type {number | null} */
  let drawn = null;

  const refresh = () => {
    // A name that somebody is writing is left alone; it is sent, or given up, soon enough.
    if (document.activeElement instanceof HTMLInputElement && list.contains(document.activeElement)) return;
    list.dispatchEvent(new Event("branches-changed"));
  };
  list.addEventListener("toggle", (event) => {
    if (event instanceof ToggleEvent && event.newState === "open") refresh();
  });

  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state || state.branch === drawn) return;
    if (drawn !== null) refresh();
    drawn = state.branch;
    /** @type {HTMLInputElement} */ (find(document, "#live-form [name=branch]")).value = String(state.branch);
  };
}
