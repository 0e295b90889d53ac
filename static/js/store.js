/**
 * What the page knows, and the only way it changes: a message in, a new model out. No DOM, no time, no network,
 * so it can be tested by itself.
 *
 * @typedef {import("./state-types.js").State} State
 * @typedef {import("./protocol.js").Delta} Delta
 * @typedef {import("./protocol.js").Snapshot} Snapshot
 * @typedef {import("./protocol.js").Message} Message
 * @typedef {import("./state-types.js").EventRecord} EventRecord
 *
 * @typedef {"connecting" | "live" | "catching_up" | "silent" | "stale" | "over"} Link
 *
 * @typedef {object} Model
 * @property {State | null} state
 * @property {number} seq
 * @property {number} receivedAt wall time (ms) of the last state, to run the clock on between frames
 * @property {Link} link
 * @property {number} silence seconds for which an open stream has said nothing; of a silent link only
 * @property {number | null} staleSince wall time (ms since 1970) when the stream was lost
 * @property {EventRecord[]} events the most recent, oldest first; a gap in their numbers is what was left out
 * @property {number} past counts how often `events` were replaced by those of another past
 * @property {number} selected the CPU that inspector and keys act on
 * @property {{ cpu: number, vector: number } | null} selectedVector at a CPU, whose gates are shown
 * @property {number[]} receivers CPUs that the IPI being composed would reach
 * @property {{ receivers: number[], merges: number[] } | null} foreseen what something else that is considered would reach, and where it would merge; goes before `receivers`
 * @property {import("./views/flags.js").Flag[]} flags words at moments of the session, by branch and moment
 * @property {number | null} selectedSpan of the score
 * @property {number | null} hoveredSpan that a pointer or the focus is on
 * @property {{ a: number | null, b: number | null }} markers two times that somebody compares
 * @property {{ hidden: string[], words: string }} scoreFilter kinds of spans that are not drawn, and words that others lack
 */

/** Whom something that is considered would reach, or else the IPI that is being composed. @param {Model} model */
export const reachedIn = ({ foreseen, receivers }) => foreseen?.receivers ?? receivers;

/** Enough to scroll back through a lecture's last few minutes, few enough to keep the page light. */
export const EVENTS_KEPT = 300;

/** @returns {Model} */
export function emptyModel() {
  return {
    state: null,
    seq: -1,
    receivedAt: 0,
    link: "connecting",
    silence: 0,
    staleSince: null,
    events: [],
    past: 0,
    selected: 0,
    selectedVector: null,
    receivers: [],
    foreseen: null,
    flags: [],
    selectedSpan: null,
    hoveredSpan: null,
    markers: { a: null, b: null },
    scoreFilter: { hidden: [], words: "" },
  };
}

/**
 * The state a delta leads to. CPUs that did not change keep their identity, so a view can skip them by comparing.
 *
 * @param {State} state
 * @param {Delta} delta
 * @returns {State}
 */
export function applyDelta(state, delta) {
  const { type, seq, base, events, events_skipped, spans, cpus, ...changed } = delta;
  if (!cpus) return { ...state, ...changed };
  const merged = state.cpus.map((cpu) => (cpus[cpu.cpu] ? { ...cpu, ...cpus[cpu.cpu] } : cpu));
  return { ...state, ...changed, cpus: merged };
}

/**
 * Whether the events that the page has are not the snapshot's past: it shows an earlier moment, or another branch, or the session
 * began anew.
 *
 * @param {Model} model
 * @param {Snapshot} snapshot
 */
function isAnotherPast(model, snapshot) {
  const { state: before } = model;
  if (before && (snapshot.state.branch !== before.branch || snapshot.state.tick < before.tick)) return true;
  return (snapshot.events?.at(-1)?.n ?? Number.POSITIVE_INFINITY) < (model.events.at(-1)?.n ?? -1);
}

/**
 * @param {Model} model
 * @param {Snapshot} snapshot
 * @param {number} at
 * @returns {Model}
 */
function applySnapshot(model, snapshot, at) {
  const selected = Math.min(model.selected, snapshot.state.cpus.length - 1);
  // A snapshot repeats recent events: after a resync only those we have not seen are new.
  const anew = isAnotherPast(model, snapshot);
  const kept = anew ? [] : model.events;
  return {
    ...model,
    state: snapshot.state,
    seq: snapshot.seq,
    receivedAt: at,
    link: "live",
    staleSince: null,
    selected,
    events: appended(kept, snapshot.events),
    past: model.past + (anew ? 1 : 0),
  };
}

/**
 * @param {EventRecord[]} kept
 * @param {EventRecord[] | undefined} more
 */
function freshOf(kept, more) {
  const last = kept.at(-1)?.n ?? -1;
  return (more ?? []).filter((event) => event.n > last);
}

/**
 * @param {EventRecord[]} kept
 * @param {EventRecord[] | undefined} more
 */
function appended(kept, more) {
  const fresh = freshOf(kept, more);
  return fresh.length === 0 ? kept : [...kept, ...fresh].slice(-EVENTS_KEPT);
}

/**
 * @param {Model} model
 * @param {Message} message
 * @param {number} at wall time (ms) on a clock that only runs forward
 * @returns {{ model: Model, resync: boolean }} resync: our base is not the delta's, so ask for a snapshot
 */
export function receive(model, message, at) {
  switch (message.type) {
    case "hello": {
      const upToDate = model.state !== null && message.resume.endsWith(`:${model.seq}`);
      const link = /** @type {Link} */ (upToDate ? "live" : "catching_up");
      return { model: { ...model, link, staleSince: upToDate ? null : model.staleSince }, resync: false };
    }
    case "ping":
      return { model: model.link === "silent" ? { ...model, link: "live" } : model, resync: false };
    case "snapshot":
      return { model: applySnapshot(model, message, at), resync: false };
    case "delta":
      return receiveDelta(model, message, at);
    default:
      return { model, resync: false };
  }
}

/**
 * @param {Model} model
 * @param {Delta} delta
 * @param {number} at
 */
function receiveDelta(model, delta, at) {
  if (!model.state || delta.base > model.seq)
    return { model: { ...model, link: /** @type {Link} */ ("catching_up") }, resync: true };
  if (delta.base < model.seq) return { model, resync: false }; // an old one, overtaken by a snapshot
  const next = {
    ...model,
    state: applyDelta(model.state, delta),
    seq: delta.seq,
    receivedAt: at,
    link: /** @type {Link} */ ("live"),
    staleSince: null,
    events: appended(model.events, delta.events),
  };
  return { model: next, resync: false };
}

/**
 * Holds the model and tells the frame when there is something to draw.
 *
 * @param {() => void} changed
 */
export function createStore(changed) {
  let model = emptyModel();
  return {
    get: () => model,
    /** @param {Partial<Model>} part */
    set(part) {
      model = { ...model, ...part };
      changed();
    },
    /**
     * @param {Message} message
     * @param {number} at
     * @returns {boolean} whether a snapshot must be asked for
     */
    receive(message, at) {
      const outcome = receive(model, message, at);
      model = outcome.model;
      changed();
      return outcome.resync;
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
