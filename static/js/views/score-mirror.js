/**
 * The score for keyboards and screen readers: a grid over the canvas, a row per lane in sight, a cell per span of the lane that one
 * is on. Left and right go along the lane, up and down to another, Enter selects; each cell is read once, as one comes to it.
 */

import { element, find, setHidden, setText } from "../dom.js";

/** @typedef {ReturnType<typeof import("./score.js").createScore>} Score */
/** @typedef {{ lane: number, name: string, spans: number[] }} Lane */

/** @param {number} span */
const idOf = (span) => `score-cell-${span}`;

/** @param {Lane[]} lanes @param {number} current @param {(span: number) => string} sentence */
function rowsOf(lanes, current, sentence) {
  return lanes.map(({ lane, name, spans }) => {
    const row = element("div");
    row.setAttribute("role", "row");
    const head = element("span", "", name);
    head.setAttribute("role", "rowheader");
    row.append(head);
    if (lane !== current) return row;
    for (const span of spans) {
      const cell = element("span", "", sentence(span));
      cell.id = idOf(span);
      cell.setAttribute("role", "gridcell");
      row.append(cell);
    }
    return row;
  });
}

/**
 * Where one is among the spans in sight.
 *
 * @param {Score} score
 * @param {import("../store.js").Store} store
 */
function createPlace(score, store) {
  const grid = find(document, "#score-mirror");
  const words = find(document, "#score-mirror-words");
  /** @type {Lane[]} */
  let lanes = [];
  /** @type {number | null} */
  let at = null;
  const time = () => (at === null ? null : score.row(at)?.start) ?? store.get().state?.time ?? 0;
  const here = () => lanes.find(({ lane }) => lane === store.get().selected)?.spans ?? [];

  return {
    at: () => at,
    here,
    /** Takes up what is in sight now. */
    look() {
      lanes = score.inView();
      grid.replaceChildren(...rowsOf(lanes, store.get().selected, score.sentence));
    },
    /** @param {number | null} span */
    goTo(span) {
      at = span;
      if (span === null) grid.removeAttribute("aria-activedescendant");
      else grid.setAttribute("aria-activedescendant", idOf(span));
      setText(words, span === null ? "" : score.sentence(span));
      setHidden(words, span === null);
      if (store.get().hoveredSpan !== span) store.set({ hoveredSpan: span });
    },
    /** The one on this lane that begins nearest to where one is, or to the time that is shown. */
    nearest() {
      const then = time();
      const distance = (/** @type {number} */ span) => Math.abs((score.row(span)?.start ?? 0) - then);
      return here().reduce(
        (/** @type {number | null} */ best, span) =>
          best === null || distance(span) < distance(best) ? span : best,
        null,
      );
    },
  };
}

/**
 * @param {Score} score
 * @param {import("../store.js").Store} store
 * @param {(span: number) => void} choose
 */
export function createScoreMirror(score, store, choose) {
  const grid = find(document, "#score-mirror");
  const place = createPlace(score, store);

  /** @param {1 | -1} by */
  const along = (by) => {
    place.look();
    const spans = place.here();
    const now = place.at();
    const index = now === null ? -1 : spans.indexOf(now);
    const next = index < 0 ? place.nearest() : spans[index + by];
    if (next !== undefined) place.goTo(next);
    else score.actions[by > 0 ? "panRight" : "panLeft"]();
  };

  /** @param {"laneUp" | "laneDown"} way */
  const across = (way) => {
    score.actions[way]();
    place.look();
    place.goTo(place.nearest());
  };

  /** @param {0 | -1} which */
  const toEnd = (which) => {
    place.look();
    place.goTo(place.here().at(which) ?? null);
  };

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => along(-1),
    ArrowRight: () => along(1),
    ArrowUp: () => across("laneUp"),
    ArrowDown: () => across("laneDown"),
    Home: () => toEnd(0),
    End: () => toEnd(-1),
    Enter: () => {
      const span = place.at();
      if (span !== null) choose(span);
    },
  };
  grid.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    act();
  });
  grid.addEventListener("focus", () => {
    place.look();
    place.goTo(store.get().selectedSpan ?? place.nearest());
  });
  grid.addEventListener("blur", () => place.goTo(null));
  return { focus: () => grid.focus() };
}
