/**
 * The scores of two branches, one under the other on one axis of time: what moves one moves both, and both have one playhead.
 *
 * @typedef {ReturnType<typeof import("./score.js").createScore>} Score
 * @typedef {{ branch: number, cpus: number }} Course
 */

import { createFrame } from "../frame.js";
import { sightFrom } from "../score/scale.js";
import { createStore } from "../store.js";
import { createScore } from "./score.js";

/**
 * @param {string} api the session's address
 * @param {HTMLElement[]} boxes one per course, with its canvas
 * @param {(time: number) => void} goTo somebody drags the playhead
 */
export function createTwoScores(api, boxes, goTo) {
  const frame = createFrame(() => draw());
  /** @param {number} cpu */
  const select = (cpu) => {
    for (const { store } of sides) store.set({ selected: cpu });
  };
  const sides = boxes.map((box) => {
    const store = createStore(frame.ask);
    const journeys = {
      go: (/** @type {Record<string, unknown>} */ command) => goTo(Number(command.time)),
      underWay: () => false,
    };
    return {
      store,
      score: createScore({ store, api, journeys, frame, select, box, ghosts: false, whole: true }),
    };
  });
  let sight = { from: -1, to: -1, chosen: false };
  let compared = "";

  /** Whoever was moved takes the others along. */
  const align = () => {
    const moved = sides.find(({ score }) => {
      const now = score.sight();
      return now.chosen && (now.from !== sight.from || now.to !== sight.to);
    });
    if (!moved) return;
    sight = moved.score.sight();
    for (const { score } of sides) if (score !== moved.score) score.lookAt(sight.from, sight.to);
  };

  /** @returns {boolean} nothing moves by itself */
  const draw = () => {
    align();
    for (const { store, score } of sides) score.draw(store.get());
    return false;
  };

  return {
    /**
     * Shows these two courses at a time, of *last* in all; new ones from a little before their fork on.
     *
     * @param {Course[]} courses
     * @param {number} time
     * @param {number} last
     * @param {number} fork
     */
    show(courses, time, last, fork) {
      courses.forEach(({ branch, cpus }, at) => {
        const side = sides[at];
        const state = /** @type {any} */ ({ branch, time, cpus: Array.from({ length: cpus }, () => ({})) });
        side?.store.set({ state });
      });
      const names = courses.map(({ branch }) => branch).join();
      if (names !== compared && last > 0) {
        compared = names;
        const { from, to } = sightFrom(fork, last);
        for (const { score } of sides) score.lookAt(from, to);
      }
      frame.ask();
    },
    /** Each does it: what is looked at stays the same in both. */
    actions: Object.fromEntries(
      /** @type {const} */ (["zoomIn", "zoomOut", "fit", "panLeft", "panRight"]).map((name) => [
        name,
        () => sides[0]?.score.actions[name](),
      ]),
    ),
  };
}
