/**
 * What would have been: the rest of the branch that the shown one leaves, to be drawn faintly from there on.
 *
 * @typedef {import("./columns.js").Columns} Columns
 * @typedef {{ columns: Columns, since: number }} Ghost `since`: the time from which on it is drawn
 * @typedef {{ branch: number, parent: number | null, from: number, head: number }} Branch `from`: the last tick that both share
 */

import { append, emptyColumns } from "./columns.js";

/** More of what did not happen nobody looks at. */
const MOST = 4000;

/**
 * @param {(address: string) => Promise<any>} ask
 * @param {string} api the session's address
 * @param {number} branch the shown one
 * @param {(kind: string) => string} styleOf
 * @returns {Promise<Ghost | null>} null where it leaves none that went on
 */
export async function ghostOf(ask, api, branch, styleOf) {
  const history = await ask(`${api}/history`);
  const branches = /** @type {Branch[]} */ (history?.branches ?? []);
  const own = branches.find((one) => one.branch === branch);
  const left = branches.find((one) => one.branch === own?.parent);
  if (!own || !left || left.head <= own.from) return null;
  const rest = { branch: String(left.branch), from: String(own.from + 1), limit: "1" };
  const first = await ask(`${api}/records?${new URLSearchParams(rest)}`);
  const since = first?.records?.[0]?.time;
  if (since === undefined) return null;
  const query = { branch: String(left.branch), from: String(since), limit: String(MOST) };
  const told = await ask(`${api}/score?${new URLSearchParams(query)}`);
  if (told === null) return null;
  const ghost = { columns: emptyColumns(styleOf), since };
  append(ghost.columns, told.spans);
  return ghost;
}
