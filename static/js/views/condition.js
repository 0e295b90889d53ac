/** How the session itself fares: what takes long and can be ended, that it slept, that it does not get its time. */

import { find, setHidden, setText } from "../dom.js";

/** @param {import("../commands.js").Send} send */
export function createCondition(send) {
  const strip = find(document, "#condition");
  const said = find(document, "#condition-said");
  const end = find(document, "#condition-end");
  find(document, "#condition-form").addEventListener("submit", (event) => event.preventDefault());
  end.addEventListener("click", () => send({ type: "pause" }));
  const parts = /** @type {const} */ (["under_way", "sleep", "throttled", "kept"]);
  const lines = parts.map((part) => ({ part, line: find(strip, `[data-condition="${part}"]`) }));
  let spoken = "";

  /** @param {import("../store.js").Model} model */
  return ({ state }) => {
    if (!state) return;
    const there = lines.filter(({ part }) => state[part]);
    for (const { part, line } of lines) {
      setText(find(line, ".words"), state[part]?.words ?? "");
      setHidden(line, !state[part]);
    }
    setHidden(strip, there.length === 0);
    // Figures change all the time: aloud it is said once, when it begins.
    const kinds = there.map(({ part }) => part + (part === "sleep" ? state.sleep?.asleep : "")).join();
    if (kinds === spoken) return;
    spoken = kinds;
    setText(said, there.map(({ part }) => state[part]?.words ?? "").join(" "));
  };
}
