/** Commands go up as ordinary POSTs and come back as state on the stream; the reply only says whether it was understood. */

/**
 * What a refusal says, from problem details (RFC 9457) or from whatever else came back.
 *
 * @param {Response} response
 */
async function refusalIn(response) {
  try {
    const problem = await response.json();
    const fields = (problem.errors ?? []).map((/** @type {any} */ error) =>
      Array.isArray(error) ? error.join(": ") : `${error.field ?? ""}: ${error.message ?? ""}`,
    );
    return [problem.title, problem.detail, ...fields].filter(Boolean).join(" ");
  } catch {
    return `The server answered ${response.status}.`;
  }
}

/**
 * What a command came to, in words; with the number of the branch that it began.
 *
 * @typedef {{ text: string, branch?: number }} Answer
 */

/**
 * @param {string} address
 * @param {(words: string) => void} refused
 * @param {(words: string) => void} branched a command given in the past has begun another branch
 */
export function createCommands(address, refused, branched) {
  /** @param {Record<string, unknown>} command @returns {Promise<Answer | null>} null where it was refused */
  return async (command) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(command),
      });
      if (!response.ok) {
        refused(await refusalIn(response));
        return null;
      }
      /** @type {Answer} */
      const answer = await response.json();
      if (answer.branch !== undefined) branched(answer.text);
      return answer;
    } catch {
      refused("The server cannot be reached; nothing was changed.");
      return null;
    }
  };
}

/** @typedef {ReturnType<typeof createCommands>} Send */
