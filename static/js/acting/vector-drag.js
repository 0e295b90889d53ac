/** A vector that is dragged from one CPU to another, or to the bus, is an IPI of that vector: seen before it is let go. */

import { say } from "../vocabulary.js";
import { hex } from "../words.js";
import { actsAt, factsOf } from "./acts.js";
import { tabbedCpu } from "./places.js";

/** Onto the bus: to all others, as lines call them. */
const OTHERS = "others";

/**
 * @param {object} parts
 * @param {import("../store.js").Store} parts.store
 * @param {import("./places.js").Stage} parts.stage
 * @param {() => import("./carried.js").Carried} parts.carried
 * @param {import("./reading.js").Foresight} parts.foresight
 * @param {(line: string) => unknown} parts.act
 */
export function createVectorDrag({ store, stage, carried: carriedOf, foresight, act }) {
  /** @param {import("./acts.js").Place} place @param {string} to */
  const lineOf = (place, to) => {
    const { state, selected } = store.get();
    if (!state) return "";
    return actsAt("drop", { ...factsOf(place, state, selected), to })[0]?.line ?? "";
  };

  /** @param {number} x @param {number} y */
  const toAt = (x, y) => {
    const thing = document.elementFromPoint(x, y);
    const cpu = (thing && tabbedCpu(thing)) ?? stage.cpuAt(x, y);
    if (cpu !== null) return String(cpu);
    return thing?.closest("#bus") ? OTHERS : "";
  };

  /** @param {import("./acts.js").Place} place a chip, or a shelf @param {Element} source @returns {import("./pressing.js").Grip} */
  return (place, source) => {
    let to = "";
    let line = "";
    // To where it lies it goes only once it has been away: a hand that shakes sends nothing.
    let away = false;
    const carried = carriedOf();
    source.classList.add("dragged");
    carried.show(
      hex(place.vector ?? 0).slice(2),
      say("drag_from", { vector: hex(place.vector ?? 0), cpu: place.cpu ?? 0 }),
    );
    const home = place.cpu ?? null;
    carried.say(home, "", say("drag_nowhere"));
    return {
      move(x, y) {
        const over = toAt(x, y);
        away ||= over !== String(place.cpu);
        const next = away ? over : "";
        if (next !== to) {
          to = next;
          line = to === "" ? "" : lineOf(place, to);
          const about = line === "" || to === OTHERS ? home : Number(to);
          carried.say(about, line, line === "" ? say("drag_nowhere") : "");
          if (line === "") foresight.stop();
          else foresight.want(line, (words) => carried.say(about, line, words));
        }
        carried.moveTo(x, y);
      },
      drop() {
        if (line !== "") act(line);
      },
      end() {
        source.classList.remove("dragged");
        foresight.stop();
        carried.hide();
      },
    };
  };
}
