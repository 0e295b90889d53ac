/** Asking the server again and again about one thing, which changes. */

/** About the same thing nothing is asked sooner than so long (ms) after an answer. */
export const ASK_EVERY = 400;

/**
 * Another subject is asked about at once, the same one when the last answer is old enough. Only the answer to the last question
 * counts; after an answer that was none the next call asks again.
 *
 * @template Answer
 * @param {() => Promise<Answer | null>} ask
 * @param {(answer: Answer | null) => void} take
 * @param {(callback: () => void, wait: number) => unknown} [later]
 */
export function createQuestions(ask, take, later = (callback, wait) => setTimeout(callback, wait)) {
  /** @type {string | null} */
  let about = null;
  let known = "";
  let number = 0;
  let [resting, changed] = [false, false];

  const put = async () => {
    number += 1;
    const mine = number;
    [resting, changed] = [true, false];
    const answer = await ask().catch(() => null);
    if (mine !== number) return;
    if (answer === null) known = "";
    take(answer);
    later(() => {
      if (mine !== number) return;
      resting = false;
      if (changed) put();
    }, ASK_EVERY);
  };

  return {
    /** @param {string} subject @param {string} edition while it is the same, so is the answer */
    want(subject, edition) {
      const another = subject !== about;
      if (!another && edition === known) return;
      [about, known, changed] = [subject, edition, true];
      if (another || !resting) put();
    },
    /** Nothing is asked about any more. */
    stop() {
      number += 1;
      [about, resting, changed] = [null, false, false];
    },
  };
}
