// Buttons that copy a message in a form in which one takes it elsewhere.

import { COPIES } from "../decode/copies.js";
import type { Decoded } from "../decode/decoded.js";
import type { Hearers } from "../decode/named-arguments.js";
import { make } from "../dom.js";
import { copyText } from "./clipboard.js";

const SAID_MS = 1500;

/** Args: current: the message that is shown; hearers: who hears it, if anybody knows. */
export function copyAs(
  current: () => Decoded | null,
  hearers: () => Hearers | null = () => null,
): HTMLElement {
  const buttons = Object.entries(COPIES).map(([label, write]) => {
    const button = make("button", { className: "small", type: "button" }, label);
    button.addEventListener("click", () => {
      const message = current();
      if (message) void copy(button, label, write(message, hearers()));
    });
    return button;
  });
  const row = make(
    "div",
    { className: "copy-as" },
    make("span", { className: "note" }, "Copy as"),
    ...buttons,
  );
  row.setAttribute("role", "group");
  row.ariaLabel = "Copy the message as";
  return row;
}

async function copy(button: HTMLButtonElement, label: string, text: string): Promise<void> {
  button.textContent = (await copyText(text)) ? "Copied" : "Not copied";
  setTimeout(() => (button.textContent = label), SAID_MS);
}
