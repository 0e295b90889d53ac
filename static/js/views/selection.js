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

import { element, find, setAttribute, setHidden, setText } from "../dom.js";
import { grouped } from "../words.js";

/** The span that the page's address names. */
function spanInAddress() {
  const named = new URLSearchParams(location.search).get("span");
  return named !== null && /\d/.test(named) && Number.isSafeInteger(Number(named)) ? Number(named) : null;
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
  /** @param {Step} step */
  const item = ({ time, tick, words }) => {
    const row = element("li");
    const lead = element("button", "step-lead");
    lead.type = "button";
    lead.append(element("span", "mono dim", grouped(time)), element("span", "", words));
    lead.addEventListener("click", () => go(tick));
    row.append(lead);
    return row;
  };
  return (/** @type {Step[]} */ steps) => list.replaceChildren(...steps.map(item));
}

/** @param {Piece} piece */
function pieceItem({ from, to, words }) {
  const row = element("li");
  const length = to === null ? "" : grouped(to - from);
  row.append(element("span", "mono dim", length), element("span", "", words));
  return row;
}

/**
 * @param {object} given
 * @param {string} given.api the session's address
 * @param {import("../store.js").Store} given.store
 * @param {import("../journeys.js").Journeys} given.journeys
 * @param {(span: number) => void} given.choose
 * @param {(span: number) => string} given.sentence said until the server has answered
 */
export function createSelection({ api, store, journeys, choose, sentence }) {
  const panel = find(document, "#selection");
  const words = find(panel, "#selection-words");
  const link = find(panel, "#selection-link");
  const steps = createSteps(find(panel, "#selection-steps"), (tick) => journeys.go({ type: "seek", tick }));
  const waits = find(panel, "#selection-waits");
  const stepsPart = find(panel, "#selection-steps-part");
  const waitsPart = find(panel, "#selection-waits-part");
  const beside = /** @type {const} */ (["previous", "next"]).map((side) => ({
    side,
    button: /** @type {HTMLButtonElement} */ (find(panel, `#selection-${side}`)),
  }));
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

  /** @param {Explanation | null} explanation */
  const show = (explanation) => {
    explained = explanation;
    if (explanation) setText(words, explanation.words);
    steps(explanation?.interrupt.steps ?? []);
    waits.replaceChildren(...(explanation?.waits ?? []).map(pieceItem));
    setHidden(stepsPart, !explanation?.interrupt.steps.length);
    setHidden(waitsPart, !explanation?.waits.length);
    for (const { side, button } of beside) button.disabled = (explanation?.[side] ?? null) === null;
  };

  /** @param {number} span @param {number} branch */
  const ask = async (span, branch) => {
    const answer = await fetch(`${api}/score/spans/${span}?branch=${branch}`).catch(() => null);
    if (store.get().selectedSpan !== span) return; // another one has been selected meanwhile
    show(answer?.ok ? await answer.json() : null);
  };

  let awaited = spanInAddress();
  /** What the address names is selected once it has come. */
  const takeUp = () => {
    if (awaited === null || sentence(awaited) === "") return;
    const span = awaited;
    awaited = null;
    choose(span);
  };

  /** @param {import("../store.js").Model} model */
  const draw = ({ selectedSpan, state }) => {
    takeUp();
    if (!state || selectedSpan === drawn || awaited !== null) return;
    drawn = selectedSpan;
    setHidden(panel, selectedSpan === null);
    const address = addressFor(selectedSpan);
    history.replaceState(null, "", address);
    setAttribute(link, "href", address.href);
    if (selectedSpan === null) return;
    setText(words, sentence(selectedSpan));
    ask(selectedSpan, state.branch);
  };
  return { draw, actions: { selectNothing: clear } };
}
