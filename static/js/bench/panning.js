/**
 * How long a frame of the score takes while somebody pans it, against a frame in which a canvas of the same size is only cleared:
 * measured by turns, in the same seconds. `apicscope bench page` opens it and hears what it says.
 */

import { append, emptyColumns } from "../score/columns.js";
import { Desk } from "../score/desk.js";
import { Feed } from "../score/feed.js";
import { lookOf } from "../score/look.js";
import { paint } from "../score/paint.js";
import { panned } from "../score/scale.js";
import { styleOf } from "../score/sentences.js";
import { fetchVocabulary, vocabulary } from "../vocabulary.js";

const CPUS = 16;
/** Interrupts follow each other so closely that CPUs serve about half of the time. */
const EVERY = 260;
const AT_ONCE = 50_000;
/** Frames that are not counted: what is seen for the first time is compiled and laid out. */
const WARM_UP = 8;
const FRAMES = 45;
/** A frame pans by so many pixels. */
const STEP = 7;
/** What stands in sight: all, a tenth, and so little that each span has a shape. */
const SIGHTS = /** @type {[string, number][]} */ ([
  ["all", 1],
  ["tenth", 0.1],
  ["close", 0],
]);
const CLOSE = 90_000;

/** The first kind that is drawn so. @param {string} mark */
const kindOf = (mark) =>
  Object.entries(vocabulary().spans).find(([, kind]) => kind.mark === mark)?.[0] ?? mark;

/** The same numbers at each run. @param {number} seed */
function chanceFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** So many spans, as a busy machine would write them. @param {import("../score/columns.js").Columns} columns @param {number} wanted */
function fill(columns, wanted) {
  const chance = chanceFrom(20_070_307);
  const marks = ["box", "arrow", "outline", "hatching", "bar", "dashes", "crossing"];
  const kinds = marks.map(kindOf);
  for (let [made, time] = [0, 0]; made < wanted; ) {
    const part = noSpans();
    while (part.id.length < Math.min(AT_ONCE, wanted - made)) {
      time += Math.floor(EVERY * 2 * chance());
      const [source, lane] = [Math.floor(chance() * CPUS), Math.floor(chance() * CPUS)];
      const [sent, taken] = [time + 200, time + 500 + Math.floor(chance() * 900)];
      const ended = taken + 800 + Math.floor(chance() * 600);
      const rows = /** @type {[number, number, number][]} */ ([
        [source, time, sent + 300],
        [lane, sent, sent + 250],
        [lane, sent + 250, taken],
        [lane, taken, taken + 500],
        [lane, taken, ended],
        [lane, taken, ended + 300],
        [source, sent, sent + 400],
      ]);
      rows.forEach(([where, start, end], at) => {
        addRow(part, made + part.id.length + 1, kinds[at] ?? "", where, source, start, end);
      });
    }
    append(columns, part);
    made += part.id.length;
  }
}

/** @returns {import("../score/columns.js").SpanColumns} */
const noSpans = () => ({
  ...{ id: [], kind: [], lane: [], value: [], start: [], end: [], first: [], last: [] },
  ...{ message: [], source: [], name: [], cause: [] },
});

/** @param {ReturnType<typeof noSpans>} part @param {number} id @param {string} kind @param {number} lane @param {number} source @param {number} start @param {number} end */
function addRow(part, id, kind, lane, source, start, end) {
  const row = {
    id,
    kind,
    lane,
    value: 49 + (id % 190),
    start,
    end,
    first: start,
    last: end,
    message: id,
    source,
    name: "",
    cause: id - 1,
  };
  for (const [name, value] of Object.entries(row)) /** @type {any} */ (part)[name].push(value);
}

/** @param {number} spans */
function deskWith(spans) {
  const feed = new Feed({ api: "", styleOf, changed: () => {}, ask: async () => null });
  feed.setBranch(0);
  feed.shown.columns = emptyColumns(styleOf);
  fill(feed.shown.columns, spans);
  const desk = new Desk(feed);
  Object.assign(desk, { chosen: true, follows: false, now: feed.newest });
  return desk;
}

const nextFrame = () => new Promise((resume) => requestAnimationFrame(resume));

/** Times (ms) from frame to frame while *draw* draws each. @param {(frame: number) => void} draw */
async function frames(draw) {
  const times = [];
  let before = 0;
  for (let frame = 0; frame < FRAMES + WARM_UP; frame++) {
    const now = /** @type {number} */ (await nextFrame());
    draw(frame);
    if (frame > WARM_UP) times.push(now - before);
    before = now;
  }
  return times;
}

/** @param {number[]} times @param {number} share */
const quantile = (times, share) => [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;

/** @param {HTMLCanvasElement} canvas @param {Desk} desk @param {number} share of all time that is in sight */
function panning(canvas, desk, share) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const look = lookOf(/** @type {HTMLElement} */ (document.querySelector("#probe")));
  const state = /** @type {any} */ ({ time: desk.newest, cpus: Array.from({ length: CPUS }) });
  const given = { state, ...{ selected: 3, selectedSpan: null, hoveredSpan: null, flags: [] } };
  const filters = { scoreFilter: { hidden: [], words: "" }, markers: { a: null, b: null } };
  const length = share === 0 ? CLOSE : desk.newest * share;
  desk.size = { width: canvas.width, height: canvas.height };
  desk.scale = { ...desk.scale, from: desk.newest / 2 - length / 2, to: desk.newest / 2 + length / 2 };
  /** @type {number[]} */
  const script = [];
  const draw = (/** @type {number} */ frame) => {
    const began = performance.now();
    desk.scale = panned(desk.scale, frame % 20 < 10 ? STEP : -STEP, desk.newest);
    paint(context, look, desk.picture({ ...given, ...filters }, look));
    script.push(performance.now() - began);
  };
  return { draw, script };
}

/** @param {HTMLCanvasElement} canvas @param {number[]} sizes numbers of spans @param {number} rounds */
async function measure(canvas, sizes, rounds) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const cases = sizes.flatMap((spans) => {
    const began = performance.now();
    const desk = deskWith(spans);
    const reading = performance.now() - began;
    return SIGHTS.map(([sight, share]) => ({
      spans,
      sight,
      reading,
      ...panning(canvas, desk, share),
      desk,
      share,
    }));
  });
  const empty = /** @type {number[]} */ ([]);
  const times = cases.map(() => /** @type {number[]} */ ([]));
  for (let round = 0; round < rounds; round++) {
    for (const [at, one] of cases.entries()) {
      empty.push(...(await frames(() => context.clearRect(0, 0, canvas.width, canvas.height))));
      const { draw } = panning(canvas, one.desk, one.share);
      times[at]?.push(...(await frames(draw)));
    }
  }
  const seen = cases.map(({ spans, sight, reading }, at) => ({
    ...{ spans, sight, reading },
    ...{ median: quantile(times[at] ?? [], 0.5), p95: quantile(times[at] ?? [], 0.95) },
  }));
  return { empty: { median: quantile(empty, 0.5), p95: quantile(empty, 0.95) }, cases: seen };
}

await fetchVocabulary();
const asked = new URLSearchParams(location.search);
const sizes = (asked.get("spans") ?? "").split(",").map(Number);
const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("canvas"));
const rounds = Number(asked.get("rounds"));
const measured = await measure(canvas, sizes, rounds).catch((error) => ({
  error: String(error?.stack ?? error),
}));
await fetch("result", { method: "POST", body: JSON.stringify(measured) });
