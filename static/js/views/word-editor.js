/** Where words are written by their fields: over the causes beside what was pressed, so that the machine stays in sight. */

import { find, setText } from "../dom.js";
import { createWordForm } from "../word-form.js";

/** @typedef {import("../state-types.js").State} State */

/**
 * @typedef {object} Edited
 * @property {string} title
 * @property {string} act what its button says
 * @property {{ layout: string, now: (state: State) => string | null | undefined }[]} words each with what it is now, where the state shows that
 * @property {string[]} first what words are that the state does not show
 * @property {(words: bigint[], changed: boolean[]) => Record<string, unknown>[]} commands what writes them, in that order
 */

/** Between the editor and what it stands at, or the edge of the window. */
const GAP = 4;

/** Puts the editor under its anchor, over it where there is no room. @param {HTMLElement} editor @param {HTMLElement} anchor */
function place(editor, anchor) {
  const around = anchor.closest(".causes")?.getBoundingClientRect() ?? anchor.getBoundingClientRect();
  const at = anchor.getBoundingClientRect();
  const width = Math.min(Math.max(around.width - 2 * GAP, 240), innerWidth - 2 * GAP);
  editor.style.width = `${width}px`;
  editor.style.left = `${Math.max(GAP, Math.min(around.left + GAP, innerWidth - width - GAP))}px`;
  const { height } = editor.getBoundingClientRect();
  const below = at.bottom + GAP;
  const fits = below + height <= innerHeight - GAP;
  editor.style.top = `${fits ? below : Math.max(GAP, innerHeight - height - GAP)}px`;
}

/** Its parts. */
function partsOf() {
  const editor = find(document, "#word-editor");
  const [title, holder, said] = [find(editor, "h3"), find(editor, ".words"), find(editor, ".answer")];
  return {
    editor,
    title,
    holder,
    said,
    button: find(editor, "#word-write"),
    close: find(editor, "#word-close"),
  };
}

/**
 * Does one command after the other. What is refused says so by itself, and what would follow is not done.
 *
 * @param {import("../commands.js").Send} send
 * @param {Record<string, unknown>[]} commands
 */
async function sendAll(send, commands) {
  const texts = [];
  for (const command of commands) {
    const answer = await send(command);
    if (!answer) return null;
    texts.push(answer.text);
  }
  return texts.join(" ");
}

/** @param {Edited} edited */
function formsOf({ words, first }) {
  const forms = words.map(({ layout }, index) => createWordForm(layout, `word-${index}`));
  forms.forEach((form, index) => {
    form.follow(BigInt(first[index] ?? 0));
    form.show();
  });
  return forms;
}

/** @param {import("../commands.js").Send} send */
export function createWordEditor(send) {
  const { editor, title, holder, said, button, close } = partsOf();
  /** @type {Edited | null} */
  let edited = null;
  /** @type {import("../word-form.js").WordForm[]} */
  let forms = [];
  /** @type {HTMLElement | null} */
  let anchor = null;
  /** @type {State | null} */
  let state = null;

  const follow = () => {
    edited?.words.forEach(({ now }, at) => {
      const value = state && now(state);
      if (value) forms[at]?.follow(BigInt(value));
    });
  };

  const write = async () => {
    if (!edited) return;
    const written = forms;
    const words = forms.map((form) => form.word());
    const changed = forms.map((form) => form.changed());
    const text = await sendAll(send, edited.commands(words, changed));
    if (written !== forms) return;
    if (text !== null) for (const form of forms) form.written();
    setText(said, text ?? "");
  };

  editor.addEventListener("submit", (event) => {
    event.preventDefault();
    write();
  });
  close.addEventListener("click", () => editor.hidePopover());
  editor.addEventListener("toggle", () => {
    if (editor.matches(":popover-open")) return;
    anchor?.setAttribute("aria-expanded", "false");
    edited = null;
  });

  /** @param {Edited} next */
  const fill = (next) => {
    forms = formsOf(next);
    holder.replaceChildren(...forms.map((form) => form.root));
    setText(title, next.title);
    setText(button, next.act);
    setText(said, "");
  };

  return {
    /** @param {Edited} next @param {HTMLElement} at what was pressed for it */
    open(next, at) {
      if (editor.matches(":popover-open")) editor.hidePopover();
      [edited, anchor] = [next, at];
      fill(next);
      follow();
      at.setAttribute("aria-expanded", "true");
      editor.showPopover();
      place(editor, at);
      const first = holder.querySelector("input, select");
      if (first instanceof HTMLElement) first.focus();
    },
    /** @param {import("../store.js").Model} model */
    draw(model) {
      if (!model.state || model.state === state) return;
      state = model.state;
      if (edited) follow();
    },
  };
}
