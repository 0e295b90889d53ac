/**
 * What is selected in the score, explained where the CPU is explained otherwise: the whole interrupt step by step, and where it
 * waited. The words are the server's. The page's address names it, so that it can be given to others.
 *
 * @typedef {{ time: number, tick: number, words: string }} Step
 * @typedef {{ from: number, to: number | null, gate: string, words: string }} Piece
 * @typedef {object} Explanation
 * @property {import("../score/columns.js").Span} span
 * @property {string} words
 * @property {{ ids: number[], steps: Step[] }} interrupt
 * @property {Piece[]} waits
 * @property {number | null} next on the same lane, of the same kind
 * @property {number | null} previous
 */

import { createQuestions } from "../asking.js";
import { element, find, reusedList, setAttribute, setHidden, setText } from "../dom.js";
import { filled } from "../vocabulary.js";
import { grouped } from "../words.js";

/** So much of what the address names is repeated. */
const LONGEST_NAMED = 40;

/** What the page's address names as a span, or null. */
const namedInAddress = () => new URLSearchParams(location.search).get("span");

/** @param {string | null} named */
function spanOf(named) {
  const span = Number(named);
  return named !== null && String(span) === named && Number.isSafeInteger(span) && span >= 0 ? span : null;
}

/** @param {number | null} span */
function addressFor(span) {
  const address = new URL(location.href);
  if (span === null) address.searchParams.delete("span");
  else address.searchParams.set("span", String(span));
  return address;
}

/**
 * @param {HTMLElement} list
 * @param {(tick: number) => void} go
 */
function createSteps(list, go) {
  const make = () => {
    const row = element("li");
    const lead = element("button", "step-lead");
    lead.type = "button";
    lead.append(element("span", "mono dim"), element("span"));
    lead.addEventListener("click", () => go(Number(lead.value)));
    row.append(lead);
    return row;
  };
  return reusedList(list, make, (row, /** @type {Step} */ { time, tick, words }) => {
    setAttribute(find(row, "button"), "value", String(tick));
    setText(find(row, ".mono"), grouped(time));
    setText(find(row, "span:last-child"), words);
  });
}

/** @param {HTMLElement} list */
function createWaits(list) {
  const make = () => {
    const row = element("li");
    row.append(element("span", "mono dim"), element("span"));
    return row;
  };
  return reusedList(list, make, (row, /** @type {Piece} */ { from, to, words }) => {
    setText(find(row, ".mono"), to === null ? "" : grouped(Math.max(0, to - from)));
    setText(find(row, "span:last-child"), words);
  });
}

/** The panel: it writes an explanation, or what is known without one. @param {(tick: number) => void} go */
function createPanel(go) {
  const panel = find(document, "#selection");
  const words = find(panel, "#selection-words");
  const steps = createSteps(find(panel, "#selection-steps"), go);
  const waits = createWaits(find(panel, "#selection-waits"));
  const stepsPart = find(panel, "#selection-steps-part");
  const waitsPart = find(panel, "#selection-waits-part");
  const beside = /** @type {const} */ (["previous", "next"]).map((side) => ({
    side,
    button: /** @type {HTMLButtonElement} */ (find(panel, `#selection-${side}`)),
  }));
  const problem = find(panel, "#selection-problem");
  return {
    panel,
    words,
    beside,
    /** @param {Explanation | null} explanation @param {string} otherwise said without one @param {number} [now] so far a wait that goes on has lasted */
    show(explanation, otherwise, now = 0) {
      setText(problem, "");
      setText(words, explanation?.words ?? otherwise);
      steps(explanation?.interrupt.steps ?? []);
      waits((explanation?.waits ?? []).map((piece) => ({ ...piece, to: piece.to ?? now })));
      setHidden(stepsPart, !explanation?.interrupt.steps.length);
      setHidden(waitsPart, !explanation?.waits.length);
      for (const { side, button } of beside) button.disabled = (explanation?.[side] ?? null) === null;
    },
    /** What stands there may be old. */
    failed: () => setText(problem, problem.dataset.failed ?? ""),
    /** @param {string} named */
    unknown: (named) => filled(problem.dataset.unknown ?? "", { span: named.slice(0, LONGEST_NAMED) }),
  };
}

/**
 * What an explanation hangs on: while this is the same, so is the explanation.
 *
 * @param {import("../store.js").State} state
 */
const editionOf = ({ branch, tick, score }) =>
  [branch, tick, /** @type {{ changes?: number } | undefined} */ (score)?.changes].join();

/**
 * The span that the page's address names. It is selected once it has come, or when nothing more is to come.
 *
 * @param {object} given
 * @param {(span: number) => void} given.choose
 * @param {(span: number) => string} given.sentence
 * @param {() => boolean} given.told
 * @param {(named: string) => void} given.unknown
 * @returns {() => boolean} whether it is still awaited
 */
function createAddressee({ choose, sentence, told, unknown }) {
  const named = namedInAddress();
  let awaited = spanOf(named);
  if (named !== null && awaited === null) {
    unknown(named);
    history.replaceState(null, "", addressFor(null));
  }
  return () => {
    if (awaited === null) return false;
    if (sentence(awaited) === "" && !told()) return true;
    const span = awaited;
    awaited = null;
    choose(span);
    return false;
  };
}

/**
 * @param {object} given
 * @param {string} given.api where explanations are: the session's address, or a linked moment's
 * @param {import("../store.js").Store} given.store
 * @param {import("../journeys.js").Journeys} given.journeys
 * @param {(span: number) => void} given.choose
 * @param {(span: number) => string} given.sentence said until the server has answered; "" of a span that the page does not have
 * @param {() => boolean} given.told whether the page has what there is to have
 * @param {(words: string) => void} given.refused
 */
export function createSelection({ api, store, journeys, choose, sentence, told, refused }) {
  const { panel, words, beside, ...written } = createPanel((tick) => journeys.go({ type: "seek", tick }));
  const link = find(panel, "#selection-link");
  /** @type {Explanation | null} */
  let explained = null;
  /** @type {number | null} */
  let drawn = null;

  const clear = () => store.set({ selectedSpan: null });
  find(panel, "#selection-close").addEventListener("click", clear);
  for (const { side, button } of beside)
    button.addEventListener("click", () => {
      const id = explained?.[side];
      if (id !== null && id !== undefined) choose(id);
    });

  const questions = createQuestions(
    async () => {
      const { selectedSpan, state } = store.get();
      const answer = await fetch(`${api}/score/spans/${selectedSpan}?branch=${state?.branch ?? 0}`);
      if (answer.status === 404 || answer.status === 409) return "none"; // there is no such span
      return answer.ok ? /** @type {Promise<Explanation>} */ (answer.json()) : null;
    },
    (answer) => {
      if (store.get().selectedSpan !== drawn) return; // another one has been selected meanwhile
      if (answer === "none") {
        refused(written.unknown(String(drawn)));
        clear();
      } else if (answer) {
        explained = answer;
        written.show(answer, "", store.get().state?.time);
      } else written.failed();
    },
  );

  const takeUp = createAddressee({
    choose,
    sentence,
    told,
    unknown: (named) => refused(written.unknown(named)),
  });

  /** @param {number | null} span */
  const begin = (span) => {
    drawn = span;
    explained = null;
    setHidden(panel, span === null);
    const address = addressFor(span);
    history.replaceState(null, "", address);
    setAttribute(link, "href", address.href);
    if (span === null) questions.stop();
    else written.show(null, sentence(span));
  };

  /** @param {import("../store.js").Model} model */
  const draw = ({ state }) => {
    const waits = takeUp();
    const { selectedSpan } = store.get();
    if (!state || waits) return;
    if (selectedSpan !== drawn) begin(selectedSpan);
    if (selectedSpan === null) return;
    // While time runs nobody could listen to all of it.
    setAttribute(words, "aria-live", state.paused ? "polite" : "off");
    questions.want(String(selectedSpan), editionOf(state));
  };
  return { draw, actions: { selectNothing: clear } };
}
