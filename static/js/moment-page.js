/** Puts the page of a linked moment together: one state, once, and the views that draw it. Nothing moves, and nobody acts. */

import { addressOf } from "./addresses.js";
import { copyFrom } from "./copying.js";
import { find, setText } from "./dom.js";
import { createFrame } from "./frame.js";
import { listenToKeys } from "./keys.js";
import { createStore } from "./store.js";
import { createDensity } from "./views/density.js";
import { createHelp } from "./views/help.js";
import { createPicture } from "./views/picture.js";
import { createDrawer, createTheme } from "./views/theme.js";
import { createNotice } from "./views/transport.js";
import { fetchVocabulary, vocabulary } from "./vocabulary.js";
import { grouped } from "./words.js";

const { moment = "", readOnly = "" } = document.body.dataset;
/** The moment's own address: it answers when its session is over, too. */
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

const { state, events, view } = linked;
/** The playhead stays where it is. */
const journeys = { go: refuse, underWay: () => false };
/** The span that was selected when the link was made. @type {number | null} */
let restored = null;
if (Number.isSafeInteger(view.span) && !new URLSearchParams(location.search).has("span")) {
  restored = view.span;
  history.replaceState(null, "", `?span=${view.span}`);
}
const picture = createPicture({
  ...{ store, frame, api: here, send: refuse, journeys, stillness: { matches: true } },
  ...{ refused: notice.refused, foretells: false, restored },
  form: ["drawing", "list"].includes(view.form) ? view.form : null,
});

/** @param {number} now @returns {boolean} */
function draw(now) {
  const moves = picture.lower(store.get(), now);
  return picture.upper(store.get(), now) || moves;
}

const density = createDensity(frame.ask);
const theme = createTheme(frame.ask, density);
createDrawer();
const help = createHelp();
const address = /** @type {HTMLInputElement} */ (find(document, "#moment-address"));
address.value = new URL(address.value, location.href).href;
find(document, "#moment-copy").addEventListener("click", () =>
  copyFrom(address, find(document, "#moment-copied")),
);

listenToKeys(
  vocabulary().keys.machine ?? {},
  {
    ...picture.actions,
    projector: theme.projector,
    theme: theme.next,
    density: density.next,
    help: help.open,
  },
  help.keysAct,
);

store.receive({ type: "snapshot", seq: state.seq, time: state.time, state, events }, performance.now());
if (Number.isInteger(view.cpu) && state.cpus[view.cpu]) picture.select(view.cpu);
const [from, to] = Array.isArray(view.times) ? view.times.map(Number) : [];
if (from !== undefined && to !== undefined && from < to) picture.score.lookAt(from, to);
setText(find(document, "#time"), grouped(Math.floor(state.time)));
