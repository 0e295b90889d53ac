/**
 * Many CPUs as a mosaic on one canvas, with counts that select, and beside it the wells of the selected CPU and of those that
 * somebody pinned. For keyboards and screen readers a grid lies over it that has one cell: the selected CPU's.
 */

import { element, find, setAttribute, setText } from "../dom.js";
import { lookOf, watchLook } from "../score/look.js";
import { nextOf } from "../stage/finding.js";
import { paintMosaic } from "../stage/mosaic-paint.js";
import { createRate, isBlurred, rateWords } from "../stage/pace.js";
import { boxOf, CLUSTER, censusOf, cpuAt, layoutOf, tileAt, tileOf } from "../stage/tiles.js";
import { say } from "../vocabulary.js";
import { grouped } from "../words.js";
import { createCensus, createFinding } from "./census.js";

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
  grid.setAttribute("aria-colcount", String(CLUSTER));
  /** @param {CpuState} cpu @param {number} count @param {string} words */
  return (cpu, count, words) => {
    setAttribute(grid, "aria-rowcount", String(Math.ceil(count / CLUSTER)));
    setAttribute(row, "aria-rowindex", String(Math.floor(cpu.cpu / CLUSTER) + 1));
    setAttribute(cell, "aria-colindex", String((cpu.cpu % CLUSTER) + 1));
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
 * @param {() => import("../stage/tiles.js").Layout} parts.layout
 * @param {(at: number) => CpuState | null} parts.cpu
 * @param {() => number} parts.selected
 * @param {(cpu: number) => void} parts.select
 * @param {(cpu: number) => void} parts.togglePin
 * @param {(back: boolean) => void} parts.goOn to the next CPU that is looked for
 * @param {(cpu: CpuState) => string} parts.words
 * @param {import("./lens.js").Lens} parts.lens
 */
function listen(grid, { places, layout, cpu, selected, select, togglePin, goOn, words, lens }) {
  /** @param {MouseEvent} event */
  const under = (event) => places.cpuAt(event.clientX, event.clientY);
  grid.addEventListener("click", (event) => {
    const at = under(event);
    if (at !== null) select(at);
  });
  grid.addEventListener("dblclick", () => togglePin(selected()));
  grid.addEventListener("pointermove", (event) => {
    const pointed = cpu(under(event) ?? -1);
    const box = pointed && places.boxOf(pointed.cpu);
    if (!pointed || !box) return lens.hide();
    lens.showAt(box, words(pointed));
  });
  grid.addEventListener("pointerleave", lens.hide);
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const along = event.key.toLowerCase() === "n";
    if (event.shiftKey && !along) return;
    const next = tileAt(event.key, selected(), layout().count);
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
 * @param {(cpu: number) => void} select
 * @param {import("./lens.js").Lens} lens
 * @param {() => void} ask for a frame
 */
export function createMosaic(machine, select, lens, ask) {
  const box = find(machine, ".mosaic-box");
  const grid = find(box, ".mosaic-grid");
  const { surface, begin } = createSurface(box, ask);
  const tell = createMirror(grid);
  const isFast = createPace(find(machine, ".mosaic-pace"));
  const pins = createPins(ask);
  /** @type {State | null} */
  let shown = null;
  let selected = 0;
  /** @type {unknown[]} */
  let drawn = [];
  const layout = () => layoutOf(shown?.cpus.length ?? 0, surface.width, surface.height, surface.look.font);
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
  const acts = { select: go, togglePin: pins.toggle, goOn: finding.goOn };
  listen(grid, { ...acts, places, layout, cpu, selected: () => selected, words, lens });

  return {
    ...places,
    pins,
    /** @param {import("../store.js").Model} model @param {State} state @param {number} now */
    draw(model, state, now) {
      const fast = isFast(state, now);
      const parts = [state.cpus, state.rates, state.in_flight, model.selected, model.receivers, pins.all()];
      const all = [...parts, surface.version, finding.words(), fast];
      if (all.every((part, at) => part === drawn[at])) return;
      drawn = all;
      shown = state;
      selected = model.selected;
      const tiles = state.cpus.map(tileOf);
      census(censusOf(tiles));
      const found = finding.among(candidatesOf(state, tiles));
      const one = state.cpus[selected];
      if (one) tell(one, tiles.length, words(one));
      if (surface.width === 0) return;
      const picture = { layout: layout(), tiles, rates: state.rates, found, selected, pinned: pins.all() };
      const flights = fast ? [] : state.in_flight;
      paintMosaic(begin(), { ...picture, aimed: model.receivers, flights, arrives }, surface.look);
    },
  };
}

/** @param {State} state @param {import("../stage/tiles.js").Tile[]} tiles */
const candidatesOf = (state, tiles) =>
  state.cpus.flatMap((cpu, at) => {
    const tile = tiles[at];
    return tile ? [{ cpu, tile, rate: state.rates[at] ?? 0 }] : [];
  });

/** @param {number} time */
const arrives = (time) => say("arrives", { time: grouped(time) });
