/** What it all cost so far: five numbers that only grow. */

import { find, setAttribute, setClass, setText } from "../dom.js";
import { vocabulary } from "../vocabulary.js";
import { grouped, short } from "../words.js";

export function createCounters() {
  const boxes = [...document.querySelectorAll("#counters > [data-counter]")].filter(
    (box) => box instanceof HTMLElement,
  );
  const entries = boxes.map((box) => ({ name: box.dataset.counter ?? "", box, value: find(box, "dd") }));
  /** @type {Record<string, number> | null} */
  let drawn = null;
  /** @param {import("../store.js").Model} model */
  return (model) => {
    const counters = model.state?.counters;
    if (!counters || counters === drawn) return;
    drawn = counters;
    for (const { name, box, value } of entries) {
      const count = counters[name] ?? 0;
      setText(value, short(count));
      setAttribute(value, "title", grouped(count));
      setClass(box, "crossing", count > 0 && vocabulary().counters[name]?.crossing === true);
    }
  };
}
