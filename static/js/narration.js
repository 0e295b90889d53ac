/** What is read aloud: at most a sentence every two seconds, and a summary when more happened than can be said. */

import { say } from "./vocabulary.js";

const PAUSE = 2000;
const MOST_WAITING = 500;

/**
 * @param {import("./state-types.js").EventRecord[]} events since the last sentence
 */
export function sentenceFor(events) {
  const last = events.at(-1);
  if (!last) return "";
  if (events.length <= 2) return events.map((event) => event.text).join(" ");
  const taken = events.filter((event) => event.kind === "acknowledged").length;
  return say("many_events", { count: events.length, taken, last: last.text });
}

/**
 * @param {(sentence: string) => void} say
 * @param {(callback: () => void, wait: number) => unknown} [later]
 */
export function createNarrator(say, later = (callback, wait) => setTimeout(callback, wait)) {
  /** @type {import("./state-types.js").EventRecord[]} */
  let waiting = [];
  let heard = -1;
  let quiet = false;

  const speak = () => {
    quiet = waiting.length > 0;
    if (!quiet) return;
    say(sentenceFor(waiting));
    waiting = [];
    later(speak, PAUSE);
  };

  return {
    /** @param {import("./state-types.js").EventRecord[]} events */
    hear(events) {
      waiting = [...waiting, ...events.filter((event) => event.n > heard)].slice(-MOST_WAITING);
      heard = events.at(-1)?.n ?? heard;
      if (!quiet) speak();
    },
    /** Another past is shown: it is not news. @param {import("./state-types.js").EventRecord[]} events */
    skip(events) {
      waiting = [];
      heard = events.at(-1)?.n ?? -1;
    },
  };
}
