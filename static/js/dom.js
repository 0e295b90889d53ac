/** Writing to the page only what changed: a node that already says so is left alone. */

const SVG = "http://www.w3.org/2000/svg";

/** @type {WeakMap<Node, Map<string, string>>} */
const written = new WeakMap();

/**
 * @param {Node} node
 * @param {string} what
 * @param {string} value
 * @returns {boolean} whether it is news
 */
function news(node, what, value) {
  let known = written.get(node);
  if (!known) {
    known = new Map();
    written.set(node, known);
  }
  if (known.get(what) === value) return false;
  known.set(what, value);
  return true;
}

const TEXT = 3;

/** @param {Node} node @param {string} value */
export function setText(node, value) {
  if (!news(node, "text", value)) return;
  const { firstChild } = node;
  // Other letters in a text that is there cost less than another text, which has its style made anew.
  const there = firstChild?.nodeType === TEXT && firstChild === node.lastChild;
  if (there && value !== "") firstChild.nodeValue = value;
  else node.textContent = value;
}

/** @param {Element} node @param {string} name @param {string | null} value null takes the attribute away */
export function setAttribute(node, name, value) {
  if (!news(node, name, value ?? "\0")) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

/** @param {Element} node @param {string} name @param {boolean} on */
export function setClass(node, name, on) {
  if (news(node, `.${name}`, on ? "1" : "0")) node.classList.toggle(name, on);
}

/** @param {HTMLElement} node @param {boolean} hidden */
export function setHidden(node, hidden) {
  if (news(node, "hidden", hidden ? "1" : "0")) node.hidden = hidden;
}

/** @param {HTMLElement | SVGElement} node @param {string} property @param {string} value */
export function setStyle(node, property, value) {
  if (news(node, `style:${property}`, value)) node.style.setProperty(property, value);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [content]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className = "", content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content) made.textContent = content;
  return made;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function drawn(tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/**
 * The element a template promises. Its absence is our own mistake, so it is loud.
 *
 * @param {ParentNode} within
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(within, selector) {
  const found = within.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * A copy of what a `<template>` holds.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function copyOf(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`the page has no template ${id}`);
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`template ${id} is empty`);
  return copy;
}

/**
 * A list whose items are made once and written again: as many as there are things to say, the rest hidden.
 *
 * @template Thing
 * @param {HTMLElement} list
 * @param {() => HTMLElement} make
 * @param {(item: HTMLElement, thing: Thing, index: number) => void} write
 */
export function reusedList(list, make, write) {
  /** @type {HTMLElement[]} */
  const items = [];
  return (/** @type {readonly Thing[]} */ things) => {
    while (items.length < things.length) {
      const item = make();
      items.push(item);
      list.append(item);
    }
    items.forEach((item, index) => {
      const thing = things[index];
      setHidden(item, thing === undefined);
      if (thing !== undefined) write(item, thing, index);
    });
  };
}
