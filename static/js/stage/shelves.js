/**
 * The shelves of all wells: one a priority class, aligned, so that lines can be compared across CPUs. A class that any CPU uses is
 * tall in all of them. A shelf grows at once, and shrinks only when nobody has used it for a while. Values in, values out.
 *
 * @typedef {object} Shelves by class, class 0 first
 * @property {boolean[]} tall
 * @property {(number | null)[]} freeSince when it was first seen that nobody uses a tall shelf (ms)
 */

/** How long a shelf stays tall after its last use (ms). */
export const LINGER = 2000;

/** @param {number} count how many classes there are @returns {Shelves} */
export const noShelves = (count) => ({
  tall: new Array(count).fill(false),
  freeSince: new Array(count).fill(null),
});

/**
 * @param {Shelves} before
 * @param {Set<number>} used the classes that some CPU uses
 * @param {number} now ms
 * @returns {Shelves} *before* itself where nothing is different
 */
export function shelvesAfter(before, used, now) {
  const freeSince = before.tall.map((tall, at) =>
    !tall || used.has(at) ? null : (before.freeSince[at] ?? now),
  );
  const tall = before.tall.map((was, at) => {
    if (used.has(at)) return true;
    return was && now - (freeSince[at] ?? now) < LINGER;
  });
  const same = tall.every((one, at) => one === before.tall[at] && freeSince[at] === before.freeSince[at]);
  return same ? before : { tall, freeSince: freeSince.map((since, at) => (tall[at] ? since : null)) };
}

/** How long until a shelf shrinks by itself (ms); null when none does. @param {Shelves} shelves @param {number} now */
export function nextShrinking({ freeSince }, now) {
  const waits = freeSince.flatMap((since) => (since === null ? [] : [Math.max(0, since + LINGER - now)]));
  return waits.length === 0 ? null : Math.min(...waits);
}

/** The row of a grid that a class lies in, the highest class first: rows count from 1. @param {number} priority @param {number} count */
export const rowOf = (priority, count) => count - priority;

/**
 * The rows of a well as CSS takes them, the highest class first.
 *
 * @param {boolean[]} tall
 */
export function rowsOf(tall) {
  return tall
    .map((one) => (one ? "var(--tall)" : "minmax(0, 1fr)"))
    .reverse()
    .join(" ");
}

/**
 * Where the lines of processor and task priority lie: above the row of their class. Class 0 holds nothing back that could come.
 *
 * @param {number} processor the class of PPR
 * @param {number} task the class of TPR
 * @param {number} count
 * @returns {{ water: number | null, task: number | null, same: boolean }} rows; `same`: one line stands for both
 */
export function linesOf(processor, task, count) {
  const same = task > 0 && task === processor;
  return {
    water: processor > 0 ? rowOf(processor, count) : null,
    task: task > 0 && !same ? rowOf(task, count) : null,
    same,
  };
}
