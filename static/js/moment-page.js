/** Puts the page of a linked moment together: one state, once, and the views that draw it. Nothing moves, and nobody acts. */

import { addressOf } from "./addresses.js";
import { copyFrom } from "./copying.js";
import { find, setText } from "./dom.js";
import { createFrame } from "./frame.js";
import { listenToKeys } from "./keys.js";
import { createStore } from "./store.js";
import { createBand } from "./views/band.js";
import { createCaption } from "./views/caption.js";
import { createCounters } from "./views/counters.js";
import { createGates } from "./views/gates.js";
import { createHelp } from "./views/help.js";
import { createInspector } from "./views/inspector.js";
import { createLens } from "./views/lens.js";
import { createLog } from "./views/log.js";
import { createStage } from "./views/stage.js";
import { createTheme } from "./views/theme.js";
import { createNotice } from "./views/transport.js";
import { fetchVocabulary, vocabulary } from "./vocabulary.js";
import { grouped } from "./words.js";

const { moment = "", readOnly = "" } = document.body.dataset;
const api = addressOf(`/api/v1/moments/${encodeURIComponent(moment)}`);
const [linked] = await Promise.all([
  fetch(api, { headers: { Accept: "application/json" } }).then((answer) => answer.json()),
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
const band = createBand(frame.ask, form ?? "list");
const caption = createCaption();
const log = createLog(
  () => undefined,
  () => null,
);
const views = [createInspector(), createCounters()];
const gates = createGates(api, frame.ask);

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
setText(find(document, "#time"), grouped(Math.floor(state.time)));
