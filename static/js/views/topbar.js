/** How the stream fares, and who else watches. */

import { copyFrom } from "../copying.js";
import { find, setAttribute, setClass, setText } from "../dom.js";
import { grouped } from "../words.js";

/** @param {import("../store.js").Model} model */
export function linkWords(model) {
  switch (model.link) {
    case "live":
      return "live";
    case "catching_up":
      return "catching up";
    case "stale": {
      const since =
        model.staleSince === null
          ? ""
          : ` since ${new Date(model.staleSince).toLocaleTimeString([], { hour12: false })}`;
      return `stale${since}`;
    }
    case "silent":
      return `nothing heard for ${model.silence} s`;
    case "over":
      return "over";
    default:
      return "connecting";
  }
}

function createJoin() {
  const address = /** @type {HTMLInputElement} */ (find(document, "#join-address"));
  const copied = find(document, "#join-copied");
  address.value = location.href;
  address.addEventListener("focus", () => address.select());
  find(document, "#join-copy").addEventListener("click", () => copyFrom(address, copied));
}

export function createTopbar() {
  const link = find(document, "#link");
  const words = find(link, ".words");
  const viewers = find(document, "#viewers");
  createJoin();

  /** @param {import("../store.js").Model} model */
  return (model) => {
    setAttribute(link, "data-link", model.link);
    setText(words, linkWords(model));
    setClass(document.body, "old-news", ["silent", "stale", "over"].includes(model.link));
    const { state } = model;
    if (!state) return;
    setText(viewers, grouped(state.viewers));
  };
}
