/** Where running stops by itself. The server writes the form; this has it written anew when others set or remove a breakpoint, and tells of a hit. */

import { find, setText } from "../dom.js";
import { grouped } from "../words.js";

/** @param {(words: string) => void} tell */
export function createBreakpoints(tell) {
  const box = find(document, "#breakpoint");
  const count = find(document, "#breakpoint-count");
  /** @type {string | null} */
  let held = null;
  /** @type {string | null} */
  let told = null;

  /** @param {import("../store.js").Model} model */
  const draw = ({ state }) => {
    const shown = state?.breakpoints;
    if (!shown) return;
    const now = shown.held.map((each) => each.breakpoint).join();
    if (held !== null && held !== now) box.dispatchEvent(new Event("breakpoints-changed"));
    held = now;
    setText(count, grouped(shown.held.length));
    const words = shown.hit?.words ?? "";
    if (told !== null && told !== words && words) tell(words);
    told = words;
  };
  return { draw, actions: { stopAt: () => box.showPopover() } };
}
