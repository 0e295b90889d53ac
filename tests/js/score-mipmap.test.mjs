import assert from "node:assert/strict";
import { test } from "node:test";
import { append, emptyColumns, finish, rowOf, spanOf } from "../../static/js/score/columns.js";
import {
  beginningIn,
  count,
  cover,
  eachBlock,
  eachSpan,
  levelFor,
  settle,
} from "../../static/js/score/mipmap.js";
import { chanceFrom, pick } from "./samples.mjs";
import { madeUp, noSpans, put, styleOf } from "./spans.mjs";

/** @param {import("../../static/js/score/columns.js").SpanColumns} spans */
function columnsOf(spans) {
  const columns = emptyColumns(styleOf);
  append(columns, spans);
  return columns;
}

/** One lane's spans of one kind: many short ones, some long, some that last. @param {number} seed @param {number} many */
function oneTrack(seed, many) {
  const chance = chanceFrom(seed);
  const spans = noSpans();
  let time = 0;
  for (let at = 0; at < many; at++) {
    time += pick(chance, 50);
    const length = chance() < 0.02 ? 20_000 : pick(chance, 90);
    put(spans, { kind: "serves", start: time, end: chance() < 0.01 ? null : time + length });
  }
  return { spans, newest: time };
}

/** @param {ReturnType<typeof noSpans>} spans @param {number} from @param {number} to */
const bruteForce = (spans, from, to) =>
  spans.id.filter(
    (_, at) => (spans.start[at] ?? 0) <= to && (spans.end[at] ?? Number.POSITIVE_INFINITY) >= from,
  );

/** @param {import("../../static/js/score/columns.js").Columns} columns */
function onlyTrack(columns) {
  const [track] = columns.tracks.values();
  assert.ok(track);
  settle(track);
  return track;
}

test("any stretch of time finds just the spans that lie in it", () => {
  for (const many of [1, 7, 64, 65, 600, 5000]) {
    const { spans, newest } = oneTrack(many, many);
    const columns = columnsOf(spans);
    const track = onlyTrack(columns);
    const chance = chanceFrom(5);
    for (let round = 0; round < 40; round++) {
      const from = pick(chance, newest + 1000) - 500;
      const to = from + pick(chance, round % 2 ? 100 : newest);
      /** @type {number[]} */
      const found = [];
      eachSpan(track, from, to, (at) => found.push(columns.id[track.rows[at] ?? 0] ?? -1));
      assert.deepEqual(
        found.sort((a, b) => a - b),
        bruteForce(spans, from, to),
      );
      const began = spans.start.filter((start) => start >= from && start <= to).length;
      assert.equal(beginningIn(track, from, to), began);
    }
  }
});

test("spans that came in any order are found like those that came in theirs", () => {
  const whole = madeUp({ spans: 900, cpus: 2 });
  const inOrder = columnsOf(whole);
  const shuffled = emptyColumns(styleOf);
  const chance = chanceFrom(3);
  const order = whole.id.map((_, at) => at).sort(() => chance() - 0.5);
  for (let first = 0; first < order.length; first += 100) {
    const part = noSpans();
    for (const at of order.slice(first, first + 100)) {
      for (const [name, values] of Object.entries(whole)) /** @type {any} */ (part)[name].push(values[at]);
    }
    append(shuffled, part);
    for (const track of shuffled.tracks.values()) settle(track);
  }
  for (const [key, track] of inOrder.tracks) {
    settle(track);
    const other = shuffled.tracks.get(
      [...shuffled.tracks].find(([, one]) => one.lane === track.lane && one.style === track.style)?.[0] ??
        key,
    );
    assert.ok(other);
    assert.deepEqual([...other.start.slice(0, other.count)], [...track.start.slice(0, track.count)]);
  }
  assert.equal(shuffled.count, inOrder.count);
});

test("every level holds as much time as the spans do, and pixels of level 0 are exact", () => {
  const { spans, newest } = oneTrack(11, 4000);
  const columns = columnsOf(spans);
  const track = onlyTrack(columns);
  const exact = new Float64Array(300);
  const perPixel = newest / exact.length;
  spans.start.forEach((start, at) => {
    const end = spans.end[at] ?? newest;
    for (let pixel = Math.floor(start / perPixel); pixel < exact.length; pixel++) {
      const inside = Math.min(end, (pixel + 1) * perPixel) - Math.max(start, pixel * perPixel);
      if (inside <= 0) break;
      exact[pixel] = (exact[pixel] ?? 0) + inside / perPixel;
    }
  });
  const pixels = new Float32Array(300);
  cover(track, 0, 0, newest, pixels, newest);
  pixels.forEach((share, at) => {
    assert.ok(Math.abs(share - (exact[at] ?? 0)) < 0.01, `pixel ${at}: ${share}`);
  });
  const whole = exact.reduce((sum, share) => sum + share, 0);
  for (const level of [1, 2, 3]) {
    const coarse = new Float32Array(300);
    cover(track, level, 0, newest, coarse, newest);
    const sum = coarse.reduce((total, share) => total + share, 0);
    assert.ok(Math.abs(sum - whole) < whole * 0.1, `level ${level}: ${sum} of ${whole}`);
  }
});

test("what ended later is in all levels as if it had ended at once", () => {
  const { spans, newest } = oneTrack(13, 700);
  const late = structuredClone(spans);
  const open = late.id.filter((_, at) => at % 3 === 0 && late.end[at] !== null);
  const ends = open.map((id) => /** @type {number} */ (spans.end[id - 1]));
  for (const id of open) late.end[id - 1] = null;
  const columns = columnsOf(late);
  onlyTrack(columns);
  finish(columns, { id: open, end: ends, last: ends, name: open.map(() => "") });
  const [once, twice] = [onlyTrack(columnsOf(spans)), onlyTrack(columns)];
  assert.deepEqual([...twice.open], [...once.open]);
  once.levels.forEach((level, at) => {
    assert.deepEqual([...(twice.levels[at]?.last ?? [])], [...level.last]);
    assert.deepEqual([...(twice.levels[at]?.busy ?? [])], [...level.busy]);
  });
  assert.equal(columns.newest, Math.max(newest, ...spans.end.map((end) => end ?? 0)));
});

test("the level is one whose blocks are about as many as the pixels", () => {
  for (const spans of [10, 1600, 20_000, 2_000_000]) {
    const blocks = spans / 8 ** levelFor(spans, 1600);
    assert.ok(blocks < 8 * 1600 && (blocks >= 1600 || spans < 1600));
  }
});

test("a block is seen only where a span of it lies", () => {
  const { spans } = oneTrack(17, 3000);
  const track = onlyTrack(columnsOf(spans));
  const seen = new Set();
  eachBlock(track, 2, 10_000, 10_400, (block) => seen.add(block));
  const wanted = new Set(
    bruteForce(spans, 10_000, 10_400)
      .filter((id) => spans.end[id - 1] !== null)
      .map((id) => (id - 1) >> 6),
  );
  assert.ok([...wanted].every((block) => seen.has(block)));
  assert.ok(seen.size <= wanted.size + 1);
});

test("counts of pixels add up to the spans that begin", () => {
  const { spans, newest } = oneTrack(19, 9000);
  const track = onlyTrack(columnsOf(spans));
  for (const width of [10, 5000]) {
    const pixels = new Float32Array(width);
    count(track, 0, newest, pixels);
    assert.equal(
      pixels.reduce((sum, n) => sum + n, 0),
      beginningIn(track, 0, newest),
    );
  }
});

test("a span is kept once, and ends once", () => {
  const spans = noSpans();
  put(spans, { id: 5_000_000_000, kind: "asks", lane: 1, value: 0x51, start: 10 });
  const columns = columnsOf(spans);
  append(columns, spans);
  assert.equal(columns.count, 1);
  finish(columns, { id: [5_000_000_000, 7], end: [40, 1], last: [4, 1], name: ["", ""] });
  append(columns, { ...spans, end: [40], last: [4] });
  assert.deepEqual(spanOf(columns, 5_000_000_000), {
    ...{ id: 5_000_000_000, kind: "asks", lane: 1, value: 0x51, start: 10, end: 40, first: 1, last: 4 },
    ...{ message: -1, source: -1, name: "", cause: -1 },
  });
  assert.equal(rowOf(columns, 7), -1);
  assert.equal(spanOf(columns, 7), null);
});
