/**
 * The score: time on the page. It owns the canvas and the pointers on it; `score/desk.js` knows what is looked at, `score/feed.js`
 * brings it. Redrawn whole, and only when something that it shows has changed.
 *
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("../score/desk.js").Given} Shown
 *
 * @typedef {object} Given
 * @property {import("../store.js").Store} store
 * @property {string} api the session's address
 * @property {import("../journeys.js").Journeys} journeys
 * @property {{ ask: () => void }} frame
 * @property {(cpu: number) => void} select
 * @property {HTMLElement} [box] where it is drawn; the page's own place for it, without one
 * @property {boolean} [ghosts] whether a branch that is left stays in sight
 * @property {boolean} [whole] whether nothing more comes: where it ends, it ended
 */

import { find, setHidden, setText } from "../dom.js";
import { actionsOf, gesturesOf } from "../score/acting.js";
import { spanOf } from "../score/columns.js";
import { Desk } from "../score/desk.js";
import { Feed } from "../score/feed.js";
import { listenTo } from "../score/input.js";
import { lookOf, watchLook } from "../score/look.js";
import { paint } from "../score/paint.js";
import { foundIn, sentenceOf, styleOf } from "../score/sentences.js";
import { createSheet, fitSheet } from "../score/sheet.js";
import { say } from "../vocabulary.js";

/** Cells of the mirror, per lane. */
const MOST_IN_LANE = 60;

/** @param {string} address */
async function ask(address) {
  const answer = await fetch(address);
  return answer.ok ? answer.json() : null;
}

/** @type {WeakMap<Element, { desk: Desk, actions: ReturnType<typeof actionsOf> }>} */
const scores = new WeakMap();

/** What is drawn on a canvas, as values, for whoever wants to read it. @param {Element} canvas */
export const scoreOn = (canvas) => scores.get(canvas);

/** @param {Given} given */
export function createScore(given) {
  const { frame } = given;
  const sheet = createSheet(given.box ?? find(document, "#score-box"));
  const feed = new Feed({ api: given.api, styleOf, changed: frame.ask, ask });
  const desk = new Desk(feed);
  desk.whole = given.whole ?? false;
  let look = lookOf(sheet.probe);
  let [looked, drawn] = [0, ""];

  const redrawn = () => {
    looked += 1;
    frame.ask();
  };
  const seenAnew = () => {
    look = lookOf(sheet.probe);
    redrawn();
  };
  watchLook(seenAnew);
  new ResizeObserver(seenAnew).observe(sheet.box);
  const actions = actionsOf(given, desk, redrawn);
  scores.set(sheet.canvas, { desk, actions });
  listenTo(sheet.canvas, gesturesOf(given, desk, sheet, redrawn));

  /** @param {Model} model */
  const draw = (model) => {
    if (!model.state || !fitSheet(sheet, desk)) return;
    const shown = { ...model, state: model.state };
    keepUp(desk, shown, given);
    const drawing = whatIsDrawn(desk, shown, looked);
    if (drawing === drawn) return;
    drawn = drawing;
    paint(sheet.context, look, desk.picture(shown, look));
    setHidden(sheet.progress, feed.filling === null);
    if (feed.filling) setText(sheet.progress, feed.filling.words);
  };

  return {
    draw,
    actions,
    receive: (/** @type {import("../score/feed.js").SpanChanges} */ spans) => feed.receive(spans),
    follows: () => desk.follows,
    ...askedOf(desk),
    /** Shows the time between these two, and no other until somebody moves it. @param {number} from @param {number} to */
    lookAt(from, to) {
      desk.chosen = true;
      desk.follows = false;
      desk.scale = { ...desk.scale, from, to };
      redrawn();
    },
    /** What is looked at: from when to when, and whether somebody chose that. */
    sight: () => ({ from: desk.scale.from, to: desk.scale.to, chosen: desk.chosen }),
    /** Another branch, drawn faintly. @param {import("../score/ghost.js").Ghost | null} ghost */
    setGhost(ghost) {
      desk.ghost = ghost;
      redrawn();
    },
  };
}

/** Follows the model: its branch and its time. @param {Desk} desk @param {Shown} shown @param {Given} given */
function keepUp(desk, { state }, { journeys, ghosts = true }) {
  const before = desk.feed.setBranch(state.branch);
  // Who acts in the past leaves a branch: what was to come stays in sight, faintly, also until all of it is known.
  if (before && ghosts)
    desk.ghost = state.time < before.newest ? { columns: before, since: state.time } : null;
  if (desk.dragged !== null && !desk.dragging && !journeys.underWay()) desk.dragged = null;
  desk.moveTo(state.time, state.recording !== null);
  const { scale } = desk;
  desk.feed.want({ from: scale.from, to: desk.seesNewest ? Number.POSITIVE_INFINITY : scale.to });
}

/** Everything that the picture hangs on: while it is the same, nothing is drawn. @param {Desk} desk @param {Shown} shown @param {number} looked */
function whatIsDrawn({ feed, scale, dragged, size, ghost }, shown, looked) {
  const { state, selected, selectedSpan, hoveredSpan, scoreFilter, markers, flags } = shown;
  const where = [
    state.time,
    state.branch,
    scale.from,
    scale.to,
    size,
    dragged,
    looked,
    window.devicePixelRatio,
  ];
  const what = [
    feed.edition,
    feed.columns.version,
    feed.coarse?.from,
    feed.coarse?.to,
    feed.filling,
    ghost?.since,
  ];
  return JSON.stringify([where, what, selected, selectedSpan, hoveredSpan, scoreFilter, markers, flags]);
}

/** What others ask the score. @param {Desk} desk */
function askedOf(desk) {
  const { feed } = desk;
  return {
    /** One span, or null. @param {number} id */
    row: (id) => spanOf(feed.columns, id),
    /** A sentence of a span. @param {number} id */
    sentence: (id) => sentenceOf(feed.columns, id, desk.newest),
    /** Whether nothing of what is in sight is still to come. */
    told: () =>
      feed.filling === null && (feed.shown.known.length > 0 || feed.coarse !== null || feed.quietUntil > 0),
    /** The spans in sight, by lane and time, a few of each. */
    inView: () =>
      (desk.scene?.lanes ?? [])
        .flatMap((lane) => (lane.sort === "cpu" ? lane.cpus : []))
        .map((cpu) => ({
          lane: cpu,
          name: say("cpu", { cpu }),
          spans: inLane(desk, cpu),
        })),
    /** Ids of all spans that are loaded and have all of the words, in the order in which they begin. @param {string} words in lower case @param {string[]} hidden */
    matching: (words, hidden) => foundIn(feed.columns, words, hidden),
    /** Whether some of what is in sight is not loaded, because it is too much. */
    partly: () => feed.coarse !== null || feed.filling !== null,
  };
}

/** The spans of a lane that are in sight, by their beginning. @param {Desk} desk @param {number} lane */
function inLane(desk, lane) {
  const shapes = [...(desk.scene?.shapes.values() ?? [])].flat().filter((shape) => shape.lane === lane);
  return shapes
    .sort((a, b) => a.x - b.x || a.id - b.id)
    .slice(0, MOST_IN_LANE)
    .map(({ id }) => id);
}
