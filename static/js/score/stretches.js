/**
 * Stretches of time, of which some are known.
 *
 * @typedef {{ from: number, to: number }} Stretch
 */

/**
 * What of a stretch is not among those that are known.
 *
 * @param {Stretch[]} known in order, apart from each other
 * @param {Stretch} wanted
 * @returns {Stretch[]} in order
 */
export function missing(known, wanted) {
  const holes = [];
  let { from } = wanted;
  for (const one of known) {
    if (one.to < from || one.from > wanted.to) continue;
    if (one.from > from) holes.push({ from, to: one.from });
    from = one.to;
  }
  if (from < wanted.to) holes.push({ from, to: wanted.to });
  return holes;
}

/** The same with one more; those that touch become one. @param {Stretch[]} known @param {Stretch} more @returns {Stretch[]} */
export function joined(known, more) {
  const apart = known.filter((one) => one.to < more.from || one.from > more.to);
  const touching = known.filter((one) => !apart.includes(one));
  const from = Math.min(more.from, ...touching.map((one) => one.from));
  const to = Math.max(more.to, ...touching.map((one) => one.to));
  return [...apart, { from, to }].sort((a, b) => a.from - b.from);
}
