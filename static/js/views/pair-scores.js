/**
 * The scores of both machines of a pair, one under the other on one axis of time. Whatever is chosen in the table or in one of them
 * is marked in all three. What was undone by a step back is no longer there: the server's score is another one then.
 *
 * @typedef {import("../score/beside.js").Side} Side
 * @typedef {ReturnType<typeof createMachine>} Machine
 */

import { find, setAttribute, setHidden, setText } from "../dom.js";
import { createFrame } from "../frame.js";
import { hideTip, showTip } from "../score/acting.js";
import { Beside, SIDES } from "../score/beside.js";
import { Desk } from "../score/desk.js";
import { Feed } from "../score/feed.js";
import { hitAt } from "../score/hit.js";
import { listenTo } from "../score/input.js";
import { lookOf, watchLook } from "../score/look.js";
import { messagesOfSpans, sentencesOf, spansOfMessages } from "../score/marked.js";
import { paint } from "../score/paint.js";
import { styleOf } from "../score/sentences.js";
import { createSheet, fitSheet } from "../score/sheet.js";
import { wholeOf } from "../score/whole.js";
import { createStore } from "../store.js";
import { grouped } from "../words.js";
import { choosers, keyOf, messagesOf, placesOf, resultOf, rowCalled, rowOf, rowWith } from "./pair-rows.js";

const CLOSER = 1.6;
/** One press moves by so much of the width. */
const STEP = 0.25;
const ONLY_BRANCH = 0;
/** Behind all others: no lane is selected. */
const NO_CPU = Number.POSITIVE_INFINITY;

/** @param {string} address */
async function ask(address) {
  const answer = await fetch(address);
  return answer.ok ? answer.json() : null;
}

/** @type {WeakMap<Element, Machine>} */
const drawnOn = new WeakMap();

/** Which machine is drawn on a canvas, for whoever wants to read it. @param {Element} canvas */
export const machineOn = (canvas) => drawnOn.get(canvas);

/** One machine: what is known of it, and where it is drawn. @param {string} api @param {Side} side @param {() => void} changed */
function createMachine(api, side, changed) {
  const feed = new Feed({ api: `${api}/${side}`, styleOf, changed, ask });
  feed.setBranch(ONLY_BRANCH);
  return {
    ...{ side, feed, store: createStore(changed), desk: new Desk(feed), drawn: "" },
    sheet: createSheet(find(document, `#ab-score-${side}`)),
    /** Of what is chosen in the table. @type {Set<number>} */
    messages: new Set(),
    /** The only spans that are not dimmed; none: all are plain. @type {Set<number>} */
    marked: new Set(),
    /** For which version of the spans they were looked for. */
    markedIn: -1,
  };
}

export class PairScores {
  /** @param {string} api the pair's address */
  constructor(api) {
    this.frame = createFrame(() => this.#draw());
    this.machines = {
      a: createMachine(api, "a", this.frame.ask),
      b: createMachine(api, "b", this.frame.ask),
    };
    this.both = SIDES.map((side) => this.machines[side]);
    this.beside = new Beside();
    this.section = find(document, "#ab-scores");
    this.words = find(document, "#ab-scores-words");
    this.follow = find(document, "#ab-scores-follow");
    /** Which row of the table is chosen, by its key; "" for none. */
    this.chosen = "";
    this.look = lookOf(this.machines.a.sheet.probe);
    /** Rises when all must be drawn anew. */
    this.looked = 0;
    this.#listen();
    this.#lookAtShown();
  }

  /** @param {Side} side @param {import("../protocol.js").Message} message @returns {boolean} whether to resync */
  receive(side, message) {
    const { store, feed } = this.machines[side];
    if ((message.type === "snapshot" || message.type === "delta") && message.spans)
      feed.receive(message.spans);
    return store.receive(message, performance.now());
  }

  /** The page has another table: the row that was chosen may be in it. */
  tableChanged() {
    const row = this.chosen ? rowCalled(this.chosen) : null;
    if (row || this.chosen) this.#choose(row);
    if (!row) this.#lookAtShown();
    this.frame.ask();
  }

  #listen() {
    const seenAnew = () => {
      this.look = lookOf(this.machines.a.sheet.probe);
      this.#redrawn();
    };
    watchLook(seenAnew);
    const watch = new ResizeObserver(seenAnew);
    for (const machine of this.both) {
      watch.observe(machine.sheet.box);
      drawnOn.set(machine.sheet.canvas, machine);
      listenTo(machine.sheet.canvas, this.#gesturesOf(machine));
    }
    for (const [name, act] of Object.entries(this.#acts())) {
      find(document, `#ab-scores-${name}`).addEventListener("click", () => {
        act();
        this.#redrawn();
      });
    }
    document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest(".ab-what[aria-pressed]") : null;
      if (!button) return;
      this.#choose(button.getAttribute("aria-pressed") === "true" ? null : rowOf(button));
      if (this.chosen) this.section.scrollIntoView({ block: "nearest" });
    });
  }

  /** What the buttons do, by their names. */
  #acts() {
    const { beside } = this;
    const middle = () => beside.scale.left + beside.scale.width / 2;
    return {
      less: () => beside.zoom(1 / CLOSER, middle(), this.#newest()),
      more: () => beside.zoom(CLOSER, middle(), this.#newest()),
      left: () => beside.pan(-beside.scale.width * STEP, this.#newest()),
      right: () => beside.pan(beside.scale.width * STEP, this.#newest()),
      fit: () => beside.lookAtAll(this.#newest()),
      follow: () => {
        beside.follows = !beside.follows;
        this.#lookAtShown();
      },
    };
  }

  #newest() {
    return { a: this.machines.a.desk.newest, b: this.machines.b.desk.newest };
  }

  #redrawn() {
    this.looked += 1;
    this.frame.ask();
  }

  /** The stimulus that the page shows comes into sight, unless somebody looks elsewhere. */
  #lookAtShown() {
    const result = resultOf();
    if (this.beside.follows && result) this.beside.lookAt(placesOf(result));
  }

  // Drawing

  #draw() {
    for (const machine of this.both) this.#drawMachine(machine);
    setAttribute(this.follow, "aria-pressed", String(this.beside.follows));
    return false;
  }

  /** @param {Machine} machine */
  #drawMachine(machine) {
    const { store, feed, desk, sheet, side } = machine;
    const model = store.get();
    if (!model.state || !fitSheet(sheet, desk)) return;
    const { state } = model;
    desk.now = state.time;
    desk.scale = this.beside.scaleOf(side, desk.scale);
    const to = desk.seesNewest ? Number.POSITIVE_INFINITY : desk.scale.to;
    if (to > 0) feed.want({ from: Math.max(0, desk.scale.from), to });
    this.#mark(machine);
    const drawn = JSON.stringify([
      [state.time, feed.columns.version, desk.scale.from, desk.scale.to, desk.size, this.looked],
      [model.hoveredSpan, machine.marked.size, feed.filling, window.devicePixelRatio],
    ]);
    if (drawn === machine.drawn) return;
    machine.drawn = drawn;
    const picture = desk.picture({ ...model, state, selected: NO_CPU }, this.look);
    const { left, width } = desk.scale;
    this.beside.scale = { ...this.beside.scale, left, width };
    const zero = this.beside.zero[side];
    picture.words = { ...picture.words, grouped: (time) => grouped(time - zero) };
    if (!picture.lit && machine.marked.size > 0) picture.lit = machine.marked;
    paint(sheet.context, this.look, picture);
    setHidden(sheet.progress, feed.filling === null);
    if (feed.filling) setText(sheet.progress, feed.filling.words);
  }

  /** Marks the spans of the chosen messages, of which more may be known by now. @param {Machine} machine */
  #mark(machine) {
    const { columns } = machine.feed;
    if (machine.messages.size === 0 || machine.markedIn === columns.version) return;
    machine.markedIn = columns.version;
    machine.marked = spansOfMessages(columns, machine.messages);
    this.#say(this.both);
  }

  /** Says what is marked. @param {Machine[]} machines */
  #say(machines) {
    const said = machines
      .filter(({ marked }) => marked.size > 0)
      .map(({ side, feed, desk, marked }) => [
        `${side.toUpperCase()}:`,
        sentencesOf(feed.columns, marked, desk.newest),
      ]);
    setText(this.words, said.flat().join(" ") || (this.words.dataset.none ?? ""));
  }

  // What is chosen

  /** Marks the interrupt of a row of the table in both scores. @param {HTMLElement | null} row */
  #choose(row) {
    this.chosen = keyOf(row);
    for (const machine of this.both) {
      Object.assign(machine, { marked: new Set(), markedIn: -1 });
      machine.messages = row ? messagesOf(row, machine.side) : new Set();
    }
    for (const button of choosers())
      setAttribute(button, "aria-pressed", String(row !== null && rowOf(button) === row));
    if (row) this.beside.lookAt(placesOf(row));
    this.#say([]);
    this.#redrawn();
  }

  /** A span was clicked: its row is chosen, where the table has one. @param {Machine} machine @param {number | null} span */
  #chooseSpan(machine, span) {
    const { columns } = machine.feed;
    const whole = span === null ? new Set() : wholeOf(columns, span);
    const row = rowWith(machine.side, messagesOfSpans(columns, whole));
    this.#choose(row);
    if (row) row.scrollIntoView({ block: "nearest" });
    else {
      machine.marked = whole;
      this.#say([machine]);
    }
  }

  /** @param {Machine} machine @returns {import("../score/input.js").Gestures} */
  #gesturesOf(machine) {
    const { store, feed, desk, sheet } = machine;
    const hover = (/** @type {number | null} */ span) => {
      if (store.get().hoveredSpan !== span) store.set({ hoveredSpan: span });
    };
    return {
      pan: (pixels) => {
        this.beside.pan(pixels, this.#newest());
        hideTip(sheet);
        this.#redrawn();
      },
      zoom: (factor, x) => {
        this.beside.zoom(factor, x, this.#newest());
        this.#redrawn();
      },
      seek: () => {},
      sought: () => {},
      hover: (x, y) => {
        if (!desk.scene) return;
        const hit = hitAt(desk.scene, feed.columns, x, y);
        hover(hit.span);
        showTip(sheet, desk, hit, x, y);
      },
      leave: () => {
        hover(null);
        hideTip(sheet);
      },
      click: (x, y) => {
        if (desk.scene) this.#chooseSpan(machine, hitAt(desk.scene, feed.columns, x, y).span);
      },
      isAxis: () => false, // a pair goes by stimuli, not by times
    };
  }
}
