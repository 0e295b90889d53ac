/** Choices this browser remembers. Storage may be forbidden; then they last as long as the page. */

/** @type {Map<string, string>} */
const fallback = new Map();

/** @param {string} name @returns {string | null} */
export function recall(name) {
  try {
    return localStorage.getItem(`apicscope.${name}`);
  } catch {
    return fallback.get(name) ?? null;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(`apicscope.${name}`, value);
  } catch {
    fallback.set(name, value);
  }
}
