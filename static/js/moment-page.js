/** Puts the page of a linked moment together: one state, once, and the views that draw it. Nothing moves, and nobody acts. */

import { addressOf } from "./addresses.js";
import { copyFrom } from "./copying.js";
import { find, setText } from "./dom.js";
import { createFrame } from "./frame.js";
import { listenToKeys } from "./keys.js";
import { findSpan } from "./score/of-event.js";
import { createStore } from "./store.js";
import { createBand } from "./views/band.js";
import { createCaption } from "./views/caption.js";
import { createCounters } from "./views/counters.js";
import { createFindings } from "./views/findings.js";
import { createGates } from "./views/gates.js";
import { createHelp } from "./views/help.js";
import { createInspector } from "./views/inspector.js";
import { createLens } from "./views/lens.js";
import { createLog } from "./views/log.js";
import { createScore } from "./views/score.js";
import { createScoreMirror } from "./views/score-mirror.js";
import { createScoreTools } from "./views/score-tools.js";
import { createSelection } from "./views/selection.js";
import { createStage } from "./views/stage.js";
import { createTheme } from "./views/theme.js";
import { createNotice } from "./views/transport.js";
import { fetchVocabulary, vocabulary } from "./vocabulary.js";
import { grouped } from "./words.js";

const { moment = "", readOnly = "", api = "" } = document.body.dataset;
/** The moment's own address; `api` is its session's, as long as that lives. */
const here = addressOf(`/api/v1/moments/${encodeURIComponent(moment)}`);
const [linked] = await Promise.all([
  fetch(here, { headers: { Accept: "application/json" } }).then((answer) => answer.json()),
  fetchVocabulary(),
]);

const frame = createFrame((now) => draw(now));
const store = createStore(frame.ask);
const notice = createNotice();
/** Whatever a view would send is refused, with the reason. */
const refuse = async () => {
  notice.refused(readOnly);
  return null;
};

/** @param {number} cpu */
const select = (cpu) => {
  if (store.get().selected !== cpu) store.set({ selected: cpu });
};

/** @param {number} cpu @param {number} vector */
const selectVector = (cpu, vector) => store.set({ selected: cpu, selectedVector: { cpu, vector } });

/** @param {number} by */
const selectNext = (by) => {
  const { state, selected } = store.get();
  const count = state?.cpus.length ?? 1;
  select((selected + by + count) % count);
};

const lens = createLens();
const stillness = { matches: true };
const stage = createStage({ send: refuse, select, selectVector, lens, stillness, ask: frame.ask });
const { state, events, view } = linked;
/** The form that the page had when the link was made. */
const form = ["drawing", "list"].includes(view.form) ? view.form : null;
const band = createBand(frame.ask, form);
const caption = createCaption();
/** The playhead stays where it is. */
const journeys = { go: refuse, underWay: () => false };
const score = createScore({ store, api, journeys, frame, select });

/** The span that was selected when the link was made. With it nothing else of what is seen changes. @type {number | null} */
let restored = null;
if (Number.isSafeInteger(view.span) && !new URLSearchParams(location.search).has("span")) {
  restored = view.span;
  history.replaceState(null, "", `?span=${view.span}`);
}

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
const scoreTools = createScoreTools({ score, store, choose });
const scoreMirror = createScoreMirror(score, store, choose);
const findings = createFindings(here, store, choose);
// The score's own sentence may speak of what came later: until the server has answered nothing is said.
const selection = createSelection({
  ...{ api: here, store, journeys, choose },
  ...{ sentence: () => "", told: score.told, refused: notice.refused },
});
const log = createLog(async (event) => {
  const span = await findSpan(api, store.get().state?.branch ?? 0, event);
  if (span !== null) choose(span);
}, score.row);
const views = [createInspector(), createCounters(), score.draw, scoreTools.draw, selection.draw];
const gates = createGates(here, frame.ask);

/** @param {number} now @returns {boolean} */
function draw(now) {
  const model = store.get();
  for (const view of views) view(model);
  const unwritten = log.draw(model, now);
  const unsaid = caption(model, now);
  const unasked = gates(model, now);
  return stage.draw(model, now) || unwritten || unsaid || unasked;
}

const theme = createTheme(frame.ask);
const help = createHelp();
const address = /** @type {HTMLInputElement} */ (find(document, "#moment-address"));
address.value = new URL(address.value, location.href).href;
find(document, "#moment-copy").addEventListener("click", () =>
  copyFrom(address, find(document, "#moment-copied")),
);

listenToKeys(
  vocabulary().keys.machine ?? {},
  {
    ...band.actions,
    ...stage.actions,
    ...scoreTools.actions,
    ...selection.actions,
    toScore: () => {
      band.actions.unfoldScore();
      if (band.form() === "list") log.focus();
      else scoreMirror.focus();
    },
    findings: () => {
      scoreTools.openTools();
      findings.open();
    },
    previousCpu: () => selectNext(-1),
    nextCpu: () => selectNext(1),
    projector: theme.projector,
    theme: theme.next,
    help: help.open,
  },
  help.keysAct,
);

store.receive({ type: "snapshot", seq: state.seq, time: state.time, state, events }, performance.now());
if (Number.isInteger(view.cpu) && state.cpus[view.cpu]) select(view.cpu);
const [from, to] = Array.isArray(view.times) ? view.times.map(Number) : [];
if (from !== undefined && to !== undefined && from < to) score.lookAt(from, to);
setText(find(document, "#time"), grouped(Math.floor(state.time)));
