/**
 * How much stands on the page, and how large: explore, lecture (for the last row, each fact once) or review (everything at once).
 * Remembered by this browser. Until somebody chooses, the projector's theme brings the lecture's density with it.
 */

import { keep, recall } from "../kept.js";

export const DENSITIES = ["explore", "lecture", "review"];

/** @param {string} now */
export const nextDensity = (now) => DENSITIES[(DENSITIES.indexOf(now) + 1) % DENSITIES.length] ?? "explore";

/** What goes with a theme as long as nobody has chosen. @param {string} theme */
export const densityFor = (theme) => (theme === "projector" ? "lecture" : "explore");

/** @param {() => void} changed the page's proportions are new */
export function createDensity(changed) {
  const { dataset } = document.documentElement;
  const radios = [...document.querySelectorAll("#densities input")].filter(
    (radio) => radio instanceof HTMLInputElement,
  );
  /** What one of them unfolds, and folds again. */
  const unfolded = [...document.querySelectorAll("details[data-open-in]")].filter(
    (part) => part instanceof HTMLDetailsElement,
  );
  let chosen = DENSITIES.includes(recall("density") ?? "");

  /** @param {string} name */
  const show = (name) => {
    dataset.density = name;
    for (const part of unfolded) part.open = part.dataset.openIn === name;
    for (const radio of radios) radio.checked = radio.value === name;
    changed();
  };
  /** @param {string} name */
  const choose = (name) => {
    chosen = true;
    keep("density", name);
    show(name);
  };
  const now = () => dataset.density ?? "explore";

  for (const radio of radios) radio.addEventListener("change", () => choose(radio.value));
  show(now());
  return {
    now,
    choose,
    next: () => choose(nextDensity(now())),
    chosen: () => chosen,
    /** @param {string} theme */
    followTheme: (theme) => {
      if (!chosen && now() !== densityFor(theme)) show(densityFor(theme));
    },
  };
}

/** @typedef {ReturnType<typeof createDensity>} Density */
