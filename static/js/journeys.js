/**
 * The way to another moment, one at a time. What is wanted meanwhile waits as one command: the newest place, or the sum of steps
 * of one unit. So neither a slider that is dragged nor a key that is held down makes a queue.
 *
 * @typedef {Record<string, unknown> & { type: string }} Journey
 */

/** Places that are sought follow each other no faster than this (ms). */
export const SEEK_EVERY = 150;

/**
 * What is left to do of two wishes, or null where they undo each other.
 *
 * @param {Journey | null} waiting
 * @param {Journey} wanted
 * @returns {Journey | null}
 */
export function together(waiting, wanted) {
  const summed = waiting?.type === "step" && wanted.type === "step" && waiting.unit === wanted.unit;
  if (!summed) return wanted;
  const count = Number(waiting.count) + Number(wanted.count);
  return count === 0 ? null : { ...wanted, count };
}

/**
 * @param {(command: Journey) => Promise<unknown>} send over once it has been answered
 * @param {(callback: () => void, wait: number) => unknown} [later]
 * @param {() => number} [clock] ms
 */
export function createJourneys(
  send,
  later = (callback, wait) => setTimeout(callback, wait),
  clock = () => performance.now(),
) {
  /** @type {Journey | null} */
  let waiting = null;
  let busy = false;
  let soughtAt = Number.NEGATIVE_INFINITY;

  const next = () => {
    busy = false;
    if (waiting === null) return;
    const rest = waiting.type === "seek" ? soughtAt + SEEK_EVERY - clock() : 0;
    busy = true;
    if (rest > 0) later(depart, rest);
    else depart();
  };

  const depart = () => {
    const command = waiting;
    waiting = null;
    if (command === null) {
      busy = false;
      return;
    }
    if (command.type === "seek") soughtAt = clock();
    send(command).then(next, next);
  };

  return {
    /** @param {Journey} wanted */
    go(wanted) {
      waiting = together(waiting, wanted);
      if (!busy) next();
    },
    /** Whether what is shown is not yet what was asked for. */
    underWay: () => busy,
  };
}

/** @typedef {ReturnType<typeof createJourneys>} Journeys */
