/** The line above the mosaic: how many CPUs do what, each count a way to them, and a field that finds CPUs by what they show. */

import { element, find, reusedList, setAttribute, setText } from "../dom.js";
import { nextOf, previousOf, understood } from "../stage/finding.js";
import { say, vocabulary } from "../vocabulary.js";

/** @typedef {import("../stage/tiles.js").TileKind} TileKind */
/** @typedef {ReturnType<typeof import("../stage/tiles.js").censusOf>[number]} Group */
/** @typedef {import("../stage/finding.js").Candidate} Candidate */

/** @type {Record<TileKind, () => string>} */
const KIND_WORDS = {
  handler: () => say("tiles_handler"),
  waits: () => say("tiles_wait"),
  closed: () => say("tiles_closed"),
  runs: () => say("tiles_runs"),
  absent: () => say("tiles_absent"),
  idle: () => say("tiles_idle"),
};

/** @param {HTMLElement} list @param {(cpus: number[]) => void} choose */
export function createCensus(list, choose) {
  /** @type {Group[]} */
  let groups = [];
  const write = reusedList(
    list,
    () => {
      const item = element("li");
      const button = element("button", "census-group");
      button.type = "button";
      button.append(element("i"), element("b", "mono"), element("span"));
      button.addEventListener("click", () => choose(groups[Number(item.dataset.at)]?.cpus ?? []));
      item.append(button);
      return item;
    },
    (item, /** @type {Group} */ { kind, gate, cpus }, at) => {
      const button = /** @type {HTMLButtonElement} */ (item.firstElementChild);
      const [, count, words] = /** @type {HTMLElement[]} */ ([...button.children]);
      setAttribute(item, "data-at", String(at));
      setAttribute(item, "data-kind", kind);
      setAttribute(item, "data-gate", gate);
      setAttribute(item, "data-empty", cpus.length === 0 ? "" : null);
      if (count) setText(count, String(cpus.length));
      if (words) setText(words, gate === "" ? KIND_WORDS[kind]() : (vocabulary().gates[gate] ?? gate));
    },
  );
  /** @param {Group[]} found */
  return (found) => {
    groups = found;
    write(found);
  };
}

/**
 * @param {HTMLElement} box
 * @param {() => number} selected
 * @param {(cpu: number) => void} go
 * @param {() => void} ask for a frame
 */
export function createFinding(box, selected, go, ask) {
  const field = /** @type {HTMLInputElement} */ (find(box, "input"));
  const says = find(box, "output");
  /** @type {number[]} */
  let found = [];
  let looked = understood("");

  /** @param {boolean} back */
  const goOn = (back) => {
    const next = (back ? previousOf : nextOf)(found, selected());
    if (next !== null) go(next);
  };
  field.addEventListener("input", () => {
    looked = understood(field.value);
    ask();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    goOn(event.shiftKey);
  });

  return {
    goOn,
    /** What was looked for last, and whether anybody looks. */
    words: () => field.value,
    /** Which of *candidates* are meant; null where nobody looks for any. @param {Candidate[]} candidates */
    among(candidates) {
      const { test, unknown } = looked;
      found = test ? candidates.filter(test).map(({ cpu }) => cpu.cpu) : [];
      setAttribute(field, "aria-invalid", unknown === "" ? null : "true");
      const told = test ? say("cpus_found", { count: found.length }) : "";
      setText(says, unknown === "" ? told : say("term_unknown", { term: unknown }));
      return test ? new Set(found) : null;
    },
  };
}
