/** The whole interrupt command as one word: it says what the fields come to, and what is typed there sets them. */

import { find } from "../dom.js";
import { cut, hexadecimal, highest, numberIn } from "../fields.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../vocabulary.js").IcrField} Field */

/** @param {string} text with the gap between its halves, or without */
const wordIn = (text) => numberIn(text.replaceAll("_", ""));

/**
 * Puts a field's value into the form's control of that name. A control that is a choice has what a command can have, which a word
 * may have otherwise.
 *
 * @param {HTMLFormElement} form
 * @param {Field} field
 * @param {bigint} value
 * @returns {boolean} whether there is such a choice
 */
function setField(form, field, value) {
  const control = form.elements.namedItem(field.name);
  if (control instanceof HTMLInputElement) {
    control.value = hexadecimal(value, field.places);
    return true;
  }
  const choices =
    control instanceof RadioNodeList
      ? [...control]
      : control instanceof HTMLSelectElement
        ? [...control.options]
        : [];
  const chosen = choices.find(
    (choice) => choice instanceof HTMLElement && choice.dataset.number === String(value),
  );
  if (chosen instanceof HTMLOptionElement) chosen.selected = true;
  if (chosen instanceof HTMLInputElement) chosen.checked = true;
  return chosen !== undefined;
}

/** @param {HTMLFormElement} form */
export function createComposerWord(form) {
  const input = /** @type {HTMLInputElement} */ (find(form, "#send-word"));

  /** @param {string} text */
  const problemOf = (text) => {
    const word = wordIn(text);
    const fields = vocabulary().icr[input.dataset.mode ?? ""] ?? [];
    const all = { high: fields[0]?.high ?? 0, low: 0 };
    const most = hexadecimal(highest(all), 1);
    if (word === null || word > highest(all))
      return say("edit_too_large", { bits: `${all.high}:0`, highest: most });
    const wrong = fields.find((field) => field.writable && !setField(form, field, cut(word, field)));
    if (!wrong) return "";
    const value = wrong.values[Number(cut(word, wrong))] ?? "";
    return say("edit_not_sent", { called: wrong.called, value });
  };
  /** What the fields come to, by the server's preview: not written over what somebody types. */
  const follow = () => {
    const composition = form.querySelector("[data-word]");
    if (!(composition instanceof HTMLElement)) return;
    input.dataset.mode = composition.dataset.mode ?? "";
    if (input === document.activeElement) return;
    input.value = composition.dataset.word ?? "";
    input.setCustomValidity("");
  };
  input.addEventListener("input", () => input.setCustomValidity(problemOf(input.value)));
  input.addEventListener("blur", () => setTimeout(follow));
  return { follow };
}
