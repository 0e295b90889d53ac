/** The score's tools: buttons and fields beside it. What they do to the drawing is the score's own (`views/score.js`). */

import { find, setAttribute, setText } from "../dom.js";
import { filled } from "../vocabulary.js";
import { grouped } from "../words.js";

/**
 * @typedef {object} Given
 * @property {ReturnType<typeof import("./score.js").createScore>} score
 * @property {import("../store.js").Store} store
 * @property {(span: number) => void} choose
 */

/** @param {string} id */
const button = (id) => find(document, `#score-${id}`);

/** What is looked for: words, and kinds that are not shown. @param {Given} given */
function createSearch({ score, store, choose }) {
  const field = /** @type {HTMLInputElement} */ (button("search"));
  const found = button("found");
  const filter = button("filter");
  const all = [...filter.querySelectorAll("input")].filter((one) => one instanceof HTMLInputElement);
  const kinds = () => all; // they are put aside while the popover is closed

  const read = () => {
    const hidden = kinds()
      .filter((kind) => !kind.checked)
      .map((kind) => kind.value);
    store.set({ scoreFilter: { hidden, words: field.value.trim().toLowerCase() } });
    button("filter-open").classList.toggle("filters", hidden.length > 0);
    tell(matching(), -1);
  };

  const matching = () => {
    const { words, hidden } = store.get().scoreFilter;
    return score.matching(words, hidden);
  };

  /** How many are found, and the how manyth is selected. @param {number[]} ids @param {number} at -1 for none */
  const tell = (ids, at) => {
    const { none = "", some = "", one = "", partly = "" } = found.dataset;
    const count = grouped(ids.length);
    const words = at < 0 ? filled(some, { count }) : filled(one, { count, at: grouped(at + 1) });
    const said = ids.length === 0 ? none : words;
    const sought = store.get().scoreFilter.words !== "";
    setText(found, sought ? `${said}${score.partly() ? partly : ""}` : "");
  };

  /** The next of those that are found, or the one before; first one that is in sight; again the first after the last. @param {1 | -1} by */
  const go = (by) => {
    const ids = matching();
    const now = ids.indexOf(store.get().selectedSpan ?? -1);
    const first = Math.max(
      0,
      ids.findIndex((id) => (score.row(id)?.start ?? 0) >= score.sight().from),
    );
    const at = now < 0 ? first : (now + by + ids.length) % ids.length;
    const id = ids[at];
    if (id !== undefined) {
      choose(id);
      score.actions.show(id);
    }
    tell(ids, id === undefined ? -1 : at);
  };

  field.addEventListener("input", read);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
  });
  filter.addEventListener("change", read);
  button("filter-all").addEventListener("click", () => {
    for (const kind of kinds()) kind.checked = true;
    read();
  });
  return {
    search: () => {
      openTools();
      field.focus();
      field.select();
    },
    filter: () => {
      openTools();
      filter.showPopover();
      kinds()[0]?.focus();
    },
  };
}

/** Where the tools are folded away, whoever wants one of them gets all. */
function openTools() {
  const tools = find(document, "#score-tools");
  if (!tools.checkVisibility()) tools.showPopover();
}

/** Two times, and how far they are apart. @param {Given} given */
function createMarkers({ score, store }) {
  const said = find(document, "#score-difference");
  const none = button("mark-none");
  none.addEventListener("click", () => store.set({ markers: { a: null, b: null } }));
  const mark = {
    markA: () => score.actions.mark("a"),
    markB: () => score.actions.mark("b"),
  };
  button("mark-a").addEventListener("click", mark.markA);
  button("mark-b").addEventListener("click", mark.markB);

  /** @param {{ a: number | null, b: number | null }} markers */
  const words = ({ a, b }) => {
    const { one = "", after = "", before = "", same = "" } = said.dataset;
    if (a === null && b === null) return "";
    if (a === null || b === null)
      return filled(one, { which: a === null ? "B" : "A", time: grouped(a ?? b ?? 0) });
    if (a === b) return same;
    return filled(b > a ? after : before, { cycles: grouped(Math.abs(b - a)) });
  };

  /** @param {import("../store.js").Model} model */
  const draw = ({ markers }) => {
    const { a, b } = markers;
    setText(said, words(markers));
    setAttribute(button("mark-a"), "aria-pressed", String(a !== null));
    setAttribute(button("mark-b"), "aria-pressed", String(b !== null));
    setAttribute(none, "disabled", a === null && b === null ? "" : null);
  };
  return { actions: mark, draw };
}

/** @param {Given} given */
export function createScoreTools(given) {
  const { score } = given;
  const search = createSearch(given);
  const markers = createMarkers(given);
  const follow = button("follow");
  const actions = {
    zoomIn: score.actions.zoomIn,
    zoomOut: score.actions.zoomOut,
    fitScore: score.actions.fit,
    panLeft: score.actions.panLeft,
    panRight: score.actions.panRight,
    followScore: score.actions.followLive,
    nextSpan: score.actions.nextOnLane,
    previousSpan: score.actions.previousOnLane,
    searchScore: search.search,
    filterScore: search.filter,
    ...markers.actions,
  };
  button("zoom-in").addEventListener("click", actions.zoomIn);
  button("zoom-out").addEventListener("click", actions.zoomOut);
  button("fit").addEventListener("click", actions.fitScore);
  follow.addEventListener("click", actions.followScore);
  button("next").addEventListener("click", actions.nextSpan);
  button("previous").addEventListener("click", actions.previousSpan);

  /** @param {import("../store.js").Model} model */
  const draw = (model) => {
    markers.draw(model);
    setAttribute(follow, "aria-pressed", String(score.follows()));
  };
  return { actions, draw, openTools };
}
