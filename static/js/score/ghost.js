/**
 * What would have been: the rest of another branch than the shown one, to be drawn faintly from their fork on.
 *
 * @typedef {import("./columns.js").Columns} Columns
 * @typedef {{ columns: Columns, since: number }} Ghost `since`: the time from which on it is drawn
 * @typedef {(address: string, query?: Record<string, number>) => Promise<any>} Ask null where the server has no answer
 */

import { append, emptyColumns } from "./columns.js";

/** More of what did not happen nobody looks at. */
const MOST = 4000;

/**
 * @param {Ask} ask
 * @param {string} api the session's address
 * @param {number} branch whose rest it is
 * @param {number} shown the branch that is shown
 * @param {(kind: string) => string} styleOf
 * @returns {Promise<{ ghost: Ghost, filling: boolean } | null>} `filling`: the server still reads what happened
 */
export async function ghostOf(ask, api, branch, shown, styleOf) {
  const fork = await ask(`${api}/history/shared`, { a: branch, b: shown });
  if (fork === null) return null;
  const told = await ask(`${api}/score`, { branch, from: fork.time, limit: MOST });
  if (told === null) return null;
  const ghost = { columns: emptyColumns(styleOf), since: fork.time };
  append(ghost.columns, told.spans);
  return { ghost, filling: told.filling !== null };
}

/**
 * The branch that another leaves; null for the first.
 *
 * @param {Ask} ask
 * @param {string} api
 * @param {number} branch
 * @returns {Promise<number | null>}
 */
export async function parentOf(ask, api, branch) {
  const history = await ask(`${api}/history`);
  const courses = /** @type {{ branch: number, parent: number | null }[]} */ (history?.branches ?? []);
  return courses.find((course) => course.branch === branch)?.parent ?? null;
}
