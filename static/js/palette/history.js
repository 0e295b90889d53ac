/** The lines that somebody has had done in this browser, the newest last, and a way through them. */

/** So many are kept. */
export const MOST_LINES = 50;

/** @param {string | null} text @returns {string[]} what was kept, if it is what was kept */
function linesOf(text) {
  try {
    const lines = JSON.parse(text ?? "[]");
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string").slice(-MOST_LINES) : [];
  } catch {
    return [];
  }
}

/**
 * @param {() => string | null} recall
 * @param {(text: string) => void} keep
 */
export function createHistory(recall, keep) {
  let lines = linesOf(recall());
  /** How many lines back; 0 is what is being written. */
  let back = 0;
  let draft = "";

  return {
    /** A line was done. One that was done before stands at its newest place alone. @param {string} line */
    add(line) {
      lines = [...lines.filter((each) => each !== line), line].slice(-MOST_LINES);
      [back, draft] = [0, ""];
      keep(JSON.stringify(lines));
    },
    /** Something else is written now. */
    written() {
      back = 0;
    },
    /** Whether a line of the past is shown. */
    past: () => back > 0,
    /** The line before, or null. @param {string} now what is written */
    older(now) {
      if (back >= lines.length) return null;
      if (back === 0) draft = now;
      back += 1;
      return lines.at(-back) ?? null;
    },
    /** The line after; behind the newest what was being written. */
    newer() {
      if (back === 0) return null;
      back -= 1;
      return back === 0 ? draft : (lines.at(-back) ?? null);
    },
  };
}
