/** What looks wrong in all that has happened: the server's detectors find it, the list leads to the first cause of each. */

import { element, find, setText } from "../dom.js";
import { grouped, regrouped } from "../words.js";

/** @typedef {{ kind: string, words: string, time: number, tick: number, cpu: number | null, span: number, spans: number[] }} Finding */

/**
 * @param {string} api the session's address
 * @param {import("../store.js").Store} store
 * @param {(span: number) => void} choose
 */
export function createFindings(api, store, choose) {
  const popover = find(document, "#score-findings");
  const said = find(popover, "#score-findings-words");
  const list = find(popover, "#score-findings-list");

  /** @param {Finding} finding */
  const item = (finding) => {
    const row = element("li");
    const lead = element("button", "function finding");
    lead.type = "button";
    lead.append(
      element("span", "", regrouped(finding.words)),
      element("small", "mono", grouped(finding.time)),
    );
    lead.addEventListener("click", () => {
      popover.hidePopover();
      choose(finding.span);
    });
    row.append(lead);
    return row;
  };

  const refresh = async () => {
    const branch = store.get().state?.branch ?? 0;
    const answer = await fetch(`${api}/score/findings?branch=${branch}`).catch(() => null);
    if (!answer?.ok) {
      setText(said, said.dataset.failed ?? "");
      list.replaceChildren();
      return;
    }
    /** @type {{ findings: Finding[] }} */
    const { findings } = await answer.json();
    setText(said, (findings.length === 0 ? said.dataset.none : said.dataset.some) ?? "");
    list.replaceChildren(...findings.map(item));
    list.querySelector("button")?.focus();
  };
  popover.addEventListener("toggle", (event) => {
    if (event instanceof ToggleEvent && event.newState === "open") refresh();
  });
  return { open: () => popover.showPopover() };
}
