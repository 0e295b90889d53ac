/**
 * Lines of the one-line command, read by the server: what one comes to, before it is done and when it is.
 *
 * @typedef {{ receivers: number[], merges: number[], sentences: string[] }} Preview
 * @typedef {object} Reading
 * @property {Record<string, unknown> | null} command
 * @property {{ says: string } | null} problem
 * @property {string} hint
 * @property {Preview | null} preview
 *
 * @typedef {(text: string) => Promise<Reading | null>} Read null where the server does not answer
 */

import { createQuestions } from "../asking.js";

/** @param {string} address @returns {Read} */
export const createReader = (address) => async (text) => {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ text }),
  });
  return response.ok ? response.json() : null;
};

/**
 * Does what a line says; a line that says nothing is refused in the server's words.
 *
 * @param {Read} read
 * @param {import("../commands.js").Send} send
 * @param {{ refused: (words: string) => void, told: (words: string) => void }} notice
 */
export const createDoing = (read, send, notice) => async (/** @type {string} */ line) => {
  const reading = await read(line).catch(() => null);
  if (!reading?.command) {
    notice.refused(reading?.problem?.says ?? line);
    return false;
  }
  const answer = await send(reading.command);
  if (answer) notice.told(answer.text);
  return answer !== null;
};

/** What would become of it, in words. @param {Reading | null} reading */
export function foreseenWords(reading) {
  if (!reading) return "";
  return reading.problem?.says ?? reading.preview?.sentences.join(" ") ?? "";
}

/**
 * What a line would do, as long as somebody considers it: who would receive it is drawn on the stage, and asked anew when the
 * machine has gone on.
 *
 * @param {import("../store.js").Store} store
 * @param {Read} read
 */
export function createForesight(store, read) {
  let text = "";
  /** @type {(words: string) => void} */
  let tell = () => {};
  /** @type {number[]} */
  let meant = [];
  const questions = createQuestions(
    () => read(text),
    (/** @type {Reading | null} */ reading) => {
      const { receivers, merges } = reading?.preview ?? { receivers: meant, merges: [] };
      store.set({ foreseen: { receivers, merges } });
      tell(foreseenWords(reading));
    },
  );
  return {
    /** @param {string} line @param {(words: string) => void} told @param {number[]} [cpus] those that are meant, where the server foresees nobody */
    want(line, told, cpus = []) {
      [text, tell, meant] = [line, told, cpus];
      questions.want(text, String(store.get().seq));
    },
    /** Asks again about the same, where the machine is another. @param {import("../store.js").Model} model */
    draw(model) {
      if (text !== "") questions.want(text, String(model.seq));
    },
    stop() {
      if (text === "") return; // what others foresee is theirs
      text = "";
      questions.stop();
      store.set({ foreseen: null });
    },
  };
}

/** @typedef {ReturnType<typeof createForesight>} Foresight */
