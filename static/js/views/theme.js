/** Colours and strokes: auto, light, dark or projector; remembered by this browser. */

import { keep, recall } from "../kept.js";

export const THEMES = ["auto", "light", "dark", "projector"];

/** @param {string} now */
export const nextTheme = (now) => THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "auto";

/**
 * @param {() => void} changed the page's colours are new
 * @param {import("./density.js").Density} density
 */
export function createTheme(changed, density) {
  const radios = [...document.querySelectorAll("#themes input")].filter(
    (radio) => radio instanceof HTMLInputElement,
  );
  let theme = recall("theme") ?? "auto";
  /** What `p` goes back to. */
  let before = theme === "projector" ? "auto" : theme;
  let densityBefore = density.now() === "lecture" ? "explore" : density.now();

  /** @param {string} name */
  const choose = (name) => {
    if (name !== "projector") before = name;
    theme = name;
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    keep("theme", name);
    for (const radio of radios) radio.checked = radio.value === name;
    density.followTheme(name);
    changed();
  };

  /** A projector wants its colours and a lecture's size: one key brings both, and takes both away. */
  const projector = () => {
    const on = theme !== "projector";
    if (on && density.now() !== "lecture") densityBefore = density.now();
    choose(on ? "projector" : before);
    if (density.chosen()) density.choose(on ? "lecture" : densityBefore);
  };

  for (const radio of radios) radio.addEventListener("change", () => choose(radio.value));
  choose(theme);
  return { next: () => choose(nextTheme(theme)), projector };
}

/** In a lecture's density causes take the place of what explains, so that the stage stays whole. */
export function createDrawer() {
  const toggle = document.querySelector("#causes-toggle");
  const causes = document.querySelector("#causes");
  /** @param {boolean} open */
  const set = (open) => {
    const left = !open && causes?.contains(document.activeElement) === true;
    document.body.classList.toggle("drawer-open", open);
    // What is no longer there cannot keep the focus.
    if (left && toggle instanceof HTMLElement) toggle.focus();
    toggle?.setAttribute("aria-expanded", String(open));
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") set(false);
  });
  toggle?.addEventListener("click", () => set(!document.body.classList.contains("drawer-open")));
  return { open: () => set(true), close: () => set(false) };
}
