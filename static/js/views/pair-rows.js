/**
 * The rows of a pair's table as far as scores are concerned: which interrupt each stands for, by the numbers of its messages, and
 * where its stimulus lies in each score. The server writes them (`pages/ab/_result.html`).
 *
 * @typedef {import("../score/beside.js").Side} Side
 */

const ROWS = "#result [data-key]";

/** The part of the page that the server writes anew. */
export const resultOf = () => /** @type {HTMLElement | null} */ (document.querySelector("#result"));

/** @param {Element} within @returns {HTMLElement | null} */
export const rowOf = (within) => within.closest("[data-key]");

/** @param {string} key @returns {HTMLElement | null} */
export const rowCalled = (key) => document.querySelector(`${ROWS}[data-key="${CSS.escape(key)}"]`);

/** @param {HTMLElement | null} row none is "" */
export const keyOf = (row) => row?.dataset.key ?? "";

/** @param {HTMLElement} row @param {Side} side */
export function messagesOf({ dataset }, side) {
  const written = (side === "a" ? dataset.messagesA : dataset.messagesB) ?? "";
  return new Set(written.split(" ").filter(Boolean).map(Number));
}

/** @param {HTMLElement} row or the whole result @returns {import("../score/beside.js").Places} */
export const placesOf = ({ dataset }) => ({
  a: { began: Number(dataset.beganA), ended: Number(dataset.endedA) },
  b: { began: Number(dataset.beganB), ended: Number(dataset.endedB) },
});

/** The row that has one of the messages. @param {Side} side @param {number[]} messages @returns {HTMLElement | null} */
export function rowWith(side, messages) {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(ROWS))) {
    const own = messagesOf(row, side);
    if (messages.some((message) => own.has(message))) return row;
  }
  return null;
}

/** The buttons that choose a row. @returns {NodeListOf<HTMLElement>} */
export const choosers = () => document.querySelectorAll("#result .ab-what[aria-pressed]");
