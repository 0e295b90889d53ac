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
 * @param {string} address
 * @param {(words: string) => void} refused
 */
export function createCommands(address, refused) {
  /** @param {Record<string, unknown>} command */
  return async (command) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(command),
      });
      if (!response.ok) refused(await refusalIn(response));
    } catch {
      refused("The server cannot be reached; nothing was changed.");
    }
  };
}

/** @typedef {ReturnType<typeof createCommands>} Send */
