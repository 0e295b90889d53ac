/**
 * Many CPUs on one canvas, as half-wells or as a mosaic, with counts that select, and beside it the wells of the selected CPU and of those that
 * somebody pinned. For keyboards and screen readers a grid lies over it that has one cell: the selected CPU's.
 */

import { element, find, setAttribute, setClass, setText } from "../dom.js";
import { lookOf, watchLook } from "../score/look.js";
import { nextOf } from "../stage/finding.js";
import { paintMosaic } from "../stage/mosaic-paint.js";
import { createRate, isBlurred, rateWords } from "../stage/pace.js";
import {
  boxOf,
  censusOf,
  cpuAt,
  HALVES_TO,
  halvesLayoutOf,
  layoutOf,
  tileAt,
  tileOf,
} from "../stage/tiles.js";
import { say } from "../vocabulary.js";
import { cellSentence, grouped } from "../words.js";
import { createCensus, createFinding } from "./census.js";
import { createHalves } from "./half-wells.js";

/** @typedef {import("../state-types.js").State} State */
/** @typedef {import("../state-types.js").CpuState} CpuState */

/** So many wells have room beside the mosaic. */
const MOST_PINNED = 4;

/** The grid over the canvas: its one cell is the selected CPU's. @param {HTMLElement} grid */
function createMirror(grid) {
  const row = element("div");
  row.setAttribute("role", "row");
  const cell = element("div");
  cell.setAttribute("role", "gridcell");
  cell.id = "mosaic-cell";
  row.append(cell);
  grid.append(row);
  grid.setAttribute("aria-activedescendant", cell.id);
  /** @param {CpuState} cpu @param {import("../stage/tiles.js").Layout} layout @param {string} words */
  return (cpu, { rows, columns }, words) => {
    setAttribute(grid, "aria-rowcount", String(rows));
    setAttribute(grid, "aria-colcount", String(columns));
    setAttribute(row, "aria-rowindex", String(Math.floor(cpu.cpu / columns) + 1));
    setAttribute(cell, "aria-colindex", String((cpu.cpu % columns) + 1));
    setAttribute(cell, "aria-label", words);
  };
}

/** A canvas as large as its box, which asks for a frame when either is another. @param {HTMLElement} box @param {() => void} ask */
function createSurface(box, ask) {
  const canvas = /** @type {HTMLCanvasElement} */ (find(box, "canvas"));
  const probe = find(box, ".mosaic-probe");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const surface = { width: 0, height: 0, look: lookOf(probe), version: 0 };
  const changed = () => {
    surface.version++;
    ask();
  };
  watchLook(() => {
    surface.look = lookOf(probe);
    changed();
  });
  new ResizeObserver(([entry]) => {
    if (!entry) return;
    Object.assign(surface, { width: entry.contentRect.width, height: entry.contentRect.height });
    canvas.width = Math.round(surface.width * devicePixelRatio);
    canvas.height = Math.round(surface.height * devicePixelRatio);
    surface.look = lookOf(probe);
    changed();
  }).observe(box);
  return {
    surface,
    /** A clean context in CSS pixels. */
    begin() {
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      context.clearRect(0, 0, surface.width, surface.height);
      return context;
    },
  };
}

/** What a tile says. @param {CpuState} cpu @param {number} rate interrupts that it took of late */
function tileWords(cpu, rate) {
  const waits = cpu.waits?.words ?? cpu.why[0]?.text;
  const words = say("tile", { cpu: cpu.cpu, words: waits ?? cpu.activity });
  return rate > 0 ? `${words} ${say("taken_lately", { count: rate })}` : words;
}

/** Under the mosaic: how many messages go by where they are too fast to follow. @param {HTMLElement} line */
function createPace(line) {
  const rateOf = createRate();
  /** @param {State} state @param {number} now @returns {boolean} whether they are */
  return (state, now) => {
    const rate = rateOf(state.counters.messages ?? 0, now);
    const blurred = !state.paused && isBlurred(state);
    setText(line, blurred && rate > 0 ? rateWords(rate) : "");
    return blurred;
  };
}

/**
 * Where tiles lie in the window.
 *
 * @param {HTMLElement} grid
 * @param {() => import("../stage/tiles.js").Layout} layout
 */
function createPlaces(grid, layout) {
  return {
    /** The box of a CPU's tile; null where it has none. @param {number} cpu */
    boxOf(cpu) {
      if (cpu < 0 || cpu >= layout().count) return null;
      const at = grid.getBoundingClientRect();
      const { x, y, width, height } = boxOf(layout(), cpu);
      return new DOMRect(at.left + x, at.top + y, width, height);
    },
    /** The CPU whose tile lies at a place of the window, or null. @param {number} clientX @param {number} clientY */
    cpuAt(clientX, clientY) {
      const at = grid.getBoundingClientRect();
      return cpuAt(layout(), clientX - at.left, clientY - at.top);
    },
  };
}

/**
 * Pointer and keys.
 *
 * @param {HTMLElement} grid
 * @param {object} parts
 * @param {ReturnType<typeof createPlaces>} parts.places
 * @param {ReturnType<typeof createHalves>["chipAt"]} parts.chipAt
 * @param {() => import("../stage/tiles.js").Layout} parts.layout
 * @param {(at: number) => CpuState | null} parts.cpu
 * @param {() => number} parts.selected
 * @param {(cpu: number) => void} parts.select
 * @param {(cpu: number, vector: number) => void} parts.selectVector
 * @param {(cpu: number) => void} parts.togglePin
 * @param {(back: boolean) => void} parts.goOn to the next CPU that is looked for
 * @param {(cpu: CpuState) => string} parts.words
 * @param {import("./lens.js").Lens} parts.lens
 */
function listen(
  grid,
  { places, chipAt, layout, cpu, selected, select, selectVector, togglePin, goOn, words, lens },
) {
  /** @param {MouseEvent} event */
  const under = (event) => places.cpuAt(event.clientX, event.clientY);
  /** @param {MouseEvent} event */
  const chipUnder = (event) => {
    const box = grid.getBoundingClientRect();
    return chipAt(event.clientX - box.left, event.clientY - box.top);
  };
  grid.addEventListener("click", (event) => {
    const at = under(event);
    if (at !== null) select(at);
    const chip = chipUnder(event);
    if (chip) selectVector(chip.cpu, chip.vector);
  });
  grid.addEventListener("dblclick", () => togglePin(selected()));
  grid.addEventListener("pointermove", (event) => {
    const pointed = cpu(under(event) ?? -1);
    const box = pointed && places.boxOf(pointed.cpu);
    if (!pointed || !box) return lens.hide();
    const chip = chipUnder(event);
    lens.showAt(box, chip ? cellSentence(pointed, chip.vector) : words(pointed));
  });
  grid.addEventListener("pointerleave", lens.hide);
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const along = event.key.toLowerCase() === "n";
    if (event.shiftKey && !along) return;
    const next = tileAt(event.key, selected(), layout());
    if (along) goOn(event.shiftKey);
    else if (event.key === "Enter") togglePin(selected());
    else if (next === null) return;
    else select(next);
    event.preventDefault();
  });
}

/** Those that are pinned when one is pinned, or no more. @param {number[]} pinned @param {number} cpu */
const toggled = (pinned, cpu) =>
  (pinned.includes(cpu) ? pinned.filter((other) => other !== cpu) : [...pinned, cpu]).slice(-MOST_PINNED);

/**
 * Tiles, or half-wells, and what goes on between them.
 *
 * @param {{ look: import("../score/look.js").Look }} surface
 * @param {() => CanvasRenderingContext2D} begin
 * @param {ReturnType<typeof createHalves>} halves
 */
function createPainting(surface, begin, halves) {
  /** @param {import("../store.js").Model} model @param {State} state @param {{ shelves: string, found: Set<number> | null, fast: boolean, pinned: number[], layout: import("../stage/tiles.js").Layout }} how */
  return ({ selected, selectedVector }, state, { shelves, fast, ...how }) => {
    const traffic = { ...how, selected, flights: fast ? [] : state.in_flight };
    const picture = { ...traffic, rates: state.rates };
    const { look } = surface;
    if (!asHalves(state.cpus.length))
      paintMosaic(begin(), { ...picture, tiles: state.cpus.map(tileOf), arrives }, look);
    else halves.paint(begin(), state, shelves, { ...picture, vector: selectedVector }, look);
  };
}

/** Which CPUs somebody keeps open. @param {() => void} ask for a frame */
function createPins(ask) {
  /** @type {number[]} */
  let pinned = [];
  return {
    all: () => pinned,
    /** @param {number} cpu */
    toggle(cpu) {
      pinned = toggled(pinned, cpu);
      ask();
    },
    /** Whose wells stand beside the mosaic. @param {number} cpu the selected one */
    open: (cpu) => [...new Set([...pinned.slice(pinned.includes(cpu) ? 0 : 1 - MOST_PINNED), cpu])],
  };
}

/**
 * @param {HTMLElement} machine
 * @param {{ select: (cpu: number) => void, selectVector: (cpu: number, vector: number) => void }} acts
 * @param {import("./lens.js").Lens} lens
 * @param {() => void} ask for a frame
 */
export function createMosaic(machine, { select, selectVector }, lens, ask) {
  const box = find(machine, ".mosaic-box");
  const grid = find(box, ".mosaic-grid");
  const { surface, begin } = createSurface(box, ask);
  const tell = createMirror(grid);
  const isFast = createPace(find(machine, ".mosaic-pace"));
  const note = find(machine, ".mosaic-note span");
  const pins = createPins(ask);
  /** @type {State | null} */
  let shown = null;
  let selected = 0;
  /** @type {unknown[]} */
  let drawn = [];
  const halves = createHalves(ask);
  const layout = () => layoutFor(shown?.cpus.length ?? 0)(surface);
  // Keys come faster than frames: the next begins where the last one led.
  const go = (/** @type {number} */ cpu) => {
    selected = cpu;
    select(cpu);
  };
  const census = createCensus(find(machine, ".census"), (cpus) => {
    const next = nextOf(cpus, selected);
    if (next !== null) go(next);
  });
  const finding = createFinding(find(machine, ".mosaic-find"), () => selected, go, ask);
  const places = createPlaces(grid, layout);
  const cpu = (/** @type {number} */ at) => shown?.cpus[at] ?? null;
  const words = (/** @type {CpuState} */ one) => tileWords(one, shown?.rates[one.cpu] ?? 0);
  const paint = createPainting(surface, begin, halves);
  const acts = { select: go, selectVector, togglePin: pins.toggle, goOn: finding.goOn };
  listen(grid, {
    ...acts,
    places,
    chipAt: halves.chipAt,
    layout,
    cpu,
    selected: () => selected,
    words,
    lens,
  });

  return {
    ...places,
    pins,
    /** @param {import("../store.js").Model} model @param {State} state @param {number} now */
    draw(model, state, now) {
      const fast = isFast(state, now);
      const shelves = asHalves(state.cpus.length) ? halves.shelves(state, now) : "";
      const seen = [state.cpus, state.rates, state.in_flight, shelves, fast, surface.version];
      const chosen = [model.selected, model.selectedVector, pins.all(), finding.words()];
      const all = [...seen, ...chosen];
      if (all.every((part, at) => part === drawn[at])) return;
      drawn = all;
      shown = state;
      selected = model.selected;
      setClass(machine, "as-halves", asHalves(state.cpus.length));
      const tiles = state.cpus.map(tileOf);
      census(censusOf(tiles));
      const found = finding.among(candidatesOf(state, tiles));
      setText(note, rowWords(state));
      const one = state.cpus[selected];
      if (one) tell(one, layout(), words(one));
      if (surface.width > 0)
        paint(model, state, { shelves, found, fast, pinned: pins.all(), layout: layout() });
    },
  };
}

/** @param {State} state @param {import("../stage/tiles.js").Tile[]} tiles */
const candidatesOf = (state, tiles) =>
  state.cpus.flatMap((cpu, at) => {
    const tile = tiles[at];
    return tile ? [{ cpu, tile, rate: state.rates[at] ?? 0 }] : [];
  });

/** What a row of tiles holds. @param {State} state */
function rowWords({ cpus }) {
  const clustered = cpus[0]?.apic_mode === "x2apic";
  return say(clustered ? "mosaic_x2apic" : "mosaic_xapic");
}

/** Whether so many CPUs are half-wells; from a last row one sees tiles and not those. @param {number} count */
const asHalves = (count) => count <= HALVES_TO && document.documentElement.dataset.density !== "lecture";

/** How so many CPUs lie on the canvas. @param {number} count */
const layoutFor =
  (count) =>
  (/** @type {{ width: number, height: number, look: import("../score/look.js").Look }} */ surface) =>
    (asHalves(count) ? halvesLayoutOf : layoutOf)(count, surface.width, surface.height, surface.look.font);

/** @param {number} time */
const arrives = (time) => say("arrives", { time: grouped(time) });
