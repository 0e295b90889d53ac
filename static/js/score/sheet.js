/**
 * A canvas, as large as its box, with a word beside the pointer and another one that says how far what is fetched has come.
 *
 * @typedef {ReturnType<typeof createSheet>} Sheet
 */

import { element, find, setStyle } from "../dom.js";

/** Smaller boxes show nothing (pixels). */
const LEAST_WIDTH = 80;
const LEAST_HEIGHT = 40;

/** @param {HTMLElement} box with a canvas in it */
export function createSheet(box) {
  const canvas = /** @type {HTMLCanvasElement} */ (find(box, "canvas"));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const probe = element("span", "score-probe");
  const tip = element("p", "score-tip");
  const progress = element("p", "score-progress");
  tip.hidden = true;
  progress.hidden = true;
  box.append(probe, tip, progress);
  const sheet = { box, canvas, context, probe, tip, progress, size: { width: 0, height: 0 } };
  // The browser says how large it is, so that no frame has to lay the page out to know.
  const measure = () => {
    sheet.size = { width: box.clientWidth, height: box.clientHeight };
  };
  measure();
  new ResizeObserver(measure).observe(box);
  return sheet;
}

/** @param {Sheet} sheet @param {{ size: { width: number, height: number } }} desk is told how large it is @returns {boolean} whether there is room to draw */
export function fitSheet({ size: { width, height }, canvas, context }, desk) {
  if (width < LEAST_WIDTH || height < LEAST_HEIGHT) return false;
  desk.size = { width, height };
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    setStyle(canvas, "width", `${width}px`);
    setStyle(canvas, "height", `${height}px`);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return true;
}
