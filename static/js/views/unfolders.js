/** Where there is little room a bar shows what is needed most; a button unfolds the rest, over what lies beside it. */

/** @param {HTMLElement} button */
function createUnfolder(button) {
  const bar = button.closest(button.dataset.unfolds ?? "");
  if (!bar) return;
  /** @param {boolean} unfolded */
  const set = (unfolded) => {
    bar.classList.toggle("unfolded", unfolded);
    button.setAttribute("aria-expanded", String(unfolded));
  };
  const isOpen = () => bar.classList.contains("unfolded");
  button.addEventListener("click", () => set(!isOpen()));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen()) return;
    if (document.querySelector(":popover-open, dialog[open]")) return; // what lies on top goes first
    event.preventDefault();
    set(false);
    if (button.checkVisibility()) button.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !bar.contains(target)) set(false);
  });
}

export function createUnfolders() {
  for (const button of document.querySelectorAll("[data-unfolds]"))
    if (button instanceof HTMLElement) createUnfolder(button);
}
