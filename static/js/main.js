/** Puts the page together: socket → store → frame → views; forms belong to htmx and are not touched here. */

import { addressOf, socketAddress } from "./addresses.js";
import { createCommands } from "./commands.js";
import { find } from "./dom.js";
import { createFrame } from "./frame.js";
import { createJourneys } from "./journeys.js";
import { listenToKeys } from "./keys.js";
import { findSpan } from "./score/of-event.js";
import { openStream } from "./socket.js";
import { createStore } from "./store.js";
import { createBackends } from "./views/backends.js";
import { createBand } from "./views/band.js";
import { createBranches } from "./views/branches.js";
import { createBreakpoints } from "./views/breakpoints.js";
import { createCaption } from "./views/caption.js";
import { createComposer } from "./views/composer.js";
import { createCondition } from "./views/condition.js";
import { createCounters } from "./views/counters.js";
import { createDemonstration } from "./views/demonstration.js";
import { createFindings } from "./views/findings.js";
import { createFlags } from "./views/flags.js";
import { createGates } from "./views/gates.js";
import { createHelp, createInvite } from "./views/help.js";
import { createInspector } from "./views/inspector.js";
import { createGhost } from "./views/left-branch.js";
import { createLens } from "./views/lens.js";
import { createLines } from "./views/lines.js";
import { createLinking } from "./views/linking.js";
import { createLog } from "./views/log.js";
import { createMoment } from "./views/moment.js";
import { createPins } from "./views/pins.js";
import { createPricing } from "./views/pricing.js";
import { createRecording } from "./views/recording.js";
import { createScore } from "./views/score.js";
import { createScoreMirror } from "./views/score-mirror.js";
import { createScoreTools } from "./views/score-tools.js";
import { createSelection } from "./views/selection.js";
import { createStage } from "./views/stage.js";
import { createDrawer, createTheme } from "./views/theme.js";
import { createTopbar } from "./views/topbar.js";
import { createNotice, createTransport } from "./views/transport.js";
import { createUpload } from "./views/upload.js";
import { fetchVocabulary, vocabulary } from "./vocabulary.js";

await fetchVocabulary();
const session = document.body.dataset.session ?? "";
const api = addressOf(`/api/v1/sessions/${encodeURIComponent(session)}`);
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

const frame = createFrame((now) => draw(now));
const store = createStore(frame.ask);
const notice = createNotice();
const send = createCommands(`${api}/commands`, notice.refused, notice.told);

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
const stage = createStage({ send, select, selectVector, lens, stillness, ask: frame.ask });
const band = createBand(frame.ask);
const caption = createCaption();
const journeys = createJourneys(async (command) => {
  const answer = await send(command);
  if (answer && command.type !== "seek") moment.say(answer.text); // the slider says by itself where it is
});
const score = createScore({ store, api, journeys, frame, select });

/** Selects a span, and brings it into sight. @param {number} span */
const choose = (span) => {
  store.set({ selectedSpan: span });
  const row = score.row(span);
  if (!row) return;
  if (row.lane >= 0) select(row.lane);
  score.actions.goTo(row.start);
};
const scoreTools = createScoreTools({ score, store, choose });
const scoreMirror = createScoreMirror(score, store, choose);
const findings = createFindings(api, store, choose);
const selection = createSelection({
  ...{ api, store, journeys, choose },
  ...{ sentence: score.sentence, told: score.told, refused: notice.refused },
});
const gates = createGates(api, frame.ask);
const log = createLog(async (event) => {
  const span = await findSpan(api, store.get().state?.branch ?? 0, event);
  if (span !== null) choose(span);
}, score.row);
const moment = createMoment(journeys, store.get);
const transport = createTransport(send, journeys, store.get);
const backends = createBackends(send);
const pins = createPins(send);
const composer = createComposer(store);
const demonstration = createDemonstration(send);
const ghost = createGhost(api, score.setGhost);
const flags = createFlags(store, `${api}/flags`);
const breakpoints = createBreakpoints(notice.told, select);
const views = [
  createTopbar(),
  createCondition(send),
  backends.draw,
  createPricing(),
  createInspector(),
  createCounters(),
  pins.draw,
  createLines(send),
  demonstration.draw,
  createRecording(),
  transport.draw,
  moment.draw,
  createBranches(),
  (/** @type {import("./store.js").Model} */ model) => {
    if (!model.state) return;
    score.draw(model);
    ghost(model);
  },
  scoreTools.draw,
  selection.draw,
  flags.draw,
  breakpoints.draw,
];

/** @param {number} now @returns {boolean} */
function draw(now) {
  const model = store.get();
  for (const view of views) view(model, now);
  const unwritten = log.draw(model, now);
  const unforeseen = composer.draw(model, now);
  const unsaid = caption(model, now);
  const unasked = gates(model, now);
  return stage.draw(model, now) || unwritten || unforeseen || unsaid || unasked;
}

const theme = createTheme(frame.ask);
const drawer = createDrawer();
const help = createHelp();
createInvite();
createUpload();
const linking = createLinking(() => {
  const { state, selected, selectedSpan } = store.get();
  const { from, to, chosen } = score.sight();
  return {
    cpu: selected,
    span: selectedSpan,
    form: band.form(),
    times: chosen ? [from, to] : null,
    live: state?.live ?? true,
  };
});

listenToKeys(
  vocabulary().keys.machine ?? {},
  {
    ...transport.actions,
    ...moment.actions,
    ...flags.actions,
    ...breakpoints.actions,
    ...linking,
    ...band.actions,
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
    ...stage.actions,
    previousCpu: () => selectNext(-1),
    nextCpu: () => selectNext(1),
    projector: theme.projector,
    theme: theme.next,
    help: help.open,
    compose: () => {
      drawer.open();
      composer.open();
    },
    send: composer.send,
    pins: () => {
      drawer.open();
      /** @type {HTMLDetailsElement} */ (find(document, "#devices-section")).open = true;
      pins.focus();
    },
    backend: backends.open,
    demonstration: demonstration.toggle,
    interruptFlag: () => {
      const { state, selected } = store.get();
      const cpu = state?.cpus[selected];
      if (cpu) send({ type: "set_interrupt_flag", cpu: cpu.cpu, enabled: cpu.window === "held" });
    },
  },
  help.keysAct,
);

openStream(socketAddress(`${api}/stream?spans=1`), {
  message: (message) => {
    if ("spans" in message && message.spans) score.receive(message.spans);
    return store.receive(message, performance.now());
  },
  silent: (silence) => {
    if (store.get().silence !== silence || store.get().link !== "silent")
      store.set({ link: "silent", silence });
  },
  resume: () => (store.get().state ? `${session}:${store.get().seq}` : ""),
  lost: () => store.set({ link: "stale", staleSince: store.get().staleSince ?? Date.now() }),
  over: (words) => {
    store.set({ link: "over" });
    notice.over(words);
  },
});
