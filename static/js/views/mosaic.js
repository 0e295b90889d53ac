/**
 * Many CPUs as a mosaic on one canvas, with counts that select, and beside it the wells of the selected CPU and of those that
 * somebody pinned. For keyboards and screen readers a grid lies over it that has one cell: the selected CPU's.
 */

import { element, find, reusedList, setAttribute, setText } from "../dom.js";
import { lookOf, watchLook } from "../score/look.js";
import { paintMosaic } from "../stage/mosaic-paint.js";
import { boxOf, CLUSTER, censusOf, cpuAt, layoutOf, nextOf, tileAt, tileOf } from "../stage/tiles.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../state-types.js").State} State */
/** @typedef {import("../state-types.js").CpuState} CpuState */
/** @typedef {import("../stage/tiles.js").TileKind} TileKind */
/** @typedef {ReturnType<typeof censusOf>[number]} Group */

/** So many wells have room beside the mosaic. */
const MOST_PINNED = 4;
/** After so long (ms) half of a change's glow is left. */
const HALF_LIFE = 400;

/** @type {Record<TileKind, () => string>} */
const KIND_WORDS = {
  handler: () => say("tiles_handler"),
  waits: () => say("tiles_wait"),
  closed: () => say("tiles_closed"),
  absent: () => say("tiles_absent"),
  idle: () => say("tiles_idle"),
};

/** How often each CPU was seen to change of late, 0 to 1. */
function createHeat() {
  /** @type {number[]} */
  let heat = [];
  /** @type {CpuState[]} */
  let before = [];
  let at = 0;
  /** @param {CpuState[]} cpus @param {number} now */
  return (cpus, now) => {
    const left = 0.5 ** (Math.max(0, now - at) / HALF_LIFE);
    at = now;
    heat = cpus.map((cpu, index) => {
      const changed = before[index] !== undefined && before[index] !== cpu;
      return Math.min(1, (heat[index] ?? 0) * left + (changed ? 0.25 : 0));
    });
    before = cpus;
    return heat;
  };
}

/** @param {HTMLElement} list @param {(group: Group) => void} choose */
function createCensus(list, choose) {
  /** @type {Group[]} */
  let groups = [];
  const write = reusedList(
    list,
    () => {
      const item = element("li");
      const button = element("button", "census-group");
      button.type = "button";
      button.append(element("i"), element("b", "mono"), element("span"));
      button.addEventListener("click", () => {
        const group = groups[Number(item.dataset.at)];
        if (group) choose(group);
      });
      item.append(button);
      return item;
    },
    (item, /** @type {Group} */ { kind, gate, cpus }, at) => {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      const [, count, words] = /** @type {HTMLElement[]} */ ([...button.children]);
      setAttribute(item, "data-at", String(at));
      setAttribute(item, "data-kind", kind);
      setAttribute(item, "data-gate", gate);
      if (count) setText(count, String(cpus.length));
      if (words) setText(words, gate === "" ? KIND_WORDS[kind]() : (vocabulary().gates[gate] ?? gate));
    },
  );
  /** @param {Group[]} found */
  return (found) => {
    groups = found;
    write(found);
  };
}

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

/** What a tile says. @param {CpuState} cpu */
function tileWords(cpu) {
  const waits = cpu.waits?.words ?? cpu.why[0]?.text;
  return say("tile", { cpu: cpu.cpu, words: waits ?? cpu.activity });
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
 * @param {() => void} parts.togglePin
 * @param {import("./lens.js").Lens} parts.lens
 */
function listen(grid, { places, layout, cpu, selected, select, togglePin, lens }) {
  /** @param {MouseEvent} event */
  const under = (event) => places.cpuAt(event.clientX, event.clientY);
  grid.addEventListener("click", (event) => {
    const at = under(event);
    if (at !== null) select(at);
  });
  grid.addEventListener("dblclick", togglePin);
  grid.addEventListener("pointermove", (event) => {
    const pointed = cpu(under(event) ?? -1);
    const box = pointed && places.boxOf(pointed.cpu);
    if (!pointed || !box) return lens.hide();
    lens.showAt(box, tileWords(pointed));
  });
  grid.addEventListener("pointerleave", lens.hide);
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const next = tileAt(event.key, selected(), layout().count);
    if (event.key === "Enter") togglePin();
    else if (next === null) return;
    else select(next);
    event.preventDefault();
  });
}

/** Those that are pinned when one is pinned, or no more. @param {number[]} pinned @param {number} cpu */
const toggled = (pinned, cpu) =>
  (pinned.includes(cpu) ? pinned.filter((other) => other !== cpu) : [...pinned, cpu]).slice(-MOST_PINNED);

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
  const heatOf = createHeat();
  const tell = createMirror(grid);
  /** @type {State | null} */
  let shown = null;
  /** @type {number[]} */
  let pinned = [];
  let selected = 0;
  /** @type {unknown[]} */
  let drawn = [];
  const layout = () => layoutOf(shown?.cpus.length ?? 0, surface.width, surface.height, surface.look.font);
  // Keys come faster than frames: the next begins where the last one led.
  const go = (/** @type {number} */ cpu) => {
    selected = cpu;
    select(cpu);
  };
  const census = createCensus(find(machine, ".census"), ({ cpus }) => {
    const next = nextOf(cpus, selected);
    if (next !== null) go(next);
  });

  const togglePin = () => {
    pinned = toggled(pinned, selected);
    ask();
  };

  const places = createPlaces(grid, layout);
  const cpu = (/** @type {number} */ at) => shown?.cpus[at] ?? null;
  listen(grid, { places, layout, cpu, selected: () => selected, select: go, togglePin, lens });

  return {
    ...places,
    /** Whose wells stand beside it. @param {number} cpu the selected one */
    open: (cpu) => [...new Set([...pinned, cpu])].slice(-MOST_PINNED),
    /** @param {import("../store.js").Model} model @param {State} state @param {number} now */
    draw(model, state, now) {
      const parts = [state.cpus, state.in_flight, model.selected, model.receivers, pinned, surface.version];
      if (parts.every((part, at) => part === drawn[at])) return;
      drawn = parts;
      shown = state;
      selected = model.selected;
      const heat = heatOf(state.cpus, now);
      const tiles = state.cpus.map(tileOf);
      census(censusOf(tiles));
      const cpu = state.cpus[selected];
      if (cpu) tell(cpu, tiles.length, tileWords(cpu));
      if (surface.width === 0) return;
      const picture = {
        layout: layout(),
        tiles,
        heat,
        selected,
        pinned,
        aimed: model.receivers,
        flights: state.in_flight,
      };
      paintMosaic(begin(), picture, surface.look);
    },
  };
}
