/** The score's band: how high it is, whether it is folded, and which form it has. This browser remembers all three. */

import { find, setAttribute } from "../dom.js";
import { keep, recall } from "../kept.js";

/** A press of an arrow key, in hundredths of the window's height. */
const STEP = 4;
/** The least that shows anything, and the most that leaves a stage, in the same. */
const LEAST = 14;
const MOST = 60;

/** @typedef {"drawing" | "list"} Form */

/**
 * @param {HTMLElement} separator
 * @param {HTMLElement} score
 * @param {() => void} changed
 */
function createHeight(separator, score, changed) {
  const root = document.documentElement;
  const share = () => (100 * score.offsetHeight) / window.innerHeight;
  const tell = () => {
    setAttribute(separator, "aria-valuenow", String(Math.round(share())));
    changed();
  };

  /** @param {number} wanted in hundredths of the window's height */
  const choose = (wanted) => {
    const height = `${Math.min(MOST, Math.max(LEAST, wanted)).toFixed(1)}dvh`;
    root.style.setProperty("--score-chosen", height);
    keep("score-height", height);
    tell();
  };

  setAttribute(separator, "aria-valuemin", String(LEAST));
  setAttribute(separator, "aria-valuemax", String(MOST));
  separator.addEventListener("pointerdown", (event) => {
    separator.setPointerCapture(event.pointerId);
    event.preventDefault();
    separator.focus();
  });
  separator.addEventListener("pointermove", (event) => {
    if (!separator.hasPointerCapture(event.pointerId)) return;
    choose((100 * (score.getBoundingClientRect().bottom - event.clientY)) / window.innerHeight);
  });
  separator.addEventListener("dblclick", () => {
    root.style.removeProperty("--score-chosen");
    keep("score-height", "");
    tell();
  });
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowUp: () => choose(share() + STEP),
    ArrowDown: () => choose(share() - STEP),
    Home: () => choose(LEAST),
    End: () => choose(MOST),
  };
  separator.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  return tell;
}

/**
 * @param {() => void} changed the canvas has another size
 * @param {Form | null} [shown] the form to begin with, whatever this browser remembers
 */
export function createBand(changed, shown = null) {
  const { dataset } = document.documentElement;
  const score = find(document, "#score");
  const fold = find(score, "#score-fold");
  const separator = find(score, "#score-separator");
  const forms = [...score.querySelectorAll("[name=score_form]")].filter(
    (radio) => radio instanceof HTMLInputElement,
  );
  const tellHeight = createHeight(separator, score, changed);

  /** @param {boolean} open */
  const unfold = (open) => {
    dataset.score = open ? "open" : "folded";
    keep("score", dataset.score);
    setAttribute(fold, "aria-expanded", String(open));
    tellHeight();
  };
  const toggleFold = () => unfold(dataset.score === "folded");

  /** @param {Form} form */
  const show = (form) => {
    dataset.scoreForm = form;
    for (const radio of forms) radio.checked = radio.value === form;
    changed();
  };
  /** @param {Form} form */
  const choose = (form) => {
    keep("score-form", form);
    show(form);
  };
  const form = () => /** @type {Form} */ (dataset.scoreForm ?? "drawing");

  fold.addEventListener("click", toggleFold);
  separator.addEventListener("keydown", (event) => {
    if (event.key === "Enter") toggleFold();
  });
  for (const radio of forms)
    radio.addEventListener("change", () => choose(/** @type {Form} */ (radio.value)));
  show(shown ?? /** @type {Form} */ (recall("score-form") ?? "drawing"));
  unfold(recall("score") !== "folded");
  window.addEventListener("resize", tellHeight);

  return {
    form,
    actions: {
      foldScore: toggleFold,
      unfoldScore: () => unfold(true),
      scoreForm: () => {
        choose(form() === "list" ? "drawing" : "list");
        unfold(true);
      },
    },
  };
}
