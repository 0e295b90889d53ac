/** Over which back end the guest runs, which ones this machine does without, and why. */

import { find, setAttribute, setClass, setText } from "../dom.js";

/** @param {HTMLElement} label */
function createChoice(label) {
  const radio = /** @type {HTMLInputElement} */ (find(label, "input"));
  const words = label.dataset.words ?? "";
  const reason = find(label, ".backend-reason");
  /** @param {import("../state-types.js").State} state */
  return (state) => {
    const refused = state.backends_refused?.[radio.value] ?? "";
    radio.checked = radio.value === state.backend;
    radio.disabled = refused !== "";
    setClass(label, "refused", refused !== "");
    setText(reason, refused);
    setAttribute(label, "data-says", refused === "" ? words : `${words} Not here: ${refused}`);
  };
}

/** @param {import("../commands.js").Send} send */
export function createBackends(send) {
  const form = find(document, "#backend");
  const list = find(form, "#backend-list");
  const now = find(form, "#backend-now");
  const choices = [...form.querySelectorAll("label[data-backend]")]
    .filter((label) => label instanceof HTMLElement)
    .map(createChoice);
  /** @type {unknown[]} */
  let drawn = [];
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement) send({ type: "set_backend", backend: event.target.value });
  });
  // Whoever points has chosen; whoever uses the arrow keys may want to go on.
  list.addEventListener("click", (event) => {
    const pointed = event instanceof PointerEvent && event.pointerType !== "";
    if (pointed && list.matches(":popover-open")) list.hidePopover();
  });

  /** @param {import("../store.js").Model} model */
  const draw = ({ state }) => {
    if (!state) return;
    const next = [state.backend, state.backends_refused];
    if (next.every((part, at) => part === drawn[at])) return;
    drawn = next;
    setText(now, state.backend);
    for (const choice of choices) choice(state);
  };

  /** Shows the list, where it is not in sight already, and goes to what is chosen. */
  const open = () => {
    if (getComputedStyle(list).display === "none") list.showPopover();
    const chosen = list.querySelector("input:checked");
    if (chosen instanceof HTMLElement) chosen.focus();
  };
  return { draw, open };
}
