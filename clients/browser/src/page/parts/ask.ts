import { find } from "../dom.js";

interface Question {
  readonly title: string;
  readonly label: string;
  readonly ok: string;
  readonly answer?: string;
  readonly isSecret?: boolean;
  readonly error?: string;
}

/** Asks for a line of text and waits until there is one. */
export function ask(question: Question): Promise<string> {
  const dialog = find<HTMLDialogElement>("#ask");
  const input = find<HTMLInputElement>("#ask-text");
  find("#ask-title").textContent = question.title;
  find("#ask-label").textContent = question.label;
  find("#ask-ok").textContent = question.ok;
  find("#ask-goal").hidden = question.isSecret ?? false;
  find("#ask-error").textContent = question.error ?? "";
  input.type = question.isSecret ? "password" : "text";
  input.autocomplete = question.isSecret ? "current-password" : "off";
  input.value = question.answer ?? "";
  dialog.showModal();
  input.select();
  return new Promise((resolve) => {
    const stop = new AbortController();
    // Nobody can play without an answer, so Escape does not close it. "Other rooms" leads away.
    dialog.addEventListener("cancel", (event) => event.preventDefault(), { signal: stop.signal });
    dialog.addEventListener(
      "close",
      () => {
        // Some browsers close it on a second Escape anyway.
        if (!input.value.trim()) return dialog.showModal();
        stop.abort();
        resolve(input.value);
      },
      { signal: stop.signal },
    );
  });
}
