/** The sign of a CPU's interrupt flag, in 20 × 16: interrupts come in, the arm is up; they do not, it is down; a person holds them off, a padlock. */

const SHAPES = {
  up: "M2 15v-7h3.6v7zM4.2 6.4L16.6.6l1.3 2.8L5.5 9.2z",
  down: "M2 15V4h3.6v11zM5.6 4.8h13.6v5H5.6zM7.8 6.1l-1.1 2.4h2.1l1.1-2.4zM12 6.1l-1.1 2.4H13l1.1-2.4zM16.2 6.1l-1.1 2.4h2.1l.9-2v-.4z",
  locked: "M5 7V5.2a4.6 4.6 0 0 1 9.2 0V7h1.6v8.2H3.4V7zm2.3 0h4.6V5.2a2.3 2.3 0 0 0-4.6 0z",
};

/** @param {string} window as the state names it */
export function shapeOf(window) {
  if (window === "open") return SHAPES.up;
  return window === "held" ? SHAPES.locked : SHAPES.down;
}

/** @type {Map<string, Path2D>} */
const paths = new Map();

/** The same for a canvas. @param {string} window */
export function barrierOf(window) {
  const shape = shapeOf(window);
  const known = paths.get(shape) ?? new Path2D(shape);
  paths.set(shape, known);
  return known;
}
