/** How far a replayed recording has come and how well the model explains it; while it replays, nothing can be caused. */

import { find, setClass, setHidden, setText } from "../dom.js";
import { grouped } from "../words.js";

/** @param {import("../protocol.js").Recording} recording */
export function positionWords(recording) {
  const done = recording.finished ? "Finished" : "Entry";
  return `${done} ${grouped(recording.position)} of ${grouped(recording.length)}, line ${grouped(recording.line)} of the file.`;
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
    check("#recording-unexplained", recording.unexplained, recording.unexplained > 0);
  };
}
