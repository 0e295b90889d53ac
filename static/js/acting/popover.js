/** A box over the page beside a point: it closes when somebody presses or goes elsewhere, and gives the focus back. */

const MARGIN = 8;

/**
 * @typedef {object} Spot where a box opens
 * @property {number} x
 * @property {number} y
 * @property {DOMRect | null} clear what it is about, and must not cover where there is room beside it
 */

/** How much of what is to be seen a box covers from *left* on. @param {number} left @param {number} width @param {DOMRect} clear */
const covered = (left, width, clear) =>
  Math.max(0, Math.min(left + width, clear.right) - Math.max(left, clear.left));

/** Inside the window, on the side of what it is about where it covers less of that. @param {HTMLElement} box @param {Spot} spot */
function putAt(box, { x, y, clear }) {
  const { width, height } = box.getBoundingClientRect();
  const inside = (/** @type {number} */ left) =>
    Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN));
  let left = inside(x);
  if (clear) {
    const [right, before] = [inside(clear.right + MARGIN), inside(clear.left - MARGIN - width)];
    left = covered(right, width, clear) <= covered(before, width, clear) ? right : before;
  }
  box.style.setProperty("--left", `${left}px`);
  box.style.setProperty("--top", `${Math.max(MARGIN, Math.min(y, innerHeight - height - MARGIN))}px`);
}

/** @param {HTMLElement} box @param {() => void} closed */
export function createPopover(box, closed) {
  /** @type {Element | null} */
  let opener = null;
  const isOpen = () => box.matches(":popover-open");

  const close = () => {
    if (!isOpen()) return;
    const inside = box.contains(document.activeElement);
    box.hidePopover();
    closed();
    if (inside && opener instanceof HTMLElement) opener.focus({ preventScroll: true });
  };

  document.addEventListener(
    "pointerdown",
    ({ target }) => {
      if (!(target instanceof Node && box.contains(target))) close();
    },
    true,
  );
  box.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !box.contains(relatedTarget)) close();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  window.addEventListener("resize", close);

  return {
    close,
    /** @param {Spot} at @param {Element | null} from gets the focus back */
    open(at, from) {
      opener = from;
      box.showPopover();
      putAt(box, at);
    },
  };
}
