/**
 * What lies in a closed popover, or in details that are folded, and is marked so, is put aside: the document holds it only while it can be
 * seen, so that a page with much to offer stays light. Whoever writes to it goes on to, by what it has found before.
 */

/** @param {HTMLElement} holder @param {(node: ChildNode) => boolean} stays */
function createAside(holder, stays) {
  const aside = document.createDocumentFragment();
  return {
    away: () => aside.append(...[...holder.childNodes].filter((node) => !stays(node))),
    back: () => holder.append(aside),
  };
}

/** Call it once everybody has found what belongs to them. */
export function putAside() {
  for (const holder of document.querySelectorAll("[data-aside]")) {
    if (!(holder instanceof HTMLElement)) continue;
    const folded = holder instanceof HTMLDetailsElement;
    const { away, back } = createAside(
      holder,
      (node) => folded && node instanceof HTMLElement && node.matches("summary"),
    );
    if (!folded || !holder.open) away();
    if (!folded)
      holder.addEventListener("beforetoggle", (event) => {
        if (event instanceof ToggleEvent && event.newState === "open") back();
      });
    holder.addEventListener("toggle", (event) => {
      if (!(event instanceof ToggleEvent) || event.target !== holder) return;
      if (event.newState === "closed") away();
      else if (folded) back();
    });
  }
}
