// One's own connection: what it does, and when it is over, what to do.

import { CloseCode, type Room } from "../index.js";
import { find, write } from "./dom.js";
import { latency } from "./people.js";

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

const TIRED = 3; // attempts after which we say more than "connecting"

/** Follows a room's connection. `again` enters once more after it has ended. */
export function followStatus(room: Room, again: (code: number) => void): void {
  let backAt = 0;
  let attempt = 0;
  show("connecting", "Connecting…");
  find("#ended").hidden = true;
  room.on("live", () => {
    attempt = 0;
    show("live", "Live");
  });
  room.on("reconnecting", (event) => {
    attempt = event.attempt;
    backAt = performance.now() + event.delay;
  });
  room.on("closed", ({ code, text }) => {
    clearInterval(timer);
    show("closed", "Not connected");
    showEnd(code, text, again);
  });
  const timer = setInterval(() => {
    if (room.state === "live") show("live", "Live", latency(room.clock.rtt / 1000));
    else if (attempt > 0) showWaiting(room.state, attempt, backAt - performance.now());
  }, 200);
}

/** Lets the button end the waiting. */
export function enableRetry(current: () => Room): void {
  find("#retry").addEventListener("click", () => current().check());
}

/** The detail may change all the time: it stands apart from what screen readers tell. */
function show(state: string, text: string, detail = ""): void {
  find("#status").dataset["state"] = state;
  write(find("#status-text"), text);
  write(find("#status-detail"), detail);
  find("#retry").hidden = !detail.startsWith("again in");
}

function showWaiting(state: string, attempt: number, left: number): void {
  const atFirst = attempt > TIRED ? "No relay answers" : "Connecting";
  const detail = left > 1000 ? `again in ${Math.ceil(left / 1000)} s` : "trying…";
  show(state, state === "reconnecting" ? "Connection lost" : atFirst, detail);
}

function showEnd(code: number, text: string, again: (code: number) => void): void {
  const [title, button = ""] = ENDINGS[code] ?? ["The connection ended", "Try again"];
  find("#ended-title").textContent = title;
  find("#ended-text").textContent = text;
  const retry = find("#ended-again");
  retry.textContent = button;
  retry.hidden = !button;
  retry.onclick = () => again(code);
  find("#ended").hidden = false;
  find("#ended :is(button, a):not([hidden])").focus();
}
