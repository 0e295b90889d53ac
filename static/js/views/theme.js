/** Auto, light, dark or projector; remembered by this browser. */

import { keep, recall } from "../kept.js";

export const THEMES = ["auto", "light", "dark", "projector"];

/** @param {string} now */
export const nextTheme = (now) => THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "auto";

/** @param {() => void} changed the page's proportions are new */
export function createTheme(changed) {
  const radios = [...document.querySelectorAll("#themes input")].filter(
    (radio) => radio instanceof HTMLInputElement,
  );
  let theme = recall("theme") ?? "auto";
  /** What `p` goes back to. */
  let before = theme === "projector" ? "auto" : theme;

  /** @param {string} name */
  const choose = (name) => {
    if (name !== "projector") before = name;
    theme = name;
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    keep("theme", name);
    for (const radio of radios) radio.checked = radio.value === name;
    changed();
  };

  for (const radio of radios) radio.addEventListener("change", () => choose(radio.value));
  choose(theme);
  return {
    next: () => choose(nextTheme(theme)),
    projector: () => choose(theme === "projector" ? before : "projector"),
  };
}

/** In the projector theme the causes live in a drawer, so that what happens has the room. */
export function createDrawer() {
  const toggle = document.querySelector("#causes-toggle");
  /** @param {boolean} open */
  const set = (open) => {
    document.body.classList.toggle("drawer-open", open);
    toggle?.setAttribute("aria-expanded", String(open));
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") set(false);
  });
  toggle?.addEventListener("click", () => set(!document.body.classList.contains("drawer-open")));
  return { open: () => set(true), close: () => set(false) };
}
