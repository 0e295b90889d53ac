/** The stream: one WebSocket that comes back by itself, without ever reloading the page. */

import { parseMessage, RESYNC, SUBPROTOCOL } from "./protocol.js";

/** Closes that mean "come back": going away, cut, server error, restart, overload, too slow. All others mean "stay away". */
const COME_BACK = new Set([1001, 1005, 1006, 1011, 1012, 1013, 4408]);

const FINAL_WORDS = new Map([
  [1000, "this session is over"],
  [1008, "this page may not watch the session"],
  [4400, "the server did not understand this page; reload it"],
  [4404, "this session no longer exists"],
]);

const FIRST_WAIT = 1500;
const LONGEST_WAIT = 20_000;
/** The server pings every 2.5 s. Silence for this long is said; for longer still, it is a dead line. */
const SILENCE = 4500;
const DEAD = 15_000;
/** How often silence is looked for. */
const LOOK = 500;

/**
 * How long to wait before attempt number `attempt`: exponential, and anything from a tenth of that to all of it, so
 * that a class does not return as one.
 *
 * @param {number} attempt
 * @param {number} chance between 0 and 1
 */
export function backOff(attempt, chance) {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
  return longest * (0.1 + 0.9 * chance);
}

/** @param {number} code */
export const mayReturn = (code) => COME_BACK.has(code);

/**
 * @typedef {object} Listener
 * @property {(message: import("./protocol.js").Message) => boolean} message answers whether to resync
 * @property {() => void} lost
 * @property {(seconds: number) => void} silent nothing has been heard for so long on an open stream, in steps of 5
 * @property {() => string} [resume] where the page stands, for the server to go on from; "" for nowhere
 * @property {(words: string) => void} over
 *
 * @param {string} address
 * @param {Listener} listener
 */
export function openStream(address, listener) {
  let attempt = 0;
  let heard = 0;
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;

  const resync = () => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(RESYNC);
  };

  /** @param {CloseEvent} event */
  const closed = (event) => {
    socket = null;
    if (!mayReturn(event.code)) {
      listener.over(event.reason || FINAL_WORDS.get(event.code) || `the stream was closed (${event.code})`);
      return;
    }
    listener.lost();
    retry = setTimeout(connect, backOff(attempt++, Math.random()));
  };

  const connect = () => {
    clearTimeout(retry);
    const resume = listener.resume?.() ?? "";
    const opened = new WebSocket(
      resume ? `${address}?resume=${encodeURIComponent(resume)}` : address,
      SUBPROTOCOL,
    );
    socket = opened;
    heard = performance.now();
    opened.addEventListener("message", (event) => {
      heard = performance.now();
      const message = parseMessage(event.data);
      if (!message) return;
      attempt = 0;
      if (listener.message(message)) resync();
    });
    opened.addEventListener("close", closed);
  };

  const watch = () => {
    if (!socket || socket.readyState > WebSocket.OPEN) return;
    const silence = performance.now() - heard;
    if (silence > DEAD) {
      const dead = socket;
      dead.removeEventListener("close", closed);
      dead.close();
      socket = null;
      listener.lost();
      retry = setTimeout(connect, backOff(attempt++, Math.random()));
    } else if (silence > SILENCE && socket.readyState === WebSocket.OPEN) {
      listener.silent(Math.floor((silence + LOOK) / 5000) * 5);
    }
  };

  // A hidden tab may have been frozen for hours: on its return ask where the machine is now, at once.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    if (socket) resync();
    else if (retry !== undefined) connect();
  });
  setInterval(watch, LOOK);
  connect();
}
