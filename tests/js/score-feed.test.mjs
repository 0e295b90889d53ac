import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf, spanOf } from "../../static/js/score/columns.js";
import { Feed } from "../../static/js/score/feed.js";
import { ghostOf, parentOf } from "../../static/js/score/ghost.js";
import { madeUp, noSpans, put, styleOf } from "./spans.mjs";

const NEVER = { id: [], end: [], last: [], name: [] };

/** A server that knows some spans, and a clock that somebody turns. @param {ReturnType<typeof noSpans>} spans */
function served(spans) {
  const asked = /** @type {string[]} */ ([]);
  const waiting = /** @type {{ callback: () => void, at: number }[]} */ ([]);
  let now = 10_000;
  const newest = Math.max(0, ...spans.start, ...spans.end.map((end) => end ?? 0));
  /** @param {string} address */
  const ask = async (address) => {
    asked.push(address);
    const query = new URL(address, "http://there").searchParams;
    const [from, to, after] = [
      Number(query.get("from")),
      Number(query.get("to") ?? 1e15),
      Number(query.get("after") ?? 0),
    ];
    const limit = Number(query.get("limit"));
    const rows = spans.id
      .map((_, at) => at)
      .filter((at) => (spans.start[at] ?? 0) <= to && (spans.end[at] ?? 1e15) >= from);
    const left = rows.filter((at) => (spans.id[at] ?? 0) > after);
    const part = noSpans();
    for (const at of left.slice(0, limit)) {
      for (const [name, values] of Object.entries(spans)) /** @type {any} */ (part)[name].push(values[at]);
    }
    const next = left.length > limit ? (part.id.at(-1) ?? null) : null;
    return { branch: 0, spans: part, next, covered: { from: 0, to: newest }, filling: null };
  };
  const feed = new Feed({
    ...{ api: "/s", styleOf, changed: () => {}, ask, clock: () => now },
    later: (callback, wait) => waiting.push({ callback, at: now + wait }),
  });
  feed.setBranch(0);
  /** Lets so much time pass, and all that is due happen. @param {number} time */
  const pass = async (time) => {
    const until = now + time;
    for (let round = 0; round < 200; round++) {
      await new Promise((resume) => setImmediate(resume));
      const due = waiting.findIndex(({ at }) => at <= until);
      if (due < 0) break;
      const [one] = waiting.splice(due, 1);
      now = Math.max(now, one?.at ?? now);
      one?.callback();
    }
    now = until;
  };
  return { feed, asked, pass, newest };
}

/** A page that was left behind asks anew no more often than this (ms). */
const ANEW_EVERY = 500;

test("what is in sight is there after a while, and nothing is asked for twice", async () => {
  const spans = madeUp({ spans: 3000, cpus: 2 });
  const { feed, asked, pass } = served(spans);
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  await pass(5000);
  assert.equal(feed.columns.count, spans.id.length);
  const before = asked.length;
  feed.want({ from: -400, to: Number.POSITIVE_INFINITY });
  feed.want({ from: 100, to: 5000 });
  await pass(5000);
  assert.equal(asked.length, before);
});

test("the newest comes first", async () => {
  const spans = madeUp({ spans: 60_000, cpus: 2 });
  const { feed, asked, pass, newest } = served(spans);
  feed.want({ from: 0, to: 1000 });
  await pass(2000);
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  await pass(3000);
  const begins = asked
    .slice(1)
    .map((address) => Number(new URL(address, "http://there").searchParams.get("from")));
  assert.ok((begins[0] ?? 0) > newest / 2);
  assert.equal(feed.columns.count, spans.id.length);
});

test("changes that the stream tells are added without asking", async () => {
  const { feed, asked, pass } = served(noSpans());
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  feed.receive({ from: 4, to: 4 });
  await pass(3000);
  const before = asked.length;
  const began = noSpans();
  put(began, { id: 9, kind: "asks", lane: 0, value: 0x51, start: 40 });
  feed.receive({ from: 4, to: 5, began, ended: NEVER });
  feed.receive({ from: 5, to: 6, began: noSpans(), ended: { id: [9], end: [70], last: [7], name: [""] } });
  feed.receive({ from: 6, to: 6 });
  await pass(3000);
  assert.equal(spanOf(feed.columns, 9)?.end, 70);
  assert.equal(asked.length, before);
});

test("what ends while an answer is under way has ended, however old the answer is", async () => {
  const spans = noSpans();
  put(spans, { id: 3, kind: "asks", lane: 0, value: 0x51, start: 40 });
  const { feed, pass } = served(spans);
  feed.receive({ from: 4, to: 4 });
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  feed.receive({ from: 4, to: 5, began: noSpans(), ended: { id: [3], end: [70], last: [7], name: [""] } });
  await pass(3000);
  assert.equal(spanOf(feed.columns, 3)?.end, 70);
});

test("where the stream left some out, what is in sight is asked for anew, at most twice per second", async () => {
  const spans = madeUp({ spans: 200, cpus: 2 });
  const { feed, asked, pass } = served(spans);
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  feed.receive({ from: 1, to: 1 });
  await pass(3000);
  const before = asked.length;
  for (let frame = 0; frame < 60; frame++) {
    feed.receive({ from: frame * 500, to: frame * 500 + 400 });
    await pass(33);
  }
  const often = asked.length - before;
  assert.ok(often >= 2 && often <= (60 * 33) / ANEW_EVERY + 2, `${often} times`);
  await pass(3000);
  assert.equal(feed.columns.count, spans.id.length);
});

test("a state that knows of more changes than the stream told is a gap, too", async () => {
  const { feed, asked, pass } = served(madeUp({ spans: 100, cpus: 2 }));
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  feed.receive({ from: 1, to: 1 });
  await pass(3000);
  const before = asked.length;
  feed.receive({ from: 9, to: 9 });
  await pass(3000);
  assert.ok(asked.length > before);
});

test("another branch has its own spans, and what was shown is given back", async () => {
  const { feed, pass } = served(madeUp({ spans: 100, cpus: 2 }));
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  await pass(3000);
  const before = feed.setBranch(1);
  assert.ok(before && rowOf(before, 1) >= 0);
  assert.equal(feed.columns.count, 0);
  assert.equal(feed.setBranch(1), null);
});

test("where far too many are in sight, they are only counted", async () => {
  const asked = /** @type {string[]} */ ([]);
  const dense = madeUp({ spans: 2000, cpus: 2, every: 1 });
  /** @param {string} address */
  const ask = async (address) => {
    asked.push(address);
    if (address.includes("bins"))
      return {
        from: 0,
        to: 50_000_000,
        lanes: [{ lane: 0, counts: [500_000], busy: [0.5] }],
        covered: { from: 0, to: 5e7 },
      };
    return { spans: dense, next: null, covered: { from: 0, to: 50_000_000 }, filling: null };
  };
  const feed = new Feed({
    api: "/s",
    styleOf,
    changed: () => {},
    ask,
    later: (callback) => setImmediate(callback),
  });
  feed.setBranch(0);
  feed.want({ from: 0, to: 500 });
  for (let turn = 0; turn < 20; turn++) await new Promise((resume) => setImmediate(resume));
  feed.want({ from: 0, to: Number.POSITIVE_INFINITY });
  for (let turn = 0; turn < 20; turn++) await new Promise((resume) => setImmediate(resume));
  assert.equal(asked.filter((address) => address.includes("bins")).length, 1);
  assert.deepEqual(feed.coarse?.lanes[0]?.busy, [0.5]);
});

test("a server that does not answer is asked seldom, and more seldom each time", async () => {
  let [asked, now] = [0, 0];
  const waiting = /** @type {{ callback: () => void, at: number }[]} */ ([]);
  const feed = new Feed({
    ...{ api: "/s", styleOf, changed: () => {}, clock: () => now },
    ask: async () => {
      asked += 1;
      return null;
    },
    later: (callback, wait) => waiting.push({ callback, at: now + wait }),
  });
  feed.setBranch(0);
  for (; now < 60_000; now += 50) {
    feed.want({ from: 0, to: now });
    await new Promise((resume) => setImmediate(resume));
    for (const one of waiting.splice(0)) {
      if (one.at > now) waiting.push(one);
      else one.callback();
    }
  }
  assert.ok(asked >= 4 && asked <= 6, `${asked} times`);
});

test("the rest of another branch is a ghost, from the moment on that both share last", async () => {
  const left = madeUp({ spans: 400, cpus: 2 });
  const branches = [
    { branch: 0, parent: null },
    { branch: 1, parent: 0 },
  ];
  const asked = /** @type {unknown[]} */ ([]);
  /** @param {string} address @param {Record<string, number>} [query] */
  const ask = async (address, query) => {
    asked.push([address, query]);
    if (address.endsWith("/history")) return { branches };
    if (address.endsWith("/shared")) return { tick: 300, time: 3017 };
    return { spans: left, filling: null };
  };

  const found = await ghostOf(ask, "/s", 0, 1, styleOf);

  assert.deepEqual(
    [found?.ghost.since, found?.ghost.columns.count, found?.filling],
    [3017, left.id.length, false],
  );
  assert.deepEqual(asked, [
    ["/s/history/shared", { a: 0, b: 1 }],
    ["/s/score", { branch: 0, from: 3017, limit: 4000 }],
  ]);
  assert.equal(await ghostOf(async () => null, "/s", 0, 1, styleOf), null);
  assert.deepEqual([await parentOf(ask, "/s", 1), await parentOf(ask, "/s", 0)], [0, null]);
});
