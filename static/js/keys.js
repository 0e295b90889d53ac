/**
 * Single keys that act on the whole page, unless someone is typing or the focused thing has its own use for the key. Which key
 * does what stands in one table of the server's (`app/web/pages/shortcuts.py`).
 */

/** @typedef {Record<string, () => void>} Actions */

/** Fields, and widgets whose own keys are arrows. */
const TYPING =
  "input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable], [role=grid]:not(.score-mirror), dialog, [popover]";
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

/** @param {KeyboardEvent} event */
function belongsToFocus(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
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
  // After a click with the mouse Space goes back to meaning "pause": the button was pressed, it need not stay armed.
  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("button, label, input") : null;
    if (event.detail === 0 || !(pressed instanceof HTMLElement) || pressed.closest("dialog, [popover]"))
      return;
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused.matches(`button, ${CHOOSING}`)) focused.blur();
  });
}
