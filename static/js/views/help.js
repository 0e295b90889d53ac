/** The help dialog, with the marks drawn by the same code that draws the machine. */

import { bitmapOf, EMPTY } from "../bitmap.js";
import { element, find } from "../dom.js";
import { keep, recall } from "../kept.js";
import { cornerOf } from "../matrix-geometry.js";
import { vocabulary } from "../vocabulary.js";
import { createMatrix } from "./matrix.js";

const SAMPLE = 0x88;

/** @returns {[Partial<import("./matrix.js").Bits>, string][]} */
const marks = () =>
  vocabulary().marks.map(({ bits, words }) => [
    Object.fromEntries(bits.map((bit) => [bit, bitmapOf([SAMPLE])])),
    words,
  ]);

/** @param {Partial<import("./matrix.js").Bits>} bits @param {string} words */
function makeMark(bits, words) {
  const row = element("div");
  const name = element("dt", "matrix-mark");
  const matrix = createMatrix();
  matrix.draw(
    { irr: EMPTY, isr: EMPTY, tmr: EMPTY, twice: EMPTY, masked: EMPTY, coming: EMPTY, ...bits },
    "0x00",
    "0x00",
  );
  const { x, y } = cornerOf(SAMPLE);
  matrix.svg.setAttribute("viewBox", `${x - 2} ${y - 4} 24 24`);
  name.append(matrix.svg);
  row.append(name, element("dd", "", words));
  return row;
}

export function createHelp() {
  const dialog = /** @type {HTMLDialogElement} */ (find(document, "#help"));
  let keysAct = recall("keys") !== "off";

  /** Written out of its template when somebody asks for the first time. @param {HTMLTemplateElement} template */
  const write = (template) => {
    template.replaceWith(template.content);
    find(dialog, "#legend").append(...marks().map(([bits, words]) => makeMark(bits, words)));
    const keysOn = /** @type {HTMLInputElement} */ (find(dialog, "#keys-on"));
    keysOn.checked = keysAct;
    keysOn.addEventListener("change", () => {
      keysAct = keysOn.checked;
      keep("keys", keysAct ? "on" : "off");
    });
  };
  const open = () => {
    const template = dialog.querySelector("template");
    if (template) write(template);
    if (!dialog.open) dialog.showModal();
  };
  find(document, "#help-open").addEventListener("click", open);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return { open, keysAct: () => keysAct };
}
