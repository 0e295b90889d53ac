/** Everything that shows a moment and changes none: what the page of a machine and that of a linked moment have alike. */

import { findSpan } from "../score/of-event.js";
import { createBand } from "./band.js";
import { createCaption } from "./caption.js";
import { createCounters } from "./counters.js";
import { createFindings } from "./findings.js";
import { createGates } from "./gates.js";
import { createInspector } from "./inspector.js";
import { createLens } from "./lens.js";
import { createLog } from "./log.js";
import { createNarrow } from "./narrow.js";
import { createScore } from "./score.js";
import { createScoreMirror } from "./score-mirror.js";
import { createScoreTools } from "./score-tools.js";
import { createSelection } from "./selection.js";
import { createStage } from "./stage.js";

/**
 * @typedef {object} Given what the two pages have each its own of
 * @property {import("../store.js").Store} store
 * @property {{ ask: () => void }} frame
 * @property {string} api where the machine's score and gates are asked for
 * @property {import("../commands.js").Send} send does, or refuses, what a part of the picture is pressed for
 * @property {import("../journeys.js").Journeys} journeys moves the playhead, or does not
 * @property {(words: string) => void} refused
 * @property {{ matches: boolean }} stillness whether nothing may move by itself
 * @property {"drawing" | "list" | null} form the form of the score that a link asks for
 * @property {boolean} foretells whether the score's own sentences may be said, which know what came later
 * @property {number | null} restored the span that a link has selected: with it nothing else of what is seen changes
 */

/** Which CPU is selected, and which vector on it. @param {import("../store.js").Store} store */
function createCpuChoice(store) {
  /** @param {number} cpu */
  const select = (cpu) => {
    if (store.get().selected !== cpu) store.set({ selected: cpu });
  };
  return {
    select,
    /** @param {number} cpu @param {number} vector */
    selectVector: (cpu, vector) => store.set({ selected: cpu, selectedVector: { cpu, vector } }),
    /** @param {number} by */
    selectNext: (by) => {
      const { state, selected } = store.get();
      const count = state?.cpus.length ?? 1;
      select((selected + by + count) % count);
    },
  };
}

/** @param {Given} given */
export function createPicture(given) {
  const { store, frame, api, send, journeys } = given;
  const { select, selectVector, selectNext } = createCpuChoice(store);
  let { restored } = given;

  const stage = createStage({
    ...{ send, select, selectVector, stillness: given.stillness },
    ...{ lens: createLens(), ask: frame.ask },
  });
  const band = createBand(frame.ask, given.form);
  const score = createScore({ store, api, journeys, frame, select });

  /** Selects a span, and brings it into sight. @param {number} span */
  const choose = (span) => {
    store.set({ selectedSpan: span });
    if (span === restored) {
      restored = null;
      return;
    }
    const row = score.row(span);
    if (!row) return;
    if (row.lane >= 0) select(row.lane);
    score.actions.goTo(row.start);
  };

  const tools = createScoreTools({ score, store, choose });
  const mirror = createScoreMirror(score, store, choose);
  const findings = createFindings(api, store, choose);
  const selection = createSelection({
    ...{ api, store, journeys, choose },
    ...{ sentence: given.foretells ? score.sentence : () => "", told: score.told, refused: given.refused },
  });
  const log = createLog(async (event) => {
    const span = await findSpan(api, store.get().state?.branch ?? 0, event);
    if (span !== null) choose(span);
  }, score.row);
  const narrow = createNarrow(select, frame.ask);
  const upper = [createInspector(), createCounters(), narrow.draw, createGates(api, frame.ask), stage.draw];
  const lower = [score.draw, tools.draw, selection.draw, log.draw, createCaption()];

  return {
    select,
    selectVector,
    stage,
    score,
    band,
    narrow,
    choose,
    /** The CPUs and what explains them. @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether there is more to do */
    upper: (model, now) => upper.map((view) => view(model, now) === true).includes(true),
    /** The sentence, and the score. @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether there is more to do */
    lower: (model, now) => lower.map((view) => view(model, now) === true).includes(true),
    actions: {
      ...band.actions,
      ...stage.actions,
      ...tools.actions,
      ...selection.actions,
      toScore: () => {
        band.actions.unfoldScore();
        if (band.form() === "list") log.focus();
        else mirror.focus();
      },
      findings: () => {
        tools.openTools();
        findings.open();
      },
      previousCpu: () => selectNext(-1),
      nextCpu: () => selectNext(1),
    },
  };
}
