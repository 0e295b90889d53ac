/** Asks to whom something is sent: a number, a set, or a word, and what would become of it before it is. */

import { find, setText } from "../dom.js";
import { filled } from "../vocabulary.js";
import { createPopover } from "./popover.js";

/**
 * @param {import("./reading.js").Foresight} foresight
 * @param {(line: string) => Promise<boolean>} act
 */
export function createAsk(foresight, act) {
  const box = find(document, "#act-ask");
  const title = find(box, "#act-ask-title");
  const form = /** @type {HTMLFormElement} */ (find(box, "form"));
  const field = /** @type {HTMLInputElement} */ (find(box, "input"));
  const line = find(box, ".act-line");
  const foreseen = find(box, ".acts-foreseen");
  let template = "";
  const { open, close } = createPopover(box, foresight.stop);

  const text = () => filled(template, { to: field.value.trim() || "…" });
  const consider = () => {
    setText(line, text());
    if (field.value.trim() !== "") return foresight.want(text(), (words) => setText(foreseen, words));
    setText(foreseen, "");
    foresight.stop();
  };
  field.addEventListener("input", consider);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value.trim() === "") return;
    if (await act(text())) close();
  });

  /** @param {string} words @param {string} asked a line with the place of what is asked for in braces @param {import("./popover.js").Spot} at @param {Element | null} from */
  return (words, asked, at, from) => {
    template = asked;
    field.value = "";
    setText(title, words);
    consider();
    open(at, from);
    field.focus({ preventScroll: true });
  };
}
