// The inspector: all rooms, and one of them from within. The operator's token opens it.

import { find, write } from "./dom.js";
import { legible } from "./legible.js";
import { Operator, Refused } from "./inspect/operator.js";
import { RoomView } from "./inspect/views/room.js";
import { RoomsView } from "./inspect/views/rooms.js";
import { forgetToken, keepToken, takeToken } from "./inspect/token.js";
import type { State } from "./inspect/watched.js";

declare global {
  interface Window {
    /** For the curious, and for tests. */
    roomwireInspector: { readonly room: RoomView | null };
  }
}

const STATES: Readonly<Record<State, string>> = {
  connecting: "Connecting…",
  live: "Live",
  lost: "No answer, trying…",
  ended: "Over",
};

const content = find("#content");
let operator: Operator | null = null;
let rooms: RoomsView | null = null;
let room: RoomView | null = null;

/** Shows what the address says: a room, or all of them. A link may bring another token. */
function route(): void {
  const token = takeToken();
  stop();
  find("#ask").hidden = token !== null;
  if (token === null) return askForToken();
  operator = new Operator(token);
  const name = new URLSearchParams(location.hash.slice(1)).get("room");
  find("#all").hidden = name === null;
  find("#forget").hidden = name !== null;
  if (name === null) showRooms(operator);
  else showRoom(operator, name);
}

function showRooms(operator: Operator): void {
  document.title = "Inspector · Roomwire";
  showState("connecting");
  rooms = new RoomsView(operator, hearProblem, () => showState("live"));
  content.replaceChildren(rooms.element);
  rooms.begin();
}

function showRoom(operator: Operator, name: string): void {
  document.title = `${legible(name)} · Inspector · Roomwire`;
  room = new RoomView(operator, name, refuse, ({ state, why }) => showState(state, why));
  content.replaceChildren(room.element);
}

function stop(): void {
  rooms?.stop();
  room?.stop();
  rooms = room = null;
  content.replaceChildren();
  write(find("#status-text"), "");
}

function showState(state: State, why = ""): void {
  find("#status").dataset["state"] = state === "ended" ? "closed" : state;
  write(find("#status-text"), STATES[state]);
  find("#status").title = why;
}

function hearProblem(error: unknown): void {
  if (error instanceof Refused && error.status === 401) return refuse();
  showState("lost", error instanceof Error ? error.message : String(error));
}

/** Asks for another token: the relay does not take this one. */
function refuse(): void {
  forgetToken();
  route();
  find("#ask-error").textContent =
    "The relay does not take this token. Each start of a relay makes a new one, unless " +
    "--operator-token-file names a file.";
}

function askForToken(): void {
  find("#all").hidden = find("#forget").hidden = true;
  showState("connecting");
  write(find("#status-text"), "");
  find("#ask-error").textContent = "";
  find("#token").focus();
}

find("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = find<HTMLInputElement>("#token");
  const given = tokenIn(field.value);
  field.value = "";
  if (!given) return;
  keepToken(given);
  route();
});

/** A token alone, or the whole link that the relay prints. */
function tokenIn(text: string): string {
  const [, fragment] = text.split("#");
  return (fragment && new URLSearchParams(fragment).get("token")) || text.trim();
}

find("#forget").addEventListener("click", () => {
  forgetToken();
  route();
});

window.roomwireInspector = {
  get room() {
    return room;
  },
};
addEventListener("hashchange", () => {
  route();
  room?.focus(); // what had it, a link to the room, is gone
});
route();
