/** The compare page: reads the steps of an IPI aloud, and says that a new result is there. All else works without it. */

const HINT = "Point at a step, or walk along with the arrow keys, to read it.";

// Beside the answer the question is unfolded. Style alone shows it there too, but not in every browser.
if (matchMedia("(min-width: 900px)").matches)
  document.getElementById("question-fold")?.setAttribute("open", "");

/** @param {EventTarget | null} target */
const stepOf = (target) => (target instanceof Element ? target.closest(".step") : null);

/** @param {Element | null} step */
function say(step) {
  const said = document.getElementById("step-said");
  if (said) said.textContent = step?.querySelector("title")?.textContent ?? HINT;
}

/** One step of the chart is in the page's order of tabs, the others are reached from it. */
function prepare() {
  const steps = document.querySelectorAll(".chart-waterfall .step");
  steps.forEach((step, index) => {
    step.setAttribute("tabindex", index === 0 ? "0" : "-1");
    step.setAttribute("role", "img");
    step.setAttribute("aria-label", step.querySelector("title")?.textContent ?? "");
  });
  // An image has no parts for those who listen; with steps to walk to it is a group.
  document.querySelector(".chart-waterfall")?.setAttribute("role", "group");
}

/**
 * @param {Element} step
 * @param {string} key
 * @returns {Element | undefined}
 */
function neighbour(step, key) {
  const steps = [...document.querySelectorAll(".chart-waterfall .step")];
  const bands = [...document.querySelectorAll(".chart-waterfall .band")];
  const at = steps.indexOf(step);
  const band = bands.findIndex((one) => one.contains(step));
  switch (key) {
    case "ArrowRight":
      return steps[at + 1];
    case "ArrowLeft":
      return steps[at - 1];
    case "ArrowDown":
      return bands[band + 1]?.querySelector(".step") ?? undefined;
    case "ArrowUp":
      return bands[band - 1]?.querySelector(".step") ?? undefined;
    case "Home":
      return steps[0];
    case "End":
      return steps.at(-1);
    default:
      return undefined;
  }
}

document.addEventListener("pointerover", (event) => {
  const step = stepOf(event.target);
  if (step) say(step);
});

document.addEventListener("focusin", (event) => {
  const step = stepOf(event.target);
  if (step) say(step);
});

document.addEventListener("keydown", (event) => {
  const step = stepOf(event.target);
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = neighbour(step, event.key);
  if (!(next instanceof SVGElement)) return;
  event.preventDefault();
  step.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});

document.addEventListener("htmx:after:swap", () => {
  prepare();
  document.title = document.getElementById("result")?.dataset.title ?? document.title;
  const said = document.getElementById("said");
  const sentence = document.querySelector("#result .sentence, #result .problem")?.textContent ?? "";
  const words = sentence.replace(/\s+/g, " ").trim();
  if (said && words && said.textContent !== words) said.textContent = words; // not again when the curves have come
});

prepare();
