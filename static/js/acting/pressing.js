/**
 * Presses that become more: moved far enough they carry what they began on, and a finger that rests opens the menu. A press that
 * does neither is a click, and stays one.
 *
 * @typedef {object} Grip what is carried, until it is let go
 * @property {(x: number, y: number) => void} move
 * @property {(x: number, y: number) => void} drop
 * @property {() => void} end always comes last, also where nothing was dropped
 *
 * @typedef {object} Taking
 * @property {(event: PointerEvent) => ((x: number, y: number) => Grip) | null} gripAt takes hold of what lies there, where a press was moved
 * @property {(x: number, y: number, target: Element) => boolean} rests a finger rested there; whether that meant anything
 */

/** So far (CSS px) a pointer moves before it carries: a hand that clicks shakes less. */
const SLACK = 6;
/** So long (ms) a finger rests for the menu. */
const REST = 500;

/** A press that has become more is no click. @param {EventTarget} root */
function swallowClick(root) {
  const swallow = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => root.removeEventListener("click", swallow, { capture: true }), 50);
}

/** A finger that has rested presses nothing when it is lifted: no click comes of it, and no focus moves. */
function swallowLift() {
  const swallow = (/** @type {Event} */ event) => event.preventDefault();
  document.addEventListener("touchend", swallow, { capture: true, once: true, passive: false });
}

/** @param {HTMLElement} root @param {Taking} taking */
export function watchPresses(root, { gripAt, rests }) {
  /** @type {{ event: PointerEvent, take: ((x: number, y: number) => Grip) | null } | null} */
  let press = null;
  /** @type {Grip | null} */
  let grip = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;

  const forget = () => {
    clearTimeout(resting);
    press = null;
  };
  const letGo = () => {
    const held = grip;
    forget();
    grip = null;
    document.documentElement.classList.remove("carrying");
    held?.end();
  };

  root.addEventListener("pointerdown", (event) => {
    letGo();
    if (!event.isPrimary || event.button !== 0 || event.ctrlKey) return;
    press = { event, take: gripAt(event) };
    const { target } = event;
    if (event.pointerType !== "touch" || !(target instanceof Element)) return;
    resting = setTimeout(() => {
      forget();
      if (rests(event.clientX, event.clientY, target)) swallowLift();
    }, REST);
  });
  const swallowClickOnLift = () =>
    document.addEventListener("pointerup", () => swallowClick(document), { once: true, capture: true });

  document.addEventListener("pointermove", (event) => {
    if (grip && event.isPrimary) return grip.move(event.clientX, event.clientY);
    if (!press || event.pointerId !== press.event.pointerId) return;
    const { clientX, clientY, pointerId } = press.event;
    if (Math.hypot(event.clientX - clientX, event.clientY - clientY) < SLACK) return;
    const { take } = press;
    forget();
    if (!take) return;
    grip = take(clientX, clientY);
    document.documentElement.classList.add("carrying");
    getSelection()?.removeAllRanges();
    root.setPointerCapture(pointerId);
    grip.move(event.clientX, event.clientY);
  });
  document.addEventListener("pointerup", (event) => {
    forget();
    if (!grip || !event.isPrimary) return;
    swallowClick(document);
    grip.drop(event.clientX, event.clientY);
    letGo();
  });
  document.addEventListener("pointercancel", letGo);
  window.addEventListener("blur", letGo);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !grip) return;
      event.preventDefault();
      event.stopPropagation();
      swallowClickOnLift();
      letGo();
    },
    true,
  );
}
