/**
 * Where a key leads from a place in the wells: up and down along the shelves of a CPU, left and right along a shelf and on to the
 * CPU beside it. No DOM.
 *
 * @typedef {{ cpu: number, shelf: number, place: number }} Place `place`: which chip of the shelf; 0 on an empty one
 *
 * @typedef {object} Ground
 * @property {number} cpus
 * @property {number} shelves
 * @property {(cpu: number, shelf: number) => number} chips how many lie there
 */

/** @param {number} value @param {number} last */
const within = (value, last) => Math.min(last, Math.max(0, value));

/** @param {Place} at @param {number} by @param {Ground} ground @returns {Place} */
function alongShelf(at, by, ground) {
  const place = at.place + by;
  if (place >= 0 && place < ground.chips(at.cpu, at.shelf)) return { ...at, place };
  const cpu = at.cpu + by;
  if (cpu < 0 || cpu >= ground.cpus) return at;
  return { cpu, shelf: at.shelf, place: by > 0 ? 0 : Math.max(0, ground.chips(cpu, at.shelf) - 1) };
}

/** The next shelf that holds something, or the last one there is. @param {Place} at @param {number} by @param {Ground} ground @returns {Place} */
function toUsed(at, by, ground) {
  let shelf = at.shelf + by;
  while (shelf > 0 && shelf < ground.shelves - 1 && ground.chips(at.cpu, shelf) === 0) shelf += by;
  return { ...at, shelf: within(shelf, ground.shelves - 1), place: 0 };
}

/**
 * @param {string} key
 * @param {Place} at
 * @param {Ground} ground
 * @returns {Place | null} null where the key means nothing here
 */
export function moved(key, at, ground) {
  const last = ground.shelves - 1;
  switch (key) {
    case "ArrowLeft":
      return alongShelf(at, -1, ground);
    case "ArrowRight":
      return alongShelf(at, 1, ground);
    case "ArrowUp":
      return { ...at, shelf: within(at.shelf + 1, last), place: 0 };
    case "ArrowDown":
      return { ...at, shelf: within(at.shelf - 1, last), place: 0 };
    case "PageUp":
      return toUsed(at, 1, ground);
    case "PageDown":
      return toUsed(at, -1, ground);
    case "Home":
      return { ...at, place: 0 };
    case "End":
      return { ...at, place: Math.max(0, ground.chips(at.cpu, at.shelf) - 1) };
    default:
      return null;
  }
}
