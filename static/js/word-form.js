/** A word of a register as a form: its fields, made from the server's layout, and the whole word beside them; each follows the other. */

import { element } from "./dom.js";
import { cut, hexadecimal, highest, kept, merge, numberIn, put } from "./fields.js";
import { say, vocabulary } from "./vocabulary.js";

/** @typedef {import("./vocabulary.js").IcrField} Field */
/** @typedef {{ box: HTMLElement, show: (word: bigint) => void }} Control */
/** @typedef {(turn: (word: bigint) => bigint, by?: HTMLElement) => void} Change `by`: where somebody writes, whom nothing else writes over */

/** @param {Field} field @param {bigint} value */
const digits = (field, value) => (field.radix === 2 ? value.toString() : hexadecimal(value, field.places));

/** @param {string} id @param {Field} field @param {HTMLElement} control */
function labelled(id, field, control) {
  const box = element("div", "word-field");
  const label = element("label", "", field.called);
  label.htmlFor = id;
  label.append(" ", element("span", "bits", field.bits));
  control.id = id;
  box.dataset.field = field.name;
  box.dataset.says = `${say("edit_field", { called: field.called, bits: field.bits })}. ${field.meaning}`;
  box.append(label, control);
  return box;
}

/** @param {string} id @param {Field} field @returns {Control} */
function makeReading(id, field) {
  const output = element("output");
  return {
    box: labelled(id, field, output),
    show: (word) => {
      const value = cut(word, field);
      output.value = field.values[Number(value)] ?? digits(field, value);
    },
  };
}

/** @param {string} id @param {Field} field @param {Change} change @returns {Control} */
function makeChoice(id, field, change) {
  const select = element("select");
  field.values.forEach((words, value) => {
    select.append(new Option(words, String(value)));
  });
  select.addEventListener("change", () => change((word) => put(word, field, BigInt(select.value))));
  return {
    box: labelled(id, field, select),
    show: (word) => {
      select.value = String(cut(word, field));
    },
  };
}

/** @param {string} id @param {Field} field @param {Change} change @returns {Control} */
function makeNumber(id, field, change) {
  const input = element("input");
  input.autocomplete = "off";
  input.spellcheck = false;
  if (field.name === "vector") input.setAttribute("list", "vector-names");
  input.addEventListener("input", () => {
    const value = numberIn(input.value);
    const fits = value !== null && value <= highest(field);
    const most = digits(field, highest(field));
    input.setCustomValidity(fits ? "" : say("edit_too_large", { bits: field.bits, highest: most }));
    if (fits) change((word) => put(word, field, value), input);
  });
  return {
    box: labelled(id, field, input),
    show: (word) => {
      input.value = digits(field, cut(word, field));
      input.setCustomValidity("");
    },
  };
}

/**
 * Fields that are one choice.
 *
 * @param {string} id
 * @param {NonNullable<import("./vocabulary.js").WrittenWord["together"]>} together
 * @param {Change} change
 * @returns {Control}
 */
function makeTogether(id, together, change) {
  const mask = BigInt(together.mask);
  const box = element("div", "word-field");
  const label = element("label", "", together.words);
  label.append(" ", element("span", "bits", together.bits));
  const select = element("select");
  select.id = label.htmlFor = id;
  for (const { words, bits } of together.choices) select.append(new Option(words, bits));
  select.addEventListener("change", () => change((word) => merge(word, mask, BigInt(select.value))));
  box.append(label, select);
  return {
    box,
    show: (word) => {
      const now = kept(word, mask);
      select.selectedIndex = together.choices.findIndex(({ bits }) => BigInt(bits) === now);
    },
  };
}

/** The whole word. @param {string} id @param {number} width @param {Change} change @returns {Control} */
function makeWhole(id, width, change) {
  const all = { high: width - 1, low: 0 };
  const box = element("div", `word-field word-whole${width > 32 ? " wide" : ""}`);
  const label = element("label", "", say("edit_whole"));
  const input = element("input");
  input.id = label.htmlFor = id;
  input.autocomplete = "off";
  input.spellcheck = false;
  input.addEventListener("input", () => {
    const value = numberIn(input.value);
    const fits = value !== null && value <= highest(all);
    const most = hexadecimal(highest(all), 1);
    input.setCustomValidity(fits ? "" : say("edit_too_large", { bits: `${all.high}:0`, highest: most }));
    if (fits) change(() => value, input);
  });
  box.append(label, input);
  return {
    box,
    show: (word) => {
      input.value = hexadecimal(word, width / 4);
      input.setCustomValidity("");
    },
  };
}

/** The fields that no choice stands for. @param {import("./vocabulary.js").WrittenWord} layout */
function fieldsBeside({ fields, together }) {
  const taken = BigInt(together?.mask ?? 0);
  return fields.filter((field) => cut(taken, field) === 0n);
}

/** Whether its one field is all of it. @param {import("./vocabulary.js").WrittenWord} layout */
const isOneNumber = ({ fields, width }) => fields[0]?.low === 0 && fields[0].high === width - 1;

/**
 * The form of one word. Until somebody changes it, it is whatever it is told to show.
 *
 * @param {string} name of the layout
 * @param {string} prefix of the controls' identifiers
 */
export function createWordForm(name, prefix) {
  const layout = vocabulary().layouts[name];
  if (!layout) throw new Error(`there is no layout ${name}`);
  let word = 0n;
  let changed = false;
  const root = element("fieldset", "word");
  root.dataset.layout = name;
  const legend = element("legend", "", layout.title);
  /** @type {Change} */
  const change = (turn, by) => {
    word = turn(word);
    changed = true;
    for (const control of controls) if (!by || !control.box.contains(by)) control.show(word);
  };
  /** @type {Control[]} */
  const controls = fieldsBeside(layout).map((field) => {
    const id = `${prefix}-${field.name}`;
    if (!field.writable) return makeReading(id, field);
    return field.values.length > 0 ? makeChoice(id, field, change) : makeNumber(id, field, change);
  });
  if (layout.together) controls.unshift(makeTogether(`${prefix}-together`, layout.together, change));
  if (!isOneNumber(layout)) controls.push(makeWhole(`${prefix}-whole`, layout.width, change));
  const show = () => {
    for (const control of controls) control.show(word);
  };
  root.append(legend, ...controls.map(({ box }) => box));
  return {
    root,
    word: () => word,
    changed: () => changed,
    /** @param {bigint} value */
    follow(value) {
      if (changed || value === word) return;
      word = value;
      show();
    },
    /** What is there now is what was written: it follows again. */
    written() {
      changed = false;
    },
    show,
  };
}

/** @typedef {ReturnType<typeof createWordForm>} WordForm */
