/** Messages under way, seen travelling between the ports of the CPUs; above a certain rate only that they are many. */

import { progress, virtualTime } from "../clock.js";
import { element, find, setAttribute, setClass, setText } from "../dom.js";
import { createRate, isBlurred, rateWords } from "../stage/pace.js";
import { pointOnWay } from "../stage/way.js";
import { reachedIn } from "../store.js";
import { say, vocabulary } from "../vocabulary.js";
import { flightFace, hex, spaced } from "../words.js";
import { createPorts } from "./ports.js";

/** @typedef {import("../state-types.js").FlightState} FlightState */
/** @typedef {import("../state-types.js").State} State */

/** More tokens than this at once are a blur; the rest is a number. */
const MOST_TOKENS = 36;

/** @param {FlightState} flight */
function flightWords(flight) {
  const what =
    flight.delivery_mode === "fixed"
      ? hex(flight.vector)
      : `${spaced(flight.delivery_mode)} ${hex(flight.vector)}`;
  return say("message", {
    sender: vocabulary().senders[flight.kind] ?? "",
    what,
    from_cpu: flight.source === null ? "" : say("from_cpu", { cpu: flight.source }),
    targets: flight.targets.length ? say("to_cpus", { cpus: flight.targets.join(", ") }) : say("to_io_apic"),
  });
}

/** @param {HTMLElement} holder */
function createTokens(holder) {
  /** @type {Map<string, HTMLElement>} */
  const tokens = new Map();
  return {
    /** @param {string} key @param {FlightState} flight */
    take(key, flight) {
      let token = tokens.get(key);
      if (!token) {
        token = element("span", `token ${flight.kind} ${flight.delivery_mode}`, flightFace(flight));
        token.title = flightWords(flight);
        tokens.set(key, token);
        holder.append(token);
      }
      return token;
    },
    /** @param {Set<string>} used */
    drop(used) {
      for (const [key, token] of tokens) {
        if (used.has(key)) continue;
        token.remove();
        tokens.delete(key);
      }
    },
  };
}

/**
 * @param {ReturnType<typeof createPorts>} ports
 * @param {ReturnType<typeof createTokens>} tokens
 */
function createTravellers(ports, tokens) {
  /** @param {FlightState} flight @param {number} target @param {number} middle @param {number} share */
  const draw = (flight, target, middle, share) => {
    const from = flight.source === null ? ports.devices : (ports.ports.get(flight.source) ?? ports.devices);
    const to = target < 0 ? ports.devices : ports.ports.get(target);
    const key = `${flight.message} ${target}`;
    if (!to) return key;
    const { x, y } = pointOnWay(from.port, to.port, middle, share);
    const token = tokens.take(key, flight);
    token.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
    return key;
  };

  /** @param {State} state @param {number} middle @param {(flight: FlightState) => number} shareOf @returns {number} those left out */
  return (state, middle, shareOf) => {
    /** @type {Set<string>} */
    const used = new Set();
    let left = 0;
    for (const flight of state.in_flight) {
      for (const target of flight.targets.length > 0 ? flight.targets : [-1]) {
        if (used.size >= MOST_TOKENS) left++;
        else used.add(draw(flight, target, middle, shareOf(flight)));
      }
    }
    tokens.drop(used);
    return left;
  };
}

/**
 * @param {{ matches: boolean }} stillness prefers-reduced-motion
 * @param {() => void} ask for a frame
 */
export function createBus(stillness, ask) {
  const strip = find(document, "#bus");
  const words = find(strip, ".bus-words");
  const ports = createPorts(strip);
  const tokens = createTokens(find(strip, ".bus-tokens"));
  const drawTravellers = createTravellers(ports, tokens);
  const rateOf = createRate();
  let middle = 0;
  let laidOut = false;
  new ResizeObserver(() => {
    laidOut = false;
    ask(); // an idle machine draws no frame of its own
  }).observe(find(document, "#stage"));

  /** @param {import("../store.js").Model} model @param {State} state */
  const drawPorts = (model, state) => {
    const receivers = reachedIn(model);
    if (!laidOut) {
      if (ports.ports.size !== state.cpus.length) ports.forget();
      middle = ports.layOut();
      laidOut = true;
    }
    const busy = new Set(state.in_flight.flatMap((flight) => [...flight.targets, flight.source]));
    for (const [cpu, { node }] of ports.ports) {
      setClass(node, "aimed", receivers.includes(cpu));
      setClass(node, "busy", busy.has(cpu));
    }
  };

  /** @param {import("../store.js").Model} model @param {number} now @returns {boolean} whether something moves */
  return (model, now) => {
    const { state } = model;
    if (!state) return false;
    drawPorts(model, state);
    const rate = rateOf(state.counters.messages ?? 0, now);
    if (!state.paused && isBlurred(state)) {
      tokens.drop(new Set());
      setText(words, rate > 0 ? rateWords(rate) : "");
      return false;
    }
    const still = stillness.matches && !state.paused;
    const time = virtualTime(state, model.receivedAt, now);
    // Without motion a message stands half way until it has arrived.
    const left = drawTravellers(state, middle, (flight) => (still ? 0.5 : progress(flight, time)));
    setText(words, left > 0 ? `and ${left} more` : "");
    setAttribute(strip, "aria-label", busWords(state));
    return !still && !state.paused && state.in_flight.length > 0;
  };
}

/** @param {State} state */
function busWords(state) {
  const [first] = state.in_flight;
  const way = say(state.cpus[0]?.event_channels ? "no_bus" : "bus");
  if (!first) return say("no_message", { way });
  const count = state.in_flight.length - 1;
  return say(count > 0 ? "more_messages" : "messages", { way, first: flightWords(first), count });
}
