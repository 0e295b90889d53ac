/** Acting on the thing itself: everything on the stage can be pressed for its menu, and vectors, lines and tiles be dragged. */

import { find } from "../dom.js";
import { createAsk } from "./ask.js";
import { createBox } from "./box.js";
import { createCarried } from "./carried.js";
import { createHalos } from "./halos.js";
import { createMenu } from "./menu.js";
import { actedOn, placeOf } from "./places.js";
import { watchPresses } from "./pressing.js";
import { createDoing, createForesight, createReader } from "./reading.js";
import { createTaskLines } from "./task-line.js";
import { createVectorDrag } from "./vector-drag.js";

/** @typedef {import("./acts.js").Place} Place */
/** @typedef {import("./acts.js").Written} Written */
/** @typedef {import("./places.js").Stage} Stage */

/** Under the thing that a key acts on. @param {Element} thing */
function under(thing) {
  const { left, bottom } = thing.getBoundingClientRect();
  return { x: left, y: bottom };
}

/** What is made when it is wanted first: the page is long enough without. @template Thing @param {() => Thing} make @returns {() => Thing} */
function madeOnce(make) {
  /** @type {Thing | undefined} */
  let made;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * What the page does by itself.
 *
 * @param {object} parts
 * @param {(cpu: number) => void} parts.select
 * @param {(cpu: number, vector: number) => void} parts.selectVector
 * @param {Stage} parts.stage
 * @param {import("../views/editing.js").Editing} parts.editing
 */
function createOwnActs({ select, selectVector, stage, editing }) {
  /** Where the editor of a CPU's words opens: at its head, or at the selected one's where it is a tile. @param {number} cpu */
  const headOf = (cpu) => {
    const head = document.querySelector(`.well[data-cpu="${cpu}"] .well-select`);
    return head instanceof HTMLElement ? head : find(document, ".well .well-select");
  };
  return /** @type {Record<string, (place: Place) => void>} */ ({
    select: ({ cpu = 0 }) => select(cpu),
    keep: ({ cpu = 0 }) => stage.keep(cpu),
    gates: ({ cpu = 0, vector = 0 }) => selectVector(cpu, vector),
    edit: ({ pin = 0 }) => editing.pin(pin, find(document, `.pin[data-pin="${pin}"]`)),
    timer: ({ cpu = 0 }) => editing.timer(cpu, headOf(cpu)),
    base: ({ cpu = 0 }) => editing.base(cpu, headOf(cpu)),
  });
}

/**
 * Opens menus: by the secondary button, by a key, by a finger that rests, and on a chip by Enter.
 *
 * @param {object} parts
 * @param {Stage} parts.stage
 * @param {() => number} parts.selected
 * @param {ReturnType<typeof createBox>} parts.box
 * @param {(place: Place, at: { x: number, y: number }, from: Element | null) => boolean} parts.open
 */
function listenForMenus({ stage, selected, box, open }) {
  /** @param {Element} focused */
  const openByKey = (focused) => {
    const chosen = focused.matches(".mosaic-grid") ? box.chosenByKeys() : [];
    const thing = actedOn(focused);
    const place =
      chosen.length > 1 ? { kind: "tiles", cpus: chosen } : placeOf(thing, null, stage, selected());
    if (!place) return false;
    const tile = place.kind === "tile" && focused.matches(".mosaic-grid") ? stage.boxOf(selected()) : null;
    return open(place, tile ? { x: tile.left, y: tile.bottom } : under(thing), focused);
  };
  document.addEventListener(
    "keydown",
    (event) => {
      const { target } = event;
      if (!(target instanceof Element) || event.defaultPrevented) return;
      const asks = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
      const onCell = event.key === "Enter" && target.matches(".shelves");
      if ((asks || onCell) && openByKey(target)) event.preventDefault();
    },
    true,
  );
  document.addEventListener("contextmenu", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("#acts")) return event.preventDefault();
    // The event of a key, or of a finger that rests, may come when the menu has been opened for it already.
    if (event.button !== 2 && document.querySelector("#acts:popover-open")) return event.preventDefault();
    const point = { x: event.clientX, y: event.clientY };
    const place = target && placeOf(target, point, stage, selected());
    if (place && open(place, point, document.activeElement)) event.preventDefault();
  });
}

/**
 * @param {object} parts
 * @param {string} parts.api
 * @param {import("../store.js").Store} parts.store
 * @param {Stage} parts.stage
 * @param {import("../commands.js").Send} parts.send
 * @param {{ refused: (words: string) => void, told: (words: string) => void }} parts.notice
 * @param {(cpu: number) => void} parts.select
 * @param {(cpu: number, vector: number) => void} parts.selectVector
 * @param {import("../views/editing.js").Editing} parts.editing
 * @param {() => void} parts.ask for a frame
 */
export function createActing({ api, store, stage, send, notice, select, selectVector, editing, ask }) {
  const read = createReader(`${api}/line`);
  const act = createDoing(read, send, notice);
  const foresight = createForesight(store, read);
  const own = createOwnActs({ select, selectVector, stage, editing });

  /** @param {Written} chosen @param {Place} place @param {import("./popover.js").Spot} at */
  const choose = ({ act: { does }, words, line }, place, at) => {
    if (does === "ask") over().askTo(words, line, at, document.activeElement);
    else if (does !== "") own[does]?.(place);
    else act(line);
  };
  const over = madeOnce(() => {
    const template = /** @type {HTMLTemplateElement} */ (find(document, "#acting-template"));
    document.body.append(template.content.cloneNode(true));
    return {
      carried: createCarried(stage),
      askTo: createAsk(foresight, act),
      menu: createMenu({ store, foresight, choose }),
    };
  });
  const carried = () => over().carried;
  /** @param {Place} place @param {{ x: number, y: number }} at @param {Element | null} from */
  const open = (place, at, from) => {
    const well = place.cpu === undefined || place.kind === "tile" ? null : stage.boxOf(place.cpu);
    return over().menu.open(place, { ...at, clear: well }, from);
  };
  const box = createBox({
    ...{ store, stage, carried },
    chosen: (cpus, at) => {
      const [only] = cpus;
      if (only === undefined) return;
      const place =
        cpus.length === 1 ? { kind: "tile", cpu: only, kept: stage.keeps(only) } : { kind: "tiles", cpus };
      open(place, at, document.activeElement);
    },
  });
  const vectorGrip = createVectorDrag({ store, stage, carried, foresight, act });
  const taskLines = createTaskLines({ store, carried, foresight, act, ask });
  const drawHalos = createHalos(stage, ask);
  const selected = () => store.get().selected;

  /** @param {PointerEvent} event */
  const vectorAt = (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const place = target && placeOf(target, { x: event.clientX, y: event.clientY }, stage, selected());
    if (!target || (place?.kind !== "chip" && place?.kind !== "shelf")) return null;
    if (event.pointerType === "touch" && place.kind === "shelf") return null; // a finger scrolls there
    const source = target.closest(".chip-on-shelf") ?? target.closest(".shelf") ?? target;
    return () => vectorGrip(place, source);
  };
  watchPresses(find(document, "#machine"), {
    gripAt: (event) =>
      store.get().state?.recording ? null : (taskLines.gripAt(event) ?? vectorAt(event) ?? box.gripAt(event)),
    rests: (x, y, target) => {
      const place = placeOf(target, { x, y }, stage, selected());
      return place !== null && open(place, { x, y }, document.activeElement);
    },
  });
  listenForMenus({ stage, selected, box, open });

  return {
    /** @param {import("../store.js").Model} model @param {number} now */
    draw(model, now) {
      foresight.draw(model);
      taskLines.draw(model, now);
      drawHalos(model);
    },
  };
}
