/**
 * The gate ladder: what the selected thing passes on its way to a CPU, and where it is held up. The server makes it
 * (`GET …/ladder`); here it is asked for again when the CPU has changed, one question at a time.
 *
 * @typedef {import("../state-types.js").LadderState} LadderState
 * @typedef {import("../state-types.js").GateState} GateState
 * @typedef {import("../state-types.js").LinkState} LinkState
 * @typedef {Record<string, number>} Wanted the query that selects it
 */

import { copyOf, element, find, reusedList, setAttribute, setClass, setHidden, setText } from "../dom.js";
import { vocabulary } from "../vocabulary.js";

/** Who steps reads no faster than this (ms), and nobody does while time runs. */
const ASK_EVERY = 150;
const ASK_EVERY_RUNNING = 500;
/** So much (px) of what comes behind the gate that holds is seen, too. */
const BEHIND = 24;

/**
 * What the ladder is of: what somebody has selected, or else what tells most of the selected CPU; null for nothing.
 *
 * @param {import("../store.js").Model} model
 * @returns {Wanted | null}
 */
export function wantedOf({ state, selected, selectedVector }) {
  const cpu = state?.cpus[selected];
  if (!state || !cpu) return null;
  if (selectedVector?.cpu === selected) return { cpu: selected, vector: selectedVector.vector };
  const { caption } = state;
  if (caption.pin !== null && caption.cpu === null) return { pin: caption.pin };
  if (caption.cpu === selected && caption.vector !== null) return { cpu: selected, vector: caption.vector };
  const waiting = cpu.why[0]?.vector;
  if (cpu.waits && (cpu.waits.for_ever || waiting === undefined)) return { cpu: selected, code: 1 };
  if (waiting !== undefined) return { cpu: selected, vector: waiting };
  const flight = state.in_flight.find(({ targets }) => targets.includes(selected));
  if (flight) return ofFlight(state, selected, flight);
  const serving = cpu.in_service.at(-1);
  return serving === undefined ? null : { cpu: selected, vector: serving };
}

/**
 * Of what is on its way: the vector that it brings, which has a ladder also when it has arrived meanwhile. What brings none is asked
 * for at the moment that is shown, for a moment later it is no message any more.
 *
 * @param {import("../store.js").State} state
 * @param {number} cpu
 * @param {import("../state-types.js").FlightState} flight
 * @returns {Wanted}
 */
function ofFlight({ branch, tick }, cpu, { message, delivery_mode, vector }) {
  return vocabulary().vector_modes.includes(delivery_mode) ? { cpu, vector } : { cpu, message, branch, tick };
}

/**
 * What the caption speaks of, where the selected CPU does nothing that could be explained instead, as a lecture does.
 *
 * @param {import("../store.js").Model} model
 * @returns {Wanted | null}
 */
export function captionedOf({ state, selected }) {
  const { cpu = null, vector = null } = state?.caption ?? {};
  const own = state?.cpus[selected];
  if (own && (own.step || own.call_stack.length > 0)) return null;
  return cpu === null || vector === null ? null : { cpu, vector };
}

/** @param {HTMLElement} item @param {GateState} gate @param {boolean} last */
function writeGate(item, gate, last) {
  setAttribute(item, "data-state", gate.state);
  setAttribute(item, "data-gate", gate.gate);
  setAttribute(item, "data-last", last ? "" : null);
  const name = find(item, ".gate-name");
  setText(name, gate.name);
  setAttribute(name, "href", gate.rule.href);
  setAttribute(name, "data-says", gate.rule.section);
  setText(find(item, ".gate-value"), gate.value);
  const words = find(item, ".gate-words");
  setHidden(words, gate.state !== "barred");
  setText(words, gate.state === "barred" ? gate.words : "");
}

/** The panel that shows a ladder, or nothing. */
function createPanel() {
  const panel = find(document, "#ladder");
  const title = find(panel, "#gates-title");
  const words = find(panel, "#gates-words");
  const chain = find(panel, "#gates-chain");
  const links = reusedList(
    chain,
    () => element("li"),
    (item, /** @type {LinkState} */ link) => setText(item, link.words),
  );
  const gates = reusedList(
    find(panel, "#gates"),
    () => copyOf("gate-template"),
    (item, /** @type {{ gate: GateState, last: boolean }} */ { gate, last }) => writeGate(item, gate, last),
  );
  let revealed = "";

  /** Brings the gate that holds into sight, once for each. @param {LadderState} ladder */
  const reveal = (ladder) => {
    const now = `${ladder.title} ${ladder.gates.find((gate) => gate.state === "barred")?.gate}`;
    if (now === revealed) return;
    revealed = now;
    const bar = panel.querySelector("[data-state=barred]:not([hidden])");
    const end = bar instanceof HTMLElement ? bar.offsetTop + bar.offsetHeight : 0;
    panel.scrollTop = Math.max(0, end + BEHIND - panel.clientHeight);
  };

  let said = "";

  /** @param {LadderState | null} ladder */
  const show = (ladder) => {
    setHidden(panel, ladder === null);
    if (!ladder) return;
    said = ladder.caption.words;
    setText(title, ladder.title);
    // Where a gate holds it up, that gate says so, and of a message under way not all; a chain speaks for itself.
    const barred = ladder.status !== "coming" && ladder.gates.some((gate) => gate.state === "barred");
    setHidden(words, barred || ladder.chain.length > 0);
    setText(words, said);
    setHidden(chain, ladder.chain.length === 0);
    links(ladder.chain);
    gates(ladder.gates.map((gate, place) => ({ gate, last: place === ladder.gates.length - 1 })));
    reveal(ladder);
  };
  return {
    show,
    /** Where the caption says the same, and perhaps more, a lecture's density does not say it twice. @param {string | undefined} caption */
    compare: (caption) => setClass(panel, "of-caption", caption?.startsWith(said) === true),
  };
}

/** @param {string} api the session's address @param {() => void} redraw */
export function createGates(api, redraw) {
  const { show, compare } = createPanel();
  /** @type {unknown[]} */
  let asked = [];
  let [under, askedAt] = [false, 0];

  /** @param {string} query */
  const ask = async (query) => {
    under = true;
    const answer = await fetch(`${api}/ladder?${query}`).catch(() => null);
    show(answer?.ok ? await answer.json() : null);
    under = false;
    redraw(); // it may have changed meanwhile
  };

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether it is to be asked again */
  return (model, now) => {
    compare(model.state?.caption.words);
    const inLecture = document.documentElement.dataset.density === "lecture";
    const wanted = wantedOf(model) ?? (inLecture ? captionedOf(model) : null);
    const query =
      wanted && new URLSearchParams(Object.entries(wanted).map(([name, one]) => [name, String(one)]));
    const key = [
      query?.toString() ?? "",
      model.state?.cpus[wanted?.cpu ?? model.selected],
      model.state?.ioapic,
      model.state?.in_flight,
    ];
    if (key.every((part, place) => part === asked[place])) return false;
    if (under) return false;
    if (now - askedAt < (model.state?.paused ? ASK_EVERY : ASK_EVERY_RUNNING)) return true;
    [asked, askedAt] = [key, now];
    if (query) ask(query.toString());
    else show(null);
    return false;
  };
}
