/** How far a replayed recording has come and how well the model explains it; while it replays, nothing can be caused. */

import { element, find, setClass, setHidden, setText } from "../dom.js";
import { grouped } from "../words.js";

/** @param {import("../state-types.js").RecordingState} recording */
export function positionWords(recording) {
  const done = recording.finished ? "Finished" : "Entry";
  return `${done} ${grouped(recording.position)} of ${grouped(recording.length)}, line ${grouped(recording.line)} of the file.`;
}

/** One difference: where, what, why, and the way to its moment.
 * @param {import("../state-types.js").DifferenceState} difference */
function differenceItem(difference) {
  const known = difference.known_deviation;
  const item = element("li", known ? "difference" : "difference unexplained");
  const line = grouped(difference.line);
  const way = /** @type {HTMLButtonElement} */ (element("button", "button", `line ${line}`));
  way.name = "line";
  way.value = String(difference.line);
  way.title = `Play this recording up to line ${line}, in a session of its own`;
  way.setAttribute("aria-label", `Play up to line ${line}`);
  const reason = known ? `Known deviation, ${known}` : "Not explained by any known deviation of the recorder";
  item.append(way, element("p", "difference-what", difference.text), element("p", "difference-why", reason));
  return item;
}

/** @param {import("../state-types.js").DifferenceState[]} differences */
function differencesWords(differences) {
  const unexplained = differences.filter((difference) => difference.known_deviation === null).length;
  const known = differences.length - unexplained;
  return `${grouped(unexplained)} unexplained, ${grouped(known)} with a known deviation. Each line’s button plays the recording up to it.`;
}

export function createRecording() {
  const panel = find(document, "#recording");
  const note = find(document, "#replaying");
  const stimuli = /** @type {HTMLFieldSetElement} */ (find(document, "#stimuli"));
  const backend = /** @type {HTMLFieldSetElement} */ (find(document, "#backend fieldset"));
  const name = find(document, "#recording-name");
  const bar = /** @type {HTMLProgressElement} */ (find(document, "#recording-progress"));
  const position = find(document, "#recording-position");
  /** @param {string} id @param {number} value @param {boolean} bad */
  const check = (id, value, bad) => {
    const node = find(document, id);
    setText(node, grouped(value));
    setClass(node, "off", bad);
  };
  const limitsPart = find(document, "#recording-limits-part");
  const limits = find(document, "#recording-limits");
  const differencesPart = find(document, "#differences-part");
  const differencesList = find(document, "#differences");
  const told = find(document, "#differences-words");
  let limitsDrawn = "";
  /** @param {import("../state-types.js").RecordingState} recording */
  const drawLimits = (recording) => {
    const words = recording.limits.map((limit) => `From line ${grouped(limit.line)}: ${limit.says}.`);
    if (words.join() === limitsDrawn) return;
    limitsDrawn = words.join();
    setHidden(limitsPart, words.length === 0);
    limits.replaceChildren(...words.map((each) => element("li", "", each)));
  };
  /** @type {unknown} */
  let differencesDrawn;
  /** @param {import("../state-types.js").DifferenceState[]} differences */
  const drawDifferences = (differences) => {
    if (differences === differencesDrawn) return;
    differencesDrawn = differences;
    setHidden(differencesPart, differences.length === 0);
    setText(told, differencesWords(differences));
    differencesList.replaceChildren(...differences.map(differenceItem));
  };
  /** @type {unknown} */
  let drawn;
  /** @param {import("../store.js").Model} model */
  return (model) => {
    const recording = model.state?.recording ?? null;
    if (!model.state || recording === drawn) return;
    drawn = recording;
    setHidden(panel, recording === null);
    setHidden(note, recording === null);
    stimuli.disabled = recording !== null;
    backend.disabled = recording !== null;
    if (!recording) return;
    setText(name, recording.name);
    bar.max = Math.max(1, recording.length);
    bar.value = recording.position;
    setText(position, positionWords(recording));
    check("#recording-reads", recording.reads_checked, false);
    check("#recording-reads-off", recording.reads_mismatched, false);
    check("#recording-vectors", recording.vectors_checked, false);
    check("#recording-vectors-off", recording.vectors_mismatched, false);
    check("#recording-unseen", recording.unseen, false);
    check("#recording-unexplained", recording.unexplained, recording.unexplained > 0);
    drawLimits(recording);
    drawDifferences(model.state.differences ?? []);
  };
}
