/**
 * Where there is no room for the causes beside the stage, they are a sheet over the page's foot, one kind at a time: a button for
 * each unfolds it, the same button or Escape folds it away. What the sheet acts on stays in sight above it.
 */

import { find, setAttribute } from "../dom.js";

/** Where `sheet.css` makes a sheet of them. */
const NARROW = "(max-width: 1099px)";
/** A finger that goes so far (CSS pixels) up or down along the bar means to unfold or to fold. */
const SWIPE = 28;

/**
 * @param {HTMLElement} bar
 * @param {(up: boolean) => void} swiped
 */
function listenToSwipes(bar, swiped) {
  /** @type {number | null} where the finger came down */
  let from = null;
  let moved = false;
  bar.addEventListener("pointerdown", (event) => {
    from = event.clientY;
    moved = false;
  });
  bar.addEventListener("pointerup", (event) => {
    const way = from === null ? 0 : event.clientY - from;
    from = null;
    moved = Math.abs(way) >= SWIPE;
    if (moved) swiped(way < 0);
  });
  // A finger that was drawn along the bar has pressed nothing.
  bar.addEventListener(
    "click",
    (event) => {
      if (moved && event.detail > 0) event.stopPropagation();
      moved = false;
    },
    true,
  );
}

/** Of each kind that is one section alone, the section is open: its button is its heading. @param {HTMLElement} causes */
function openSections(causes) {
  for (const section of causes.querySelectorAll("details[data-cause]")) {
    if (!(section instanceof HTMLDetailsElement)) continue;
    const kind = section.dataset.cause ?? "";
    if (causes.querySelectorAll(`[data-cause="${CSS.escape(kind)}"]`).length > 1) continue;
    section.classList.add("alone");
    section.open = true;
  }
}

/** @param {HTMLElement} causes @param {HTMLElement} bar */
function createFolding(causes, bar) {
  /** @type {HTMLButtonElement[]} */
  const buttons = [...bar.querySelectorAll("button[data-shows]")].filter(
    (button) => button instanceof HTMLButtonElement,
  );
  let last = buttons[0]?.dataset.shows ?? "";

  /** @param {string | null} kind null folds the sheet */
  const show = (kind) => {
    if (kind === null) delete causes.dataset.shows;
    else causes.dataset.shows = kind;
    last = kind ?? last;
    for (const part of causes.querySelectorAll("[data-cause]"))
      part.classList.toggle("elsewhere", part instanceof HTMLElement && part.dataset.cause !== last);
    for (const button of buttons)
      setAttribute(button, "aria-expanded", String(button.dataset.shows === kind));
    if (kind === null) return;
    find(causes, ".causes-body").scrollTop = 0;
    window.scrollTo({ top: 0 }); // to what it acts on
  };
  const shown = () => causes.dataset.shows ?? null;
  const fold = () => {
    show(null);
    if (causes.contains(document.activeElement))
      buttons.find((button) => button.dataset.shows === last)?.focus();
  };

  for (const button of buttons)
    button.addEventListener("click", () => {
      if (shown() === button.dataset.shows) fold();
      else show(button.dataset.shows ?? null);
    });
  listenToSwipes(bar, (up) => (up ? show(last) : fold()));
  return { show, shown, fold };
}

/** @param {(cpu: number) => void} select */
export function createSheet(select) {
  const causes = find(document, "#causes");
  const narrow = matchMedia(NARROW);
  const folding = createFolding(causes, find(causes, "#sheet-bar"));
  const fit = () => {
    if (narrow.matches) openSections(causes);
  };
  fit();
  narrow.addEventListener("change", fit);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || folding.shown() === null || !narrow.matches)
      return;
    if (document.querySelector(":popover-open, dialog[open]")) return; // what lies on top goes first
    event.preventDefault();
    folding.fold();
  });

  let aimed = "";
  return {
    /** Unfolds it at one kind of causes, where it is a sheet. @param {string} kind */
    show(kind) {
      if (narrow.matches) folding.show(kind);
    },
    /** What is aimed at comes into sight: of several the first. @param {import("../store.js").Model} model */
    draw({ selected, receivers }) {
      if (aimed === receivers.join()) return;
      aimed = receivers.join();
      const [first] = receivers;
      if (first === undefined || receivers.includes(selected)) return;
      if (narrow.matches && folding.shown() === "ipi") select(first);
    },
  };
}
