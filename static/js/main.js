/** Puts the page together: socket → store → frame → views; forms belong to htmx and are not touched here. */

import { createActing } from "./acting/on-stage.js";
import { addressOf, socketAddress } from "./addresses.js";
import { createCommands } from "./commands.js";
import { find } from "./dom.js";
import { createFrame } from "./frame.js";
import { createJourneys } from "./journeys.js";
import { listenToKeys } from "./keys.js";
import { openStream } from "./socket.js";
import { createStore } from "./store.js";
import { createTurns } from "./turns.js";
import { putAside } from "./views/aside.js";
import { createBackends } from "./views/backends.js";
import { createBranches } from "./views/branches.js";
import { createBreakpoints } from "./views/breakpoints.js";
import { createComposer } from "./views/composer.js";
import { createCondition } from "./views/condition.js";
import { createDemonstration } from "./views/demonstration.js";
import { createDensity } from "./views/density.js";
import { createEditing } from "./views/editing.js";
import { createFlags } from "./views/flags.js";
import { createGuestForm } from "./views/guest-form.js";
import { createHelp } from "./views/help.js";
import { createInvite } from "./views/invite.js";
import { createGhost } from "./views/left-branch.js";
import { createLegacyLines } from "./views/legacy-lines.js";
import { createLines } from "./views/lines.js";
import { createLinking } from "./views/linking.js";
import { createLocalTable } from "./views/local-table.js";
import { createMoment } from "./views/moment.js";
import { createPalette } from "./views/palette.js";
import { createPicture } from "./views/picture.js";
import { createPins } from "./views/pins.js";
import { createPricing } from "./views/pricing.js";
import { createRecording } from "./views/recording.js";
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

const journeys = createJourneys(async (command) => {
  const answer = await send(command);
  if (answer && command.type !== "seek") moment.say(answer.text); // the slider says by itself where it is
});
const picture = createPicture({
  ...{ store, frame, api, send, journeys, stillness },
  ...{ refused: notice.refused, form: null, foretells: true, restored: null },
});
const { select, selectVector, stage, score } = picture;
const moment = createMoment(journeys, store.get);
const transport = createTransport(send, journeys, store.get);
const backends = createBackends(send);
createGuestForm(/** @type {HTMLFormElement} */ (find(document, "#guest-form")));
const editing = createEditing(send);
const acting = createActing({
  ...{ api, store, stage, send, notice, select, selectVector, editing, ask: frame.ask },
});
const pins = createPins(send, editing);
const composer = createComposer(store);
const palette = createPalette(store, `${api}/line`, send);
find(document, "#to-line").addEventListener("click", palette.open); // on a phone it is not seen before
const demonstration = createDemonstration(send);
const ghost = createGhost(api, score.setGhost);
const flags = createFlags(store, `${api}/flags`);
const breakpoints = createBreakpoints(notice.told, select);
const views = [
  createTopbar(),
  createCondition(send),
  backends.draw,
  createPricing(),
  pins.draw,
  palette.draw,
  createLines(send, editing),
  createLegacyLines(send),
  createLocalTable(send, editing, select),
  editing.draw,
  demonstration.draw,
  createRecording(),
  transport.draw,
  moment.draw,
  createBranches(),
  (/** @type {import("./store.js").Model} */ model) => {
    if (model.state) ghost(model);
  },
  flags.draw,
  breakpoints.draw,
  createInvite(select),
];

const drawInTurn = createTurns(
  (model, now) => {
    const moves = picture.upper(model, now);
    acting.draw(model, now);
    return moves;
  },
  (model, now) => {
    for (const view of views) view(model, now);
    const unforeseen = composer.draw(model, now);
    return picture.lower(model, now) || unforeseen;
  },
);

/** @param {number} now @returns {boolean} */
function draw(now) {
  return drawInTurn(store.get(), now);
}

const density = createDensity(frame.ask);
const theme = createTheme(frame.ask, density);
const drawer = createDrawer();
const help = createHelp();
createUpload();
const linking = createLinking(() => {
  const { state, selected, selectedSpan } = store.get();
  const { from, to, chosen } = score.sight();
  return {
    cpu: selected,
    span: selectedSpan,
    form: picture.band.form(),
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
    ...picture.actions,
    projector: theme.projector,
    theme: theme.next,
    density: density.next,
    help: help.open,
    compose: () => {
      drawer.open();
      picture.narrow.show("ipi");
      composer.open();
    },
    send: composer.send,
    palette: palette.open,
    pins: () => {
      drawer.open();
      picture.narrow.show("pins");
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

putAside();
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
