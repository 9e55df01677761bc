// Shows this page's connection, and what to do when it has ended.

import { CloseCode, type Room } from "../index.js";
import { findSuspect } from "./api.js";
import { find, write } from "./dom.js";
import { legible } from "./legible.js";
import { Link, type Words } from "./link.js";
import { Doubt, type Suspect } from "./game/suspect.js";

/** What to do after a close, by its code: a title, and what the button says. */
const ENDINGS: Record<number, readonly [title: string, again?: string]> = {
  [CloseCode.NORMAL]: ["You left the room", "Come back"],
  [CloseCode.REPLACED]: ["You play in another tab", "Play here instead"],
  [CloseCode.KICKED]: ["You were removed"],
  [CloseCode.ROOM_FULL]: ["The room is full", "Try again"],
  [CloseCode.LOCKED]: ["The room is locked", "Try again"],
  [CloseCode.WRONG_PASSWORD]: ["This room has a password"], // which the page asks for
  [CloseCode.NO_SUCH_ROOM]: ["There is no such room", "Make it"],
  [CloseCode.VERSION]: ["This page is out of date", "Load it anew"],
};

/** Follows a room's connection. `again` enters once more after it has ended. */
export function followStatus(room: Room, again: (code: number) => void): void {
  const doubt = new Doubt(room, findSuspect);
  const link = new Link(
    room,
    () => performance.now(),
    () => doubt.suspect !== null,
  );
  const show = (): void => {
    showWords(link.words);
    showSuspect(doubt.suspect);
  };
  const timer = setInterval(show, 200);
  find("#ended").hidden = true;
  for (const type of ["live", "notice", "reconnecting"] as const) room.on(type, show);
  room.on("closed", ({ code, text }) => {
    clearInterval(timer);
    show();
    showEnd(code, text, again);
  });
  show();
}

/** Lets the button end the waiting. */
export function enableRetry(current: () => Room): void {
  find("#retry").addEventListener("click", () => current().check());
}

/** The detail changes often, so it is apart from the text that screen readers announce. */
function showWords({ state, text, detail, mayRetry }: Words): void {
  find("#status").dataset["state"] = state;
  write(find("#status-text"), text);
  write(find("#status-detail"), detail);
  find("#retry").hidden = !mayRetry;
}

function showSuspect(suspect: Suspect | null): void {
  find("#suspect").hidden = suspect === null;
  write(find("#suspect-title"), suspect?.title ?? "");
  write(find("#suspect-text"), suspect?.text ?? "");
  write(find("#suspect-lines"), suspect?.lines ?? "");
}

/** Says why there is no room, and removes everything that needs one. */
export function showImpossible(why: string): void {
  showWords({ state: "closed", text: "Not connected", detail: "", mayRetry: false });
  for (const part of ["#leave", "#hints", ".talk", ".side"]) find(part).hidden = true;
  showEnding("There is no such room", why, "");
}

function showEnd(code: number, text: string, again: (code: number) => void): void {
  const [title, button = ""] = ENDINGS[code] ?? ["The connection ended", "Try again"];
  find("#ended-again").onclick = () => again(code);
  showEnding(title, text, button);
}

function showEnding(title: string, text: string, button: string): void {
  find("#ended-title").textContent = title;
  find("#ended-text").textContent = legible(text);
  const retry = find("#ended-again");
  retry.textContent = button;
  retry.hidden = !button;
  find("#ended").hidden = false;
  find("#ended :is(button, a):not([hidden])").focus();
}
