/**
 * Single keys that act on the whole page, unless someone is typing or the focused thing has its own use for the key. Which key
 * does what stands in one table of the server's (`app/web/pages/shortcuts.py`).
 */

/** @typedef {Record<string, () => void>} Actions */

/** Fields, and widgets whose own keys are arrows. */
const TYPING =
  "input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable], [role=grid]:not(.score-mirror), dialog, :popover-open";
/** What somebody is in who writes or chooses. */
const FIELD = "input, select, textarea";
/** Whoever is in a field there goes back to what opened it. */
const OVERLAID = "dialog, :popover-open";
/** Their arrows choose; their letters mean what they mean everywhere. */
const CHOOSING = "input[type=radio], input[type=range]";
/** Things that Space or Enter presses. */
const PRESSABLE = "button, summary, a, input, select";
/** What a key that is held down goes on doing. */
const REPEATED = new Set([
  "stepForward",
  "stepBack",
  "stepInterrupt",
  "stepBackInterrupt",
  "nextStimulus",
  "backStimulus",
  "previousCpu",
  "nextCpu",
  "slower",
  "faster",
]);
/** What arrows move within, or move. */
const SCROLLED = "[role=log], .score-mirror, [role=separator]";
/** Keys that move within what has the focus. */
const MOVING = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]);

/**
 * The name of the action for a key press, or null.
 *
 * @param {{ key: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} event
 * @param {Record<string, string>} bindings key to action
 * @returns {string | null}
 */
export function actionFor(event, bindings) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const shifted = event.shiftKey ? bindings[`Shift+${event.key}`] : undefined;
  return shifted ?? bindings[event.key] ?? null;
}

/** The field that has the focus, outside of what lies over the page; or null. */
function focusedField() {
  const focused = document.activeElement;
  return focused instanceof HTMLElement && focused.matches(FIELD) && !focused.closest(OVERLAID)
    ? focused
    : null;
}

/** Where the page has one. */
const machine = () => {
  const found = document.querySelector("#machine");
  return found instanceof HTMLElement ? found : null;
};

/** Out of the field, so that single keys act: to the machine. @param {HTMLElement} field */
function leave(field) {
  field.blur();
  machine()?.focus({ preventScroll: true });
}

/** Leaves a field by Escape, and once its form has been sent by Enter. */
function leaveFields() {
  document.addEventListener("keydown", (event) => {
    const field = event.key === "Escape" && !event.defaultPrevented ? focusedField() : null;
    if (!field) return;
    event.preventDefault(); // a search keeps its words
    leave(field);
  });
  document.addEventListener("submit", (event) => {
    const field = focusedField();
    if (field && machine() && event.target instanceof HTMLFormElement && event.target.contains(field))
      leave(field);
  });
}

/** Whoever closes what lies over the page by a key goes on from the button that opens it. */
function giveFocusBack() {
  let byKey = false;
  for (const [name, key] of /** @type {[string, boolean][]} */ ([
    ["keydown", true],
    ["pointerdown", false],
  ]))
    document.addEventListener(
      name,
      () => {
        byKey = key;
      },
      true,
    );
  const closed = (/** @type {Event} */ event) => {
    const { target } = event;
    if (!(event instanceof ToggleEvent) || !(target instanceof HTMLElement) || !target.popover) return;
    if (event.newState !== "closed" || !byKey) return;
    const focused = document.activeElement;
    if (focused && focused !== document.body && !target.contains(focused)) return; // somebody has gone on already
    const opener = document.querySelector(`[popovertarget="${CSS.escape(target.id)}"]`);
    if (opener instanceof HTMLElement) opener.focus();
  };
  document.addEventListener("toggle", closed, true);
}

/** @param {KeyboardEvent} event */
function belongsToFocus(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
  if (event.key === "Escape" && target.matches(FIELD) && !target.closest(OVERLAID)) return false;
  if (target.closest(TYPING)) return true;
  if (MOVING.has(event.key) && target.closest(CHOOSING)) return true;
  if (event.key === " " && target.closest(PRESSABLE)) return true;
  // A scrolled list keeps its arrows.
  return MOVING.has(event.key) && !event.shiftKey && target.closest(SCROLLED) !== null;
}

/**
 * @param {Record<string, string>} bindings key to action
 * @param {Actions} actions
 * @param {() => boolean} act whether single keys are switched on
 */
export function listenToKeys(bindings, actions, act) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !act() || belongsToFocus(event)) return;
    const name = actionFor(event, bindings);
    const action = name === null ? undefined : actions[name];
    if (!action || (event.repeat && !REPEATED.has(name ?? ""))) return;
    if (event.key !== "Escape") event.preventDefault();
    action();
  });
  leaveFields();
  giveFocusBack();
  // After a click with the mouse Space goes back to meaning "pause": the button was pressed, it need not stay armed.
  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("button, label, input") : null;
    if (event.detail === 0 || !(pressed instanceof HTMLElement) || pressed.closest("dialog, [popover]"))
      return;
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused.matches(`button, ${CHOOSING}`)) focused.blur();
  });
}
