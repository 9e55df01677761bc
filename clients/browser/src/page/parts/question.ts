// Dialogs: a question that is answered with a text or only with yes, and news to read.

import { make } from "../dom.js";

/** What is asked; without a label there is nothing to type. */
export interface Question {
  readonly title: string;
  readonly text?: string;
  readonly label?: string;
  readonly longest?: number;
  readonly ok: string;
}

/** Returns what was typed ("" where nothing is to be typed); null if the person thought better. */
export function askFor({
  title,
  text = "",
  label,
  longest = 100,
  ok,
}: Question): Promise<string | null> {
  const input = make("input", { maxLength: longest });
  const field = label ? [make("label", {}, make("span", {}, label), input)] : [];
  const yes = make("button", { className: "primary", value: "yes" }, ok);
  const no = make("button", { className: "quiet", value: "no", formNoValidate: true }, "Cancel");
  const about = text ? [make("p", { className: "note" }, text)] : [];
  const content = [...about, ...field, make("p", { className: "actions" }, yes, no)];
  return shown(title, make("h2", {}, title), content).then((answer) =>
    answer === "yes" ? input.value : null,
  );
}

/** Shows something to read. What comes late is not laid over what is being read or asked. */
export async function tell(title: string, ...content: Node[]): Promise<void> {
  if (document.querySelector("dialog[open]")) return;
  const done = make("button", { className: "primary" }, "Close");
  // The focus is on the heading: on the button it would scroll a long text to its end.
  const heading = make("h2", { tabIndex: -1, autofocus: true }, title);
  await shown(title, heading, [...content, make("p", { className: "actions" }, done)]);
}

function shown(title: string, heading: Node, content: readonly Node[]): Promise<string> {
  const form = make("form", { method: "dialog" }, heading, ...content);
  const dialog = make("dialog", { ariaLabel: title }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue);
      dialog.remove();
    });
  });
}
