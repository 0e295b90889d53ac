/** Uploading a recording with its progress shown; fetch cannot tell how much has gone up, so this is the old request object. */

import { element, find, setHidden, setText } from "../dom.js";

/** Milliseconds between two questions how far the server is. */
const ASK_EVERY = 700;
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

/** A name that nobody else gives to an upload; `randomUUID` is not there on a page that came without TLS. */
function newName() {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** @param {{ stage: string, done: number, total: number }} told */
export function progressWords({ stage, done, total }) {
  return total ? `${stage}: ${Math.floor((100 * done) / total)} %` : `${stage}…`;
}

/**
 * Asks how far the server is, until told to stop.
 *
 * @param {string} address
 * @param {(told: { stage: string, done: number, total: number }) => void} show
 */
function watch(address, show) {
  const timer = setInterval(async () => {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) show(await answer.json());
  }, ASK_EVERY);
  return () => clearInterval(timer);
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
    const name = newName();
    let stop = () => {};
    request.upload.addEventListener("load", () => {
      stop = watch(`${form.dataset.underWay}${name}`, (told) => {
        bar.value = told.total ? told.done / told.total : 0;
        setText(words, progressWords(told));
      });
    });
    request.upload.addEventListener("progress", (step) => {
      bar.value = step.total ? step.loaded / step.total : 0;
      setText(
        words,
        step.loaded < step.total ? `${sizeWords(step.loaded)} of ${sizeWords(step.total)}` : "reading it…",
      );
    });
    request.addEventListener("loadend", () => stop());
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", () => {
      setHidden(bar, true);
      setText(words, "The upload was cut off. Try again.");
    });
    setHidden(bar, false);
    answer.replaceChildren();
    request.open("POST", `${form.action}?progress=${name}`);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("Accept", "text/html");
    request.send(new FormData(form));
  });
}
