/**
 * Two scores on one axis of time: where each of them stands on it, and which stretch both show. A time of the axis is one of A; B's are
 * as much later as B began the stimulus later that is looked at. No DOM.
 *
 * @typedef {"a" | "b"} Side
 * @typedef {Record<Side, { began: number, ended: number }>} Places where a stimulus lies in each
 */

import { fitted, panned, zoomed } from "./scale.js";

/** @type {readonly Side[]} */
export const SIDES = ["a", "b"];
/** What is shown while nothing has happened, in cycles. */
const AT_FIRST = 6_000;

export class Beside {
  constructor() {
    /** @type {import("./scale.js").Scale} */
    this.scale = { from: 0, to: AT_FIRST, left: 0, width: 1 };
    /** When each began the stimulus that is looked at. @type {Record<Side, number>} */
    this.zero = { a: 0, b: 0 };
    /** Whether whatever stimulus comes next is looked at. */
    this.follows = true;
  }

  /** A side's own stretch of time. @param {Side} side @param {import("./scale.js").Scale} own with its place on the canvas */
  scaleOf(side, own) {
    const by = this.zero[side] - this.zero.a;
    return { ...own, from: this.scale.from + by, to: this.scale.to + by, zero: this.zero[side] };
  }

  /** Shows a stimulus from its beginning to the later of its two ends. @param {Places} places */
  lookAt(places) {
    this.zero = { a: places.a.began, b: places.b.began };
    const length = Math.max(...SIDES.map((side) => places[side].ended - places[side].began), 1);
    this.scale = fitted(this.scale, this.zero.a, this.zero.a + length);
  }

  /** Shows all that there is, from the beginning of both on. @param {Record<Side, number>} newest the latest time of each */
  lookAtAll(newest) {
    this.follows = false;
    this.zero = { a: 0, b: 0 };
    this.scale = fitted(this.scale, 0, this.#latest(newest));
  }

  /** @param {number} pixels @param {Record<Side, number>} newest */
  pan(pixels, newest) {
    this.follows = false;
    this.scale = panned(this.scale, pixels, this.#latest(newest));
  }

  /** @param {number} factor @param {number} x @param {Record<Side, number>} newest */
  zoom(factor, x, newest) {
    this.follows = false;
    this.scale = zoomed(this.scale, factor, x, this.#latest(newest));
  }

  /** The latest time of both, on the axis. @param {Record<Side, number>} newest */
  #latest({ a, b }) {
    return Math.max(a, b - this.zero.b + this.zero.a);
  }
}
