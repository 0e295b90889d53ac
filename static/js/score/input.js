/**
 * Pointers on the score: drag to pan, on the axis to go to a moment; the wheel with Ctrl and two fingers zoom; a click selects.
 *
 * @typedef {object} Gestures
 * @property {(pixels: number) => void} pan towards later times
 * @property {(factor: number, x: number) => void} zoom
 * @property {(x: number) => void} seek
 * @property {() => void} sought the pointer lets go
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(x: number, y: number) => void} click
 * @property {(y: number) => boolean} isAxis
 */

/** A pointer that moved no farther than this (pixels) has clicked. */
const STILL = 4;
const CLOSER = 2;
/** How much a notch of the wheel zooms. */
const WHEEL = 0.0022;
const LINE = 16;

/** @param {HTMLCanvasElement} canvas @param {Gestures} gestures */
export function listenTo(canvas, gestures) {
  /** @type {Map<number, { x: number, y: number }>} */
  const down = new Map();
  let [moved, seeks] = [0, false];
  const place = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.style.setProperty("touch-action", "pan-y");

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at);
    if (down.size > 1) return;
    moved = 0;
    seeks = gestures.isAxis(at.y);
    if (seeks) gestures.seek(at.x);
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (down.size === 0) gestures.hover(at.x, at.y);
      return;
    }
    moved += Math.abs(at.x - before.x) + Math.abs(at.y - before.y);
    if (down.size === 1) {
      if (seeks) gestures.seek(at.x);
      else if (moved > STILL) gestures.pan(before.x - at.x);
    } else pinch(down, event.pointerId, at, gestures);
    down.set(event.pointerId, at);
  });
  const end = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId) || down.size > 0) return;
    const at = place(event);
    if (seeks) gestures.sought();
    else if (moved <= STILL && event.type === "pointerup") gestures.click(at.x, at.y);
    seeks = false;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", gestures.leave);
  canvas.addEventListener("dblclick", (event) => {
    gestures.zoom(event.shiftKey ? 1 / CLOSER : CLOSER, place(event).x);
  });
  canvas.addEventListener("wheel", (event) => wheel(event, place(event).x, gestures), { passive: false });
}

/** @param {Map<number, { x: number, y: number }>} down @param {number} which @param {{ x: number, y: number }} at @param {Gestures} gestures */
function pinch(down, which, at, gestures) {
  const before = down.get(which);
  const other = [...down].find(([pointer]) => pointer !== which)?.[1];
  if (!before || !other) return;
  const factor = Math.max(8, Math.abs(at.x - other.x)) / Math.max(8, Math.abs(before.x - other.x));
  gestures.pan((before.x - at.x) / 2);
  gestures.zoom(factor, (at.x + other.x) / 2);
}

/** @param {WheelEvent} event @param {number} x @param {Gestures} gestures */
function wheel(event, x, gestures) {
  const unit = event.deltaMode === 0 ? 1 : LINE;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    gestures.zoom(Math.exp(-event.deltaY * unit * WHEEL), x);
    return;
  }
  const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  if (sideways === 0 || (!event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX))) return;
  event.preventDefault();
  gestures.pan(sideways * unit);
}
