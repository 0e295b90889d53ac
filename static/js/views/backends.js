/**
 * Over which back end the guest runs, which ones this machine does without, and why. Arrows move along the list and change nothing;
 * Enter, Space or a press chooses.
 */

import { find, setAttribute, setClass, setText } from "../dom.js";

/** @param {HTMLElement} label */
function createChoice(label) {
  const radio = /** @type {HTMLInputElement} */ (find(label, "input"));
  const words = label.dataset.words ?? "";
  const reason = find(label, ".backend-reason");
  /** @param {import("../state-types.js").State} state */
  return (state) => {
    const refused = state.backends_refused?.[radio.value] ?? "";
    radio.disabled = refused !== "";
    setClass(label, "refused", refused !== "");
    setText(reason, refused);
    setAttribute(label, "data-says", refused === "" ? words : `${words} Not here: ${refused}`);
  };
}

/** Where an arrow leads among radios: what the browser does, but for telling anybody. */
const STEPS = new Map([
  ["ArrowDown", 1],
  ["ArrowRight", 1],
  ["ArrowUp", -1],
  ["ArrowLeft", -1],
]);

/**
 * The radios. What is marked is what the machine has, until somebody moves on to choose another one.
 *
 * @param {HTMLElement} list
 * @param {(backend: string) => Promise<unknown>} choose
 */
function createRadios(list, choose) {
  const radios = /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll("input[type=radio]")]);
  let running = radios.find((radio) => radio.checked)?.value ?? "";
  /** @type {string | null} asked for, and not answered yet */
  let asked = null;
  const mark = () => {
    for (const radio of radios) radio.checked = radio.value === (asked ?? running);
  };
  return {
    mark,
    /** @param {string} backend what the machine has */
    runs(backend) {
      if (backend === running) return;
      [running, asked] = [backend, null];
      mark();
    },
    /** @param {HTMLInputElement} from @param {number} by */
    move(from, by) {
      const open = radios.filter((radio) => !radio.disabled || radio === from);
      const next = open.at((open.indexOf(from) + by) % open.length);
      if (!next || next.disabled) return;
      next.checked = true;
      next.focus();
    },
    /** @param {HTMLInputElement} radio */
    async choose(radio) {
      if (radio.disabled || radio.value === (asked ?? running)) return mark();
      asked = radio.value;
      mark();
      if (await choose(radio.value)) return;
      asked = null;
      mark();
    },
  };
}

/** @param {EventTarget | null} target @returns {HTMLInputElement | null} */
const radioAt = (target) => (target instanceof HTMLInputElement && target.type === "radio" ? target : null);

/**
 * @param {HTMLElement} list
 * @param {ReturnType<typeof createRadios>} radios
 * @param {{ fold: () => void, back: () => void }} leave by having chosen; by Escape, where there is nothing to fold
 */
function listen(list, radios, { fold, back }) {
  list.addEventListener("keydown", (event) => {
    const radio = radioAt(event.target);
    if (!radio || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS.get(event.key);
    if (step !== undefined) radios.move(radio, step);
    else if (event.key === "Enter" || event.key === " ") {
      radios.choose(radio);
      fold();
    } else if (event.key === "Escape" && !list.matches(":popover-open")) back();
    else return;
    event.preventDefault();
  });
  // A press of its label is one of the radio, and so is what a screen reader calls "activate"
  list.addEventListener("click", (event) => {
    const radio = radioAt(event.target);
    if (!radio) return;
    radios.choose(radio);
    fold();
  });
  list.addEventListener("focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && list.contains(event.relatedTarget))) radios.mark();
  });
  list.addEventListener("toggle", radios.mark);
}

/** @param {import("../commands.js").Send} send */
export function createBackends(send) {
  const form = find(document, "#backend");
  const list = find(form, "#backend-list");
  const now = find(form, "#backend-now");
  const choices = [...form.querySelectorAll("label[data-backend]")]
    .filter((label) => label instanceof HTMLElement)
    .map(createChoice);
  const radios = createRadios(list, (backend) => send({ type: "set_backend", backend }));
  /** @type {unknown[]} */
  let drawn = [];
  /** @type {Element | null} */
  let came = null;
  form.addEventListener("submit", (event) => event.preventDefault());
  listen(list, radios, {
    fold() {
      if (list.matches(":popover-open")) list.hidePopover();
    },
    back() {
      radios.mark();
      if (came instanceof HTMLElement && came !== document.body) came.focus();
      else find(document, "#machine").focus({ preventScroll: true });
    },
  });

  /** @param {import("../store.js").Model} model */
  const draw = ({ state }) => {
    if (!state) return;
    const next = [state.backend, state.backends_refused];
    if (next.every((part, at) => part === drawn[at])) return;
    drawn = next;
    setText(now, state.backend);
    for (const choice of choices) choice(state);
    radios.runs(state.backend);
  };

  /** Shows the list, where it is not in sight already, and goes to what is chosen. */
  const open = () => {
    if (!list.contains(document.activeElement)) came = document.activeElement;
    if (getComputedStyle(list).display === "none") list.showPopover();
    const chosen = list.querySelector("input:checked");
    if (chosen instanceof HTMLElement) chosen.focus();
  };
  return { draw, open };
}
