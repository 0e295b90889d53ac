/** What a guest function takes: the fields of the form that it pays no heed are off, where somebody is about to call it. */

import { find } from "../dom.js";

/** @param {HTMLFormElement} form one whose functions are buttons, or the options of a list */
export function createGuestForm(form) {
  const fields = [...form.elements].filter(
    (field) =>
      (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) &&
      field.name.startsWith("arguments."),
  );
  /** @param {string | undefined} takes names of fields; undefined: no function is meant */
  const offer = (takes) => {
    const taken = takes?.split(" ");
    for (const field of fields) {
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
        field.disabled = taken !== undefined && !taken.includes(field.name);
    }
  };
  const list = form.querySelector("select[name=function]");
  if (list instanceof HTMLSelectElement) {
    const chosen = () => offer(list.selectedOptions[0]?.dataset.takes ?? "");
    list.addEventListener("change", chosen);
    chosen();
    return;
  }
  const buttons = find(form, ".functions");
  /** @param {Event} event */
  const meant = (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button) offer(button.dataset.takes);
  };
  const focused = () => buttons.querySelector("button:focus-visible");
  const none = () => {
    const button = focused();
    offer(button instanceof HTMLElement ? button.dataset.takes : undefined);
  };
  buttons.addEventListener("pointerover", meant);
  buttons.addEventListener("focusin", (event) => {
    if (event.target instanceof Element && event.target.matches(":focus-visible")) meant(event);
  });
  buttons.addEventListener("pointerleave", none);
  buttons.addEventListener("focusout", () => setTimeout(none));
}
