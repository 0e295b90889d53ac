/** The colours and sizes of the page's style sheets, as a canvas can use them: read again when the theme or the density changes. */

const COLOURS = /** @type {const} */ ([
  "bg",
  "panel",
  "raised",
  "sunken",
  "line",
  "edge",
  "ink",
  "dim",
  "irr",
  "isr",
  "cost",
  "cost-ink",
  "fly",
  "water",
  "action",
  "on-action",
]);

/**
 * @typedef {(typeof COLOURS)[number]} Colour
 *
 * @typedef {object} Look
 * @property {Record<Colour, string>} colours
 * @property {Record<Colour, [number, number, number]>} channels red, green and blue of those that strips are made of
 * @property {number} font size of labels, in CSS pixels
 * @property {string} mono
 * @property {string} sans
 * @property {number} stroke
 */

/** @param {string} colour as the browser computes it @returns {[number, number, number]} */
function channelsOf(colour) {
  const numbers = (colour.match(/[\d.]+/g) ?? []).map(Number);
  const scale = colour.startsWith("color(") ? 255 : 1;
  return [(numbers[0] ?? 0) * scale, (numbers[1] ?? 0) * scale, (numbers[2] ?? 0) * scale];
}

/**
 * @param {HTMLElement} probe an element in the score's box, of no use but to be asked
 * @returns {Look}
 */
export function lookOf(probe) {
  const style = getComputedStyle(probe);
  const named = COLOURS.map((name) => {
    probe.style.setProperty("color", `var(--${name})`);
    return /** @type {[Colour, string]} */ ([name, getComputedStyle(probe).color]);
  });
  const property = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    colours: /** @type {Record<Colour, string>} */ (Object.fromEntries(named)),
    channels: /** @type {Record<Colour, [number, number, number]>} */ (
      Object.fromEntries(named.map(([name, colour]) => [name, channelsOf(colour)]))
    ),
    font: Number.parseFloat(style.fontSize),
    mono: property("--mono"),
    sans: property("--sans"),
    stroke: (Number.parseFloat(property("--stroke")) || 2) * (Number.parseFloat(style.fontSize) / 15),
  };
}

/** Calls *changed* whenever the page may look otherwise. @param {() => void} changed */
export function watchLook(changed) {
  new MutationObserver(changed).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme", "data-density"],
  });
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"])
    matchMedia(query).addEventListener("change", changed);
}
