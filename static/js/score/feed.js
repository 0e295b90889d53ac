/**
 * Brings the spans that are in sight, the newest first, and keeps them up to date: changes that the stream tells are added; where
 * it left some out, what is in sight is asked for anew. Where far too many are in sight to be told apart, only counts are asked for.
 *
 * @typedef {import("./columns.js").Columns} Columns
 * @typedef {import("./columns.js").SpanColumns} SpanColumns
 * @typedef {{ from: number, to: number, began?: SpanColumns, ended?: import("./columns.js").EndedColumns }} SpanChanges
 * @typedef {import("./stretches.js").Stretch} Stretch
 * @typedef {{ from: number, to: number, lanes: { lane: number, counts: number[], busy: number[] }[] }} Coarse
 * @typedef {{ done: number, of: number, words: string }} Filling
 *
 * @typedef {object} Answer
 * @property {SpanColumns} spans
 * @property {number | null} next
 * @property {Stretch} covered
 * @property {Filling | null} filling
 *
 * @typedef {object} Given
 * @property {string} api the session's address
 * @property {(kind: string) => string} styleOf
 * @property {() => void} changed
 * @property {(address: string) => Promise<any>} ask answers what the server says, or null
 * @property {(callback: () => void, wait: number) => unknown} [later]
 * @property {() => number} [clock] ms
 */

import { append, emptyColumns, finish } from "./columns.js";
import { joined, missing } from "./stretches.js";

/** A page that was left behind asks anew no more often than this (ms). */
const ANEW_EVERY = 500;
/** While the server is still reading what happened, it is asked again after so long (ms). */
const FILLING_EVERY = 700;
/** After an answer that was none the page waits so long (ms), after each further one twice as long, up to the second. */
const PATIENCE = 2000;
const MOST_PATIENCE = 60_000;
const LIMIT = 20_000;
/** The first look, which tells how dense time is. */
const FIRST_STRETCH = 50_000;
/** More spans than this in sight are only counted. */
const MOST_IN_SIGHT = 120_000;
const BINS = 400;
/** The page forgets what it has when it has more than this. */
const MOST_KEPT = 3_000_000;
const END = Number.POSITIVE_INFINITY;

/** What is known of one branch. @param {(kind: string) => string} styleOf */
const emptyBook = (styleOf) => ({
  columns: emptyColumns(styleOf),
  known: /** @type {Stretch[]} */ ([]),
  coarse: /** @type {Coarse | null} */ (null),
  horizon: 0,
});

/** @typedef {ReturnType<typeof emptyBook>} Book */

/** The latest time that it knows of. @param {Book} book */
const newestOf = (book) => Math.max(book.horizon, book.columns.newest);

export class Feed {
  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.later = given.later ?? ((callback, wait) => setTimeout(callback, wait));
    this.clock = given.clock ?? (() => performance.now());
    this.shown = emptyBook(given.styleOf);
    /** Changes whenever something else is shown than before, not only more of it. */
    this.edition = 0;
    /** What is being read anew; until it is there, the old is drawn. @type {Book | null} */
    this.anew = null;
    /** Meanwhile something was left out again. */
    this.again = false;
    /** @type {number | null} */
    this.branch = null;
    /** @type {number | null} */
    this.changes = null;
    /** @type {Stretch | null} */
    this.wanted = null;
    this.busy = false;
    /** What has ended since the server was asked: its answer may be older. @type {import("./columns.js").EndedColumns[]} */
    this.late = [];
    this.beganAnewAt = Number.NEGATIVE_INFINITY;
    /** So long (ms) after an answer that was none nothing is asked, and until when that is. */
    this.patience = PATIENCE;
    this.quietUntil = 0;
    /** Spans per cycle, as far as they are known. */
    this.density = 0;
    /** What the server is still reading, or null. @type {Filling | null} */
    this.filling = null;
  }

  get columns() {
    return this.shown.columns;
  }

  /** The latest time of the branch, as far as it is known. */
  get newest() {
    return newestOf(this.shown);
  }

  /** Counts, where spans are too many to be fetched; null elsewhere. */
  get coarse() {
    return this.wanted && this.#tooMany(this.wanted, this.newest) ? this.shown.coarse : null;
  }

  /**
   * Another branch is shown: what is known of the old one is of no use.
   *
   * @param {number} branch
   * @returns {Columns | null} what was shown before, if there was a branch
   */
  setBranch(branch) {
    if (branch === this.branch) return null;
    const before = this.branch === null ? null : this.shown.columns;
    Object.assign(this, { branch, anew: null, again: false, changes: null, density: 0, filling: null });
    this.shown = emptyBook(this.given.styleOf);
    this.edition += 1;
    return before;
  }

  /** What of time is in sight: `to` may be Infinity. @param {Stretch} sight */
  want(sight) {
    // Before the beginning there is nothing to ask for.
    this.wanted = { from: Math.max(0, sight.from), to: Math.max(0, sight.to) };
    if (this.shown.columns.count > MOST_KEPT) this.shown = emptyBook(this.given.styleOf);
    if (!this.#complete(this.anew ?? this.shown)) this.#pump();
  }

  /** Changes that the stream tells, or, of a snapshot, how many there have been. @param {SpanChanges} told */
  receive(told) {
    if (told.from === told.to) {
      this.#check(told.to);
      return;
    }
    const gap = this.changes !== null && told.from !== this.changes;
    this.changes = told.to;
    if (gap || !told.began || !told.ended) {
      this.#beginAnew();
      return;
    }
    if (this.busy) this.late.push(told.ended);
    for (const book of this.anew ? [this.shown, this.anew] : [this.shown]) {
      append(book.columns, told.began);
      finish(book.columns, told.ended);
    }
  }

  /** How many changes there are: where the stream told of fewer, it left some out. @param {number} there */
  #check(there) {
    const gap = this.changes !== null && this.changes !== there;
    this.changes = there;
    if (gap) this.#beginAnew();
  }

  /** Something was left out. What is being read anew is read to its end, and then once more. */
  #beginAnew() {
    if (this.anew) {
      this.again = true;
      return;
    }
    this.anew = emptyBook(this.given.styleOf);
    this.later(() => this.#pump(), Math.max(0, this.#rest()));
  }

  /** So long (ms) nothing may be read anew. */
  #rest() {
    return this.beganAnewAt + ANEW_EVERY - this.clock();
  }

  /** @param {Stretch} sight @param {number} newest */
  #tooMany(sight, newest) {
    return (Math.min(sight.to, newest) - Math.max(0, sight.from)) * this.density > MOST_IN_SIGHT;
  }

  /** Whether all is known that is in sight, or as much as can be drawn. @param {Book} book */
  #complete(book) {
    const { wanted } = this;
    if (wanted === null || missing(book.known, wanted).length === 0) return true;
    const { coarse } = book;
    const newest = newestOf(book);
    if (coarse === null || !this.#tooMany(wanted, newest)) return false;
    return coarse.from <= Math.max(0, wanted.from) && coarse.to >= Math.min(wanted.to, newest) - 1;
  }

  /** Asks for what is missing, one answer after the other. */
  async #pump() {
    const { wanted } = this;
    const book = this.anew ?? this.shown;
    if (this.busy || wanted === null || this.branch === null || this.#complete(book)) return;
    if (this.clock() < this.quietUntil) return;
    if (book === this.anew && book.known.length === 0) {
      if (this.#rest() > 0) return;
      this.beganAnewAt = this.clock();
    }
    const hole = /** @type {Stretch} */ (missing(book.known, wanted).at(-1));
    this.busy = true;
    this.late = [];
    const went = await this.#fetchHole(book, hole, wanted).catch(() => false);
    this.busy = false;
    if (book === this.anew && this.#complete(book)) {
      this.shown = book;
      this.edition += 1;
      this.anew = null;
      const { again } = this;
      this.again = false;
      if (again) this.#beginAnew();
    }
    this.given.changed();
    this.later(() => this.#pump(), went ? 0 : Math.max(FILLING_EVERY, this.quietUntil - this.clock()));
  }

  /** @param {Book} book @param {Stretch} hole @param {Stretch} sight @returns {Promise<boolean>} whether to go on at once */
  async #fetchHole(book, hole, sight) {
    const newest = newestOf(book);
    if (this.#tooMany(sight, newest)) return this.#fetchCounts(book, sight, newest);
    const to = Math.min(hole.to, Math.max(newest, hole.from + FIRST_STRETCH));
    const length = this.density > 0 ? LIMIT / this.density : FIRST_STRETCH;
    const open = hole.to === END && to >= newest;
    return this.#fetchSpans(book, { from: Math.max(hole.from, to - length), to: open ? END : to });
  }

  /** @param {Record<string, number>} query */
  async #ask(query) {
    const given = Object.entries({ branch: this.branch ?? 0, ...query }).map(([name, value]) => [
      name,
      String(value),
    ]);
    const told = await this.given
      .ask(`${this.given.api}/score?${new URLSearchParams(given)}`)
      .catch(() => null);
    this.quietUntil = told === null ? this.clock() + this.patience : 0;
    this.patience = told === null ? Math.min(this.patience * 2, MOST_PATIENCE) : PATIENCE;
    return told;
  }

  /** @param {Book} book @param {Stretch} stretch */
  async #fetchSpans(book, stretch) {
    const { branch } = this;
    const from = Math.max(0, Math.floor(stretch.from));
    const until = stretch.to === END ? {} : { to: Math.ceil(stretch.to) };
    let rows = 0;
    for (let after = {}; ; ) {
      /** @type {Answer | null} */
      const told = await this.#ask({ from, ...until, limit: LIMIT, ...after });
      if (told === null || branch !== this.branch) return false;
      append(book.columns, told.spans);
      for (const ended of this.late) finish(book.columns, ended);
      rows += told.spans.id.length;
      this.filling = told.filling;
      book.horizon = Math.max(book.horizon, told.covered.to ?? 0);
      if (told.next === null) break;
      after = { after: told.next };
      this.given.changed();
    }
    this.density = rows / Math.max(1, Math.min(stretch.to, newestOf(book)) - stretch.from);
    if (this.filling) return false;
    book.known = joined(book.known, stretch);
    return true;
  }

  /** @param {Book} book @param {Stretch} sight @param {number} newest */
  async #fetchCounts(book, sight, newest) {
    const from = Math.max(0, Math.floor(sight.from));
    const to = Math.ceil(Math.min(sight.to, newest));
    /** @type {Coarse | null} */
    const told = await this.#ask({ from, to, bins: BINS });
    if (told === null) return false;
    book.coarse = { from: told.from, to: told.to, lanes: told.lanes };
    const spans = told.lanes.flatMap(({ counts }) => counts).reduce((sum, n) => sum + n, 0);
    this.density = spans / Math.max(1, to - from);
    return true;
  }
}
