/** Uploading a recording with its progress shown; fetch cannot tell how much has gone up, so this is the old request object. */

import { element, find, setHidden, setText } from "../dom.js";

const SIZES = ["B", "kB", "MB", "GB"];

/** @param {number} bytes */
export function sizeWords(bytes) {
  let size = bytes;
  let step = 0;
  while (size >= 1000 && step < SIZES.length - 1) {
    size /= 1000;
    step++;
  }
  return `${step === 0 ? size : size.toFixed(1)} ${SIZES[step]}`;
}

/**
 * What a refusal shows: the server's own fragment (its text escaped there), or the words of problem details when the
 * upload was stopped before it got that far.
 *
 * @param {XMLHttpRequest} request
 * @returns {(Node | string)[]}
 */
function problemIn(request) {
  if (!request.getResponseHeader("Content-Type")?.includes("json")) {
    return [...new DOMParser().parseFromString(request.responseText, "text/html").body.childNodes];
  }
  const { title, detail } = JSON.parse(request.responseText);
  return [element("p", "problem", [title, detail].filter(Boolean).join(". "))];
}

export function createUpload() {
  const form = /** @type {HTMLFormElement} */ (find(document, "#upload-form"));
  const bar = /** @type {HTMLProgressElement} */ (find(form, "#upload-progress"));
  const words = find(form, "#upload-words");
  const answer = find(document, "#recording-answer");

  /** @param {XMLHttpRequest} request */
  const answered = (request) => {
    setHidden(bar, true);
    setText(words, "");
    const target = request.getResponseHeader("HX-Redirect");
    if (request.status < 300 && target) location.assign(target);
    else answer.replaceChildren(...problemIn(request));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      bar.value = step.total ? step.loaded / step.total : 0;
      setText(
        words,
        step.loaded < step.total ? `${sizeWords(step.loaded)} of ${sizeWords(step.total)}` : "reading it…",
      );
    });
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", () => {
      setHidden(bar, true);
      setText(words, "The upload was cut off. Try again.");
    });
    setHidden(bar, false);
    answer.replaceChildren();
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("Accept", "text/html");
    request.send(new FormData(form));
  });
}
