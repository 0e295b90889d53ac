/** What completing a line comes to: words in, a line out. */

/**
 * @typedef {object} LineAnswer what the server says of a line
 * @property {Record<string, unknown> & { type: string } | null} command
 * @property {{ from: number, to: number, says: string } | null} problem
 * @property {string} hint
 * @property {string} syntax
 * @property {{ text: string, says: string }[]} completions
 * @property {{ from: number, to: number }} replaces
 * @property {{ receivers: number[], merges: number[], sentences: string[], icr: string | null } | null} preview
 */

/**
 * The line with *word* in its place, and a blank behind it where the line goes on; and where the caret is then.
 *
 * @param {string} text
 * @param {{ from: number, to: number }} place
 * @param {string} word
 * @returns {[string, number]}
 */
export function completed(text, place, word) {
  const after = text.slice(place.to);
  const blank = after === "" && !word.endsWith(":") ? " " : "";
  const before = text.slice(0, place.from) + word + blank;
  return [before + after, before.length];
}

/** What all *words* begin with. @param {string[]} words */
export function commonStart(words) {
  const [first = "", ...others] = words;
  let length = first.length;
  for (const word of others) while (!word.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

/**
 * What can be added without a choice: the only completion, or what all of them begin with; null where there is nothing to add.
 *
 * @param {string} text
 * @param {LineAnswer} answer
 * @returns {[string, number] | null}
 */
export function extended(text, { completions, replaces }) {
  const [only] = completions;
  if (only && completions.length === 1) return completed(text, replaces, only.text);
  const start = commonStart(completions.map((one) => one.text));
  if (start.length <= replaces.to - replaces.from) return null;
  const before = text.slice(0, replaces.from) + start;
  return [before + text.slice(replaces.to), before.length];
}
