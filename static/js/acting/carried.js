/**
 * What is carried: its face hangs at the pointer, and under the CPU that it is about stand the line that it would be and what
 * would become of it, so that they cover neither sender nor target.
 */

import { find, setHidden, setText } from "../dom.js";

/** So far beside the pointer the face hangs, and under a CPU its words stand (CSS px). */
const BESIDE = 14;
const APART = 6;
const MARGIN = 8;

/** @param {HTMLElement} box @param {number} x @param {number} y */
function put(box, x, y) {
  const left = Math.max(MARGIN, Math.min(x, innerWidth - box.offsetWidth - MARGIN));
  const top = Math.max(MARGIN, Math.min(y, innerHeight - box.offsetHeight - MARGIN));
  box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** @param {{ boxOf: (cpu: number) => DOMRect | null }} stage */
export function createCarried(stage) {
  const face = find(document, "#carried");
  const words = find(document, "#carried-words");
  const [from, line, says] = ["from", "line", "says"].map((part) => find(words, `.carried-${part}`));
  let at = { x: 0, y: 0 };
  /** @type {number | null} */
  let about = null;

  /** Under the CPU that it is about, or above it where there is no room; under a tile at the pointer. */
  const place = () => {
    const box = about === null ? null : stage.boxOf(about);
    if (!box || box.width < words.offsetWidth / 3) return put(words, at.x + BESIDE, at.y + BESIDE);
    const below = box.bottom + APART;
    const fits = below + words.offsetHeight + MARGIN <= innerHeight;
    put(
      words,
      box.left + (box.width - words.offsetWidth) / 2,
      fits ? below : box.top - words.offsetHeight - APART,
    );
  };

  return {
    /** @param {string} what at the pointer; nothing where it is empty @param {string} where */
    show(what, where) {
      setText(face, what);
      setHidden(face, what === "");
      if (from) setText(from, where);
      setHidden(words, false);
    },
    /** @param {number | null} cpu that it is about @param {string} text the line that it would be; empty where it would be none @param {string} told */
    say(cpu, text, told) {
      about = cpu;
      if (line) setText(line, text);
      if (says) setText(says, told);
      place();
    },
    /** @param {number} x @param {number} y */
    moveTo(x, y) {
      at = { x, y };
      put(face, x + BESIDE, y - face.offsetHeight - APART);
      place();
    },
    hide() {
      setHidden(face, true);
      setHidden(words, true);
    },
  };
}

/** @typedef {ReturnType<typeof createCarried>} Carried */
