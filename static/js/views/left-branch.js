/**
 * The branch that was left, drawn faintly in the score behind the one that is shown, from their fork on. At first it is the one that
 * was shown before, or else the one that this leaves; the tree of branches chooses another, or none.
 */

import { setAttribute } from "../dom.js";
import { ghostOf, parentOf } from "../score/ghost.js";
import { styleOf } from "../score/sentences.js";

/** While the server still reads what happened, it is asked again after so long (ms). */
const ASK_AGAIN = 700;

/** @type {import("../score/ghost.js").Ask} */
async function ask(address, query = {}) {
  const given = Object.entries(query).map(([name, value]) => [name, String(value)]);
  const whole = given.length > 0 ? `${address}?${new URLSearchParams(given)}` : address;
  const answer = await fetch(whole).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

/** The buttons of the tree that choose the ghost. @param {Element} tree @param {number | null} ghost */
function mark(tree, ghost) {
  for (const button of tree.querySelectorAll(".branch-ghost"))
    setAttribute(button, "aria-pressed", String(button.getAttribute("data-branch") === String(ghost)));
}

/** @param {Element} tree @param {(branch: number) => void} press */
function listen(tree, press) {
  tree.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest(".branch-ghost") : null;
    if (button) press(Number(button.getAttribute("data-branch")));
  });
}

/**
 * @param {string} api the session's address
 * @param {(ghost: import("../score/ghost.js").Ghost | null) => void} setGhost
 */
export function createGhost(api, setGhost) {
  const tree = document.querySelector("#branches");
  /** @type {number | null} */
  let shown = null;
  /** @type {number | null} */
  let chosen = null;

  /** @param {number | null} branch */
  const choose = async (branch) => {
    chosen = branch === shown ? null : branch;
    if (tree) mark(tree, chosen);
    if (chosen === null || shown === null) {
      setGhost(null);
      return;
    }
    const [asked, behind] = [chosen, shown];
    const found = await ghostOf(ask, api, asked, behind, styleOf);
    if (asked !== chosen || behind !== shown || found === null) return;
    setGhost(found.ghost);
    if (found.filling) setTimeout(() => asked === chosen && behind === shown && choose(asked), ASK_AGAIN);
  };

  if (tree) {
    new MutationObserver(() => mark(tree, chosen)).observe(tree, { childList: true });
    listen(tree, (branch) => choose(branch === chosen ? null : branch));
  }

  /** @param {import("../store.js").Model} model */
  return async ({ state }) => {
    if (!state || state.recording || state.branch === shown) return;
    const before = shown;
    shown = state.branch;
    const ghost = before ?? (await parentOf(ask, api, shown));
    if (shown === state.branch) await choose(ghost);
  };
}
