/**
 * The command in one line. The server reads it (`…/line`): what is wrong and where, what may come next, what the command would
 * come to; that is asked anew when the state that it depends on changes. Nothing is done before Enter.
 */

import { createQuestions } from "../asking.js";
import { element, find, setAttribute, setClass, setText } from "../dom.js";
import { keep, recall } from "../kept.js";
import { createChoices } from "../palette/choices.js";
import { completed, extended } from "../palette/completion.js";
import { createHistory } from "../palette/history.js";
import { foreseenFrom } from "./composer.js";

/** @typedef {import("../palette/completion.js").LineAnswer} LineAnswer */
/** @typedef {LineAnswer & { text: string }} Read the answer, with the line that it is about */

/** What a foresight depends on, of the whole machine, as a text that changes with it. */
function createEdition() {
  /** @type {import("../store.js").State | null} */
  let seen = null;
  let [number, cpus] = [0, ""];
  /** @param {import("../store.js").State | null} state */
  return (state) => {
    if (state && state !== seen) {
      if (state.ioapic !== seen?.ioapic || state.idle !== seen?.idle) number += 1;
      if (state.cpus !== seen?.cpus || state.backend !== seen?.backend) cpus = foreseenFrom(state);
      seen = state;
    }
    return `${number} ${cpus}`;
  };
}

/** The letters under the line, which repeat it unseen. @param {HTMLInputElement} field */
function createUnder(field) {
  const under = element("span", "palette-under");
  under.setAttribute("aria-hidden", "true");
  const [right, wrong, ghost] = [element("i"), element("mark"), element("b")];
  under.append(right, wrong, ghost);
  field.before(under);
  return { under, right, wrong, ghost };
}

/**
 * Draws what is known of the line: the words behind it, and under it, where what is wrong stands and what may follow.
 *
 * @param {HTMLElement} form
 */
function createWords(form) {
  const field = /** @type {HTMLInputElement} */ (find(form, "input"));
  const says = find(form, ".palette-says");
  /** @type {ReturnType<typeof createUnder> | null} made when somebody writes: the page is long enough without */
  let made = null;
  const follow = () => {
    if (made) made.under.scrollLeft = field.scrollLeft;
  };
  field.addEventListener("scroll", follow);
  /** @param {string} words @param {"" | "wrong" | "foreseen"} kind */
  const say = (words, kind) => {
    setText(says, words);
    setAttribute(says, "title", words || null);
    setClass(form, "wrong", kind === "wrong");
    setClass(form, "foreseen", kind === "foreseen");
    setAttribute(field, "aria-invalid", kind === "wrong" ? "true" : null);
  };
  /** @param {LineAnswer | null} answer */
  const mark = (answer) => {
    const text = field.value;
    made ??= createUnder(field);
    const problem = answer?.problem ?? null;
    const from = problem ? Math.min(problem.from, text.length) : text.length;
    const to = problem ? Math.max(problem.to, from) : text.length;
    const [first] = answer?.completions ?? [];
    const { from: begun, to: caret } = answer?.replaces ?? { from: 0, to: 0 };
    const grows = first && caret > begun && caret === text.length && field.selectionStart === caret;
    setText(made.right, text.slice(0, from));
    setText(made.wrong, text.slice(from, to));
    setText(made.ghost, grows && !problem ? first.text.slice(caret - begun) : text.slice(to));
    setClass(made.under, "ghost", Boolean(grows && !problem));
    follow();
  };
  return {
    say,
    mark,
    /** @param {LineAnswer} answer */
    read(answer) {
      const { problem, preview, hint } = answer;
      if (problem) say(problem.says, "wrong");
      else if (preview?.sentences.length) say(preview.sentences.join(" "), "foreseen");
      else say(hint, "");
      mark(answer);
    },
  };
}

/** Asks the server about a line. @param {string} address @param {object} line @returns {Promise<LineAnswer | null>} */
async function ask(address, line) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(line),
  });
  return response.ok ? response.json() : null;
}

/**
 * What the keys of the line do.
 *
 * @param {HTMLInputElement} field
 * @param {ReturnType<typeof createHistory>} history
 * @param {ReturnType<typeof createChoices>} choices
 * @param {Acts} acts
 * @returns {Record<string, (event: KeyboardEvent) => void>}
 */
function keysOf(field, history, choices, { put, choose, extend, look, submit }) {
  const taken = (/** @type {KeyboardEvent} */ event, /** @type {() => void} */ act) => {
    event.preventDefault();
    act();
  };
  /** A line of the past. @param {string | null} text */
  const recalled = (text) => {
    if (text !== null) put(text);
  };
  return {
    Enter: (event) => taken(event, () => (choices.active() >= 0 ? choose(choices.active()) : submit())),
    // From an empty line, and behind a blank, it leads on through the page as everywhere
    Tab: (event) => {
      const begun = /\S/.test(field.value.charAt((field.selectionStart ?? 0) - 1));
      if (event.shiftKey || !(begun || choices.active() >= 0)) return;
      taken(event, () => (choices.active() >= 0 ? choose(choices.active()) : extend()));
    },
    ArrowDown: (event) =>
      taken(event, () =>
        history.past() && choices.active() < 0 ? recalled(history.newer()) : choices.move(1) || look(),
      ),
    ArrowUp: (event) =>
      taken(event, () => (choices.active() >= 0 ? choices.move(-1) : recalled(history.older(field.value)))),
  };
}

/**
 * Has the line read, as somebody writes it and as a whole.
 *
 * @param {import("../store.js").Store} store
 * @param {string} address where a line is read
 * @param {HTMLInputElement} field
 * @param {(answer: Read) => void} take
 */
function createReader(store, address, field, take) {
  const edition = createEdition();
  /** @type {Read | null} */
  let read = null;
  /** Whether somebody wants to know: not once a line is done, until the next one is begun. */
  let wanted = false;
  const caret = () => field.selectionStart ?? field.value.length;
  const line = () => ({ text: field.value, selected: store.get().selected });
  const known = () => (read?.text === field.value ? read : null);
  const askBegun = async () => {
    const { text } = line();
    const answer = await ask(address, { ...line(), caret: caret() });
    return answer && { ...answer, text };
  };
  const questions = createQuestions(askBegun, (answer) => {
    if (answer === null || answer.text !== field.value || document.activeElement !== field) return;
    read = answer;
    take(answer);
  });
  return {
    /** Asks, unless what is known is what would be answered. */
    want() {
      wanted = true;
      questions.want(`${field.value}\n${caret()}\n${store.get().selected}`, edition(store.get().state));
    },
    stop() {
      questions.stop();
      [read, wanted] = [null, false];
    },
    known,
    /** What is known of the line as far as it is written, or the answer to that. */
    begun: async () => known() ?? (await askBegun()),
    whole: () => ask(address, line()),
    /** Whether the caret is elsewhere than where it was when the line was read. */
    moved: () => wanted && caret() !== read?.replaces.to,
  };
}

/**
 * Does what the line says, or tells what is wrong with it.
 *
 * @param {HTMLInputElement} field
 * @param {ReturnType<typeof createReader>} reader
 * @param {import("../commands.js").Send} send
 * @param {{ wrong: (answer: LineAnswer, words: string) => void, done: (line: string, words: string) => void }} tell
 */
async function submit(field, reader, send, tell) {
  const text = field.value;
  const answer = text.trim() ? await reader.whole() : null;
  if (!answer || field.value !== text) return;
  if (!answer.command) return tell.wrong(answer, answer.problem?.says ?? "");
  const done = await send(answer.command);
  if (done && field.value === text) tell.done(text.trim(), done.text);
}

/**
 * @param {import("../store.js").Store} store
 * @param {string} address where a line is read
 * @param {import("../commands.js").Send} send
 */
export function createPalette(store, address, send) {
  const form = find(document, "#palette");
  const field = /** @type {HTMLInputElement} */ (find(form, "input"));
  const said = find(form, "#palette-said");
  const words = createWords(form);
  const history = createHistory(
    () => recall("lines"),
    (text) => keep("lines", text),
  );
  const reader = createReader(store, address, field, (answer) => {
    store.set({ foreseen: answer.preview });
    words.read(answer);
    choices.show(answer.completions);
  });
  const put = (/** @type {string} */ text, at = text.length) => {
    field.value = text;
    field.setSelectionRange(at, at);
    words.mark(null);
    reader.want();
  };
  const choose = (/** @type {number} */ index) => {
    const answer = reader.known();
    const one = answer?.completions[index];
    if (!answer || !one) return;
    choices.hide();
    put(...completed(field.value, answer.replaces, one.text));
  };
  const choices = createChoices(field, find(document, "#palette-list"), choose);
  const tell = {
    wrong: (/** @type {LineAnswer} */ answer, /** @type {string} */ why) => {
      words.say(why, "wrong");
      words.mark(answer);
      said.textContent = why;
    },
    done: (/** @type {string} */ line, /** @type {string} */ answer) => {
      history.add(line);
      // What has come of it stays to be read: the list stays shut until somebody writes again, or asks by an arrow
      field.value = "";
      reader.stop();
      choices.hide();
      words.mark(null);
      words.say(answer, "");
      store.set({ foreseen: null });
      said.textContent = answer;
    },
  };
  listen(field, reader, { words, history, choices }, () => store.set({ foreseen: null }), {
    put,
    choose,
    extend: async () => {
      const answer = await reader.begun();
      const longer = answer && extended(field.value, answer);
      if (longer) put(...longer);
      else choices.move(1);
    },
    look() {
      const answer = reader.known();
      if (answer) choices.show(answer.completions);
      else reader.want();
    },
    submit: () => submit(field, reader, send, tell),
  });
  return {
    open() {
      field.focus();
      field.select();
    },
    /** What is foreseen is asked anew when the machine has changed. */
    draw() {
      if (document.activeElement === field && field.value !== "") reader.want();
    },
  };
}

/**
 * @typedef {object} Acts what can be done with the line
 * @property {(text: string, at?: number) => void} put
 * @property {(index: number) => void} choose
 * @property {() => void} extend
 * @property {() => void} look shows what may come next
 * @property {() => void} submit
 */

/**
 * @param {HTMLInputElement} field
 * @param {ReturnType<typeof createReader>} reader
 * @param {{ words: ReturnType<typeof createWords>, history: ReturnType<typeof createHistory>, choices: ReturnType<typeof createChoices> }} parts
 * @param {() => void} left nobody writes any more
 * @param {Acts} acts
 */
function listen(field, reader, { words, history, choices }, left, acts) {
  const keys = keysOf(field, history, choices, acts);
  field.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing) keys[event.key]?.(event);
  });
  field.addEventListener("input", () => {
    history.written();
    words.mark(null);
    reader.want();
  });
  field.addEventListener("focus", reader.want);
  field.addEventListener("blur", () => {
    reader.stop();
    choices.hide();
    words.mark(null);
    left();
  });
  for (const event of ["click", "keyup"])
    field.addEventListener(event, () => {
      if (reader.moved()) reader.want();
    });
  field.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    acts.submit();
  });
  addEventListener("resize", choices.hide);
}
