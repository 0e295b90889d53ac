/** What a page has only where there is little room: folded bars, a tab for each CPU, and the causes as a sheet. */

import { createSheet } from "./causes-sheet.js";
import { createCpuTabs } from "./cpu-tabs.js";
import { createUnfolders } from "./unfolders.js";

/**
 * @param {(cpu: number) => void} select
 * @param {() => void} ask for a frame
 */
export function createNarrow(select, ask) {
  createUnfolders();
  const sheet = createSheet(select);
  const tabs = createCpuTabs(select, ask);
  return {
    show: sheet.show,
    /** @param {import("../store.js").Model} model */
    draw(model) {
      tabs(model);
      sheet.draw(model);
    },
  };
}
