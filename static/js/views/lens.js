/**
 * One small box that says what lies under the pointer or the focus: anything with `data-says`, and the cells of the grid. A finger
 * covers what it points at, and means to act: it gets none.
 */

import { find } from "../dom.js";

const MARGIN = 10;

export function createLens() {
  const box = find(document, "#lens");

  const hide = () => {
    box.hidden = true;
  };

  /** @param {DOMRect} target @param {string} words */
  const showAt = (target, words) => {
    box.textContent = words;
    box.hidden = false;
    const size = box.getBoundingClientRect();
    const above = target.top - size.height - MARGIN;
    const left = Math.min(Math.max(MARGIN, target.left), window.innerWidth - size.width - MARGIN);
    const top = above > MARGIN ? above : target.bottom + MARGIN;
    box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  };

  /** @param {Element} near @param {string} words */
  const show = (near, words) => showAt(near.getBoundingClientRect(), words);

  let touched = false;

  /** @param {Event} event */
  const consider = (event) => {
    if (event instanceof PointerEvent) touched = event.pointerType === "touch";
    const near = touched
      ? null
      : event.target instanceof Element
        ? event.target.closest("[data-says]")
        : null;
    if (near instanceof HTMLElement && near.dataset.says) show(near, near.dataset.says);
    else if (!(event.target instanceof Element && event.target.closest(".matrix"))) hide();
  };

  document.addEventListener("pointerover", consider);
  document.addEventListener("focusin", consider);
  document.addEventListener("keydown", (event) => {
    touched = false;
    if (event.key === "Escape") hide();
  });
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  return { show, showAt, hide };
}

/** @typedef {ReturnType<typeof createLens>} Lens */
