/** The shelves of a well as a real grid: a row for each class, a cell for each chip. */

import { drawn, element, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { noneOfEachClass, vectorOf } from "../fields.js";
import { byShelf, fitting } from "../stage/chips.js";
import { rowOf } from "../stage/shelves.js";
import { say, vocabulary } from "../vocabulary.js";
import { cellSentence, hex, short } from "../words.js";

/** @typedef {import("../stage/chips.js").Chip} Chip */
/** @typedef {import("../state-types.js").CpuState} CpuState */

/** In 16 × 16. */
const DIAMOND = "M8 1.8l6.2 6.2l-6.2 6.2l-6.2-6.2z";
const INNER = "M8 5.2l2.8 2.8l-2.8 2.8l-2.8-2.8z";
const SQUARE = "M2.2 2.2h11.6v11.6h-11.6z";
const NOTCH = "M.6 15.4v-6.6l6.6 6.6z";
const STROKE = "M2 14L14 2";
/** What was there fades so long (ms), so that a storm glows and does not blink. */
const FADING = 400;

/** @param {number} cpu @param {Chip} chip @param {(vector: number) => void} press */
function makeChip(cpu, chip, press) {
  const node = element("span", "chip-on-shelf");
  node.setAttribute("role", "gridcell");
  node.id = `chip-${cpu}-${chip.key}`;
  node.dataset.vector = String(chip.vector);
  const svg = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  const mark = drawn("path", { class: "mark-shape" });
  const extra = drawn("path", { class: "mark-extra" });
  svg.append(mark, extra);
  const face = element("b", "mono", hex(chip.vector).slice(2));
  const name = element("span", "chip-name");
  const pip = element("small", "chip-pip mono");
  node.append(svg, face, name, pip);
  node.addEventListener("click", () => press(chip.vector));
  return { node, mark, extra, name, pip };
}

/** @param {Chip} chip */
function extraOf(chip) {
  const parts = [chip.level ? NOTCH : "", chip.times > 1 ? INNER : "", chip.masked ? STROKE : ""];
  return parts.join("");
}

/** @param {CpuState} cpu @param {Chip} chip */
function chipSentence(cpu, chip) {
  if (chip.kind === "coming") return say("chip_coming", { vector: hex(chip.vector), cpu: cpu.cpu });
  if (chip.kind === "ended") {
    const handler = cpu.handlers.find(({ vector }) => vector === chip.vector);
    return say("plate_after_eoi", { vector: hex(chip.vector), name: handler?.name ?? "" });
  }
  return cellSentence(cpu, chip.vector);
}

/** @param {number} cpu @param {number} priority @param {number} count */
function makeShelf(cpu, priority, count) {
  const row = element("div", "shelf");
  row.setAttribute("role", "row");
  row.dataset.shelf = String(priority);
  row.style.setProperty("grid-row", String(rowOf(priority, count)));
  const letter = element("span", "shelf-letter mono", priority.toString(16).toUpperCase());
  letter.setAttribute("role", "rowheader");
  letter.id = `shelf-${cpu}-${priority}`;
  const lowest = vectorOf(priority, 0);
  const reserved = vocabulary().reserved.some(([first, last]) => lowest >= first && lowest <= last);
  if (reserved) row.classList.add("reserved");
  row.append(letter);
  return { row, letter, chips: null, gate: null, more: null };
}

/** @typedef {ReturnType<typeof makeChip> & { goneAt: number | null }} Made */
/** @typedef {{ row: HTMLElement, letter: HTMLElement, chips: HTMLElement | null, gate: HTMLElement | null, more: HTMLElement | null }} Shelf */

/** The parts that only a shelf with something on it has. @param {Shelf} shelf */
function furnish(shelf) {
  if (shelf.chips && shelf.gate && shelf.more)
    return { chips: shelf.chips, gate: shelf.gate, more: shelf.more };
  const chips = element("div", "shelf-chips");
  const more = element("span", "chip-more mono");
  const gate = element("span", "shelf-gate");
  chips.append(more);
  shelf.row.append(chips, gate);
  Object.assign(shelf, { chips, gate, more });
  return { chips, gate, more };
}

/** @param {Made} made @param {Chip} chip @param {string} name @param {string} sentence @param {boolean} selected */
function writeChip(made, chip, name, sentence, selected) {
  const { node, mark, extra, pip } = made;
  setAttribute(node, "data-kind", chip.kind);
  setClass(node, "level", chip.level);
  setClass(node, "merged", chip.times > 1);
  setAttribute(mark, "d", chip.kind === "service" || chip.kind === "ended" ? SQUARE : DIAMOND);
  setAttribute(extra, "d", extraOf(chip));
  setText(made.name, name);
  setHidden(made.name, name === "");
  setText(pip, chip.times > 1 ? `×${short(chip.times)}` : "");
  setHidden(pip, chip.times === 1);
  setAttribute(node, "aria-label", sentence);
  setAttribute(node, "data-says", sentence);
  setAttribute(node, "aria-selected", String(selected));
}

/** The chips of a well, by their keys. What is there no more fades before it goes. @param {number} cpu @param {(vector: number) => void} press */
function createChips(cpu, press) {
  /** @type {Map<string, Made>} */
  const made = new Map();
  /** @type {ReturnType<typeof setTimeout> | null} */
  let sweeping = null;

  const sweep = () => {
    sweeping = null;
    const now = performance.now();
    for (const [key, one] of made) {
      if (one.goneAt === null || now - one.goneAt < FADING) continue;
      one.node.remove();
      made.delete(key);
    }
    if ([...made.values()].some((one) => one.goneAt !== null)) sweeping = setTimeout(sweep, FADING);
  };

  return {
    /** @param {string} key */
    node: (key) => made.get(key)?.node,
    /** @param {Chip[]} chips those that stay @param {number} now */
    fadeOthers(chips, now) {
      const kept = new Set(chips.map((chip) => chip.key));
      for (const [key, one] of made) {
        if (kept.has(key) || one.goneAt !== null) continue;
        one.goneAt = now;
        setClass(one.node, "leaving", true);
        setAttribute(one.node, "aria-hidden", "true");
        if (sweeping === null) sweeping = setTimeout(sweep, FADING + 50);
      }
    },
    /** @param {Chip} chip */
    of(chip) {
      const known = made.get(chip.key);
      const one = known ?? { ...makeChip(cpu, chip, press), goneAt: null };
      if (!known) made.set(chip.key, one);
      if (one.goneAt !== null) {
        one.goneAt = null;
        setClass(one.node, "leaving", false);
        setAttribute(one.node, "aria-hidden", null);
      }
      return one;
    },
  };
}

/**
 * @param {Shelf} shelf
 * @param {Chip[]} chips
 * @param {import("./well.js").Sight} sight
 * @param {ReturnType<typeof createChips>} made
 */
function drawShelf(shelf, chips, sight, made) {
  const parts = furnish(shelf);
  const { named, shown } = fitting(chips, (chip) => sight.nameOf(chip.vector), sight.room);
  let before = /** @type {ChildNode | null} */ (parts.chips.firstChild);
  chips.forEach((chip, at) => {
    const one = made.of(chip);
    const name = named ? sight.nameOf(chip.vector) : "";
    writeChip(one, chip, name, chipSentence(sight.cpu, chip), sight.vector === chip.vector);
    setHidden(one.node, at >= shown);
    if (before === one.node) before = one.node.nextSibling;
    else parts.chips.insertBefore(one.node, before);
  });
  setText(parts.more, shown < chips.length ? `+${chips.length - shown}` : "");
  const gate = chips.find((chip) => chip.gate !== "")?.gate ?? "";
  setText(parts.gate, vocabulary().gates[gate] ?? "");
}

/**
 * @param {HTMLElement} grid
 * @param {number} index the CPU
 * @param {(vector: number) => void} press
 */
export function createShelves(grid, index, press) {
  const count = noneOfEachClass().length;
  /** @type {Map<number, Shelf>} */
  const shelves = new Map();
  const made = createChips(index, press);
  /** @type {Map<number, Chip[]>} */
  let lying = new Map();

  /** @param {number} priority */
  const shelfOf = (priority) => {
    let shelf = shelves.get(priority);
    if (!shelf) {
      shelf = makeShelf(index, priority, count);
      shelves.set(priority, shelf);
      const before = [...shelves].filter(([other]) => other < priority).sort(([a], [b]) => b - a)[0];
      grid.insertBefore(shelf.row, before ? before[1].row : null);
    }
    return shelf;
  };
  for (let priority = count - 1; priority >= 0; priority--) shelfOf(priority);

  return {
    /** How many chips lie on a shelf. @param {number} shelf */
    chips: (shelf) => lying.get(shelf)?.length ?? 0,
    /** The cell at a place, and the vector that lies there. @param {number} shelf @param {number} place */
    cell(shelf, place) {
      const chip = lying.get(shelf)?.[place];
      return { node: (chip && made.node(chip.key)) ?? shelfOf(shelf).letter, vector: chip?.vector ?? null };
    },
    /** @param {import("./well.js").Sight} sight @param {Chip[]} chips @param {number | null} water the row that PPR's line lies above @param {number} now */
    draw(sight, chips, water, now) {
      const ports = sight.cpu.event_channels !== null;
      lying = byShelf(chips);
      made.fadeOthers(chips, now);
      for (const shelf of lying.keys()) shelfOf(shelf);
      for (const [priority, shelf] of shelves) {
        const here = lying.get(priority) ?? [];
        setClass(shelf.row, "tall", sight.tall[priority] === true);
        setClass(shelf.row, "used", here.length > 0);
        setClass(shelf.row, "over-water", water !== null && rowOf(priority, count) === water - 1);
        if (here.length > 0 || shelf.chips) drawShelf(shelf, here, sight, made);
        const said = say(ports ? "port_shelf" : "shelf", { shelf: priority.toString(16).toUpperCase() });
        setAttribute(
          shelf.letter,
          "aria-label",
          here.length > 0 ? said : say("empty_shelf", { shelf: said }),
        );
      }
      setClass(grid, "ports", ports);
      setAttribute(grid, "aria-label", say(ports ? "port_shelves" : "shelves", { cpu: index }));
    },
  };
}
