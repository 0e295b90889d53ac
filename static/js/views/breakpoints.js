/** Where running stops by itself. The server writes the form; this has it written anew when others set or remove a breakpoint, and tells of a hit. */

import { find, setText } from "../dom.js";
import { grouped } from "../words.js";

/**
 * The CPU that a hit is about: that of what happened then, in the same words. A hit by a state alone has none.
 *
 * @param {import("../state-types.js").HitState} hit
 * @param {import("../store.js").EventRecord[]} events
 */
const cpuOf = ({ time, why }, events) =>
  events.findLast((event) => event.time === time && why.includes(event.text.replace(/\.$/, "")))?.cpu ?? null;

/**
 * @param {(words: string) => void} tell
 * @param {(cpu: number) => void} select
 */
export function createBreakpoints(tell, select) {
  const box = find(document, "#breakpoint");
  const count = find(document, "#breakpoint-count");
  /** @type {string | null} */
  let held = null;
  /** @type {string | null} */
  let told = null;

  /** @param {import("../store.js").Model} model */
  const draw = ({ state, events }) => {
    const shown = state?.breakpoints;
    if (!shown) return;
    const now = shown.held.map((each) => each.breakpoint).join();
    if (held !== null && held !== now) box.dispatchEvent(new Event("breakpoints-changed"));
    held = now;
    setText(count, grouped(shown.held.length));
    const words = shown.hit?.words ?? "";
    if (told !== null && told !== words && shown.hit) {
      if (!box.matches(":popover-open")) tell(words); // else the answer stands there
      const cpu = cpuOf(shown.hit, events);
      if (cpu !== null) select(cpu);
    }
    told = words;
  };
  return { draw, actions: { stopAt: () => box.showPopover() } };
}
