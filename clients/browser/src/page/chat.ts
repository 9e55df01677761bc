// The lines under the arena: chat, and news of the room.

import { type EventOf, LeftReason, NoticeKind, type Player, type Room } from "../index.js";
import { crown, find, make, nameOf, words } from "./dom.js";
import type { Game } from "./game/game.js";
import type { Palette } from "./game/palette.js";
import { legible } from "./legible.js";

const LINES = 100;

const LEAVING: Record<number, string> = {
  [LeftReason.LEFT]: "left",
  [LeftReason.EXPIRED]: "did not come back",
  [LeftReason.GONE]: "is gone",
  [LeftReason.KICKED]: "was removed by the host",
};

/** A notice of the relay, in words. */
function notice({ kind, detail: { dropped, said } }: EventOf<"notice">): string {
  switch (kind) {
    case NoticeKind.THROTTLE:
      return "You send more than the relay takes: some of it is left out";
    case NoticeKind.LAG:
      if (dropped === undefined) return "You read too slowly: what the others do comes late";
      return dropped > 0
        ? `You keep up again; ${count(dropped, "movement")} of the others left out`
        : "You keep up again, and nothing was left out";
    case NoticeKind.DRAIN:
      return "The relay is about to restart; you will be back by yourself";
    case NoticeKind.TRIMMED:
      return "While you came in, the room forgot some of its past: you do not have all of it";
    case NoticeKind.MEMORY:
      return "The relay is short of memory: who joins later does not hear all of this room's past";
    case NoticeKind.STALLED:
      return "The relays have lost one of their stores: what you do is seen in some seconds";
    case NoticeKind.GOES_ON:
      return "The relays go on: nothing was lost";
    case NoticeKind.OPERATOR:
      return `The relay's operator says: ${said ?? ""}`;
    default:
      return "";
  }
}

/** Why the room was told anew, by the relay's word for it. */
const ANEW: Record<string, string> = {
  history_trimmed: "you were away for longer than the room remembers",
  seat_expired: "your place was given up, and this is a new one",
  epoch_changed: "it has begun anew",
  room_gone: "it has begun anew",
};

/** Follows a room. */
export function followChat(room: Room, game: Game, palette: Palette): void {
  game.onSay = (number, text) => {
    const player = room.players.get(number) ?? { name: "", number };
    const who = make("b", {}, words(nameOf(player)));
    who.style.color = palette.of(number);
    add("", who, " ", words(text));
  };
  room.on("joined", ({ player }) => {
    // On entry the room tells of everybody who is there; that is no news.
    if (room.state === "live" && !isGuest(player)) add("news", words(nameOf(player)), " joined");
  });
  room.on("left", ({ player, reason }) => {
    if (!isGuest(player)) add("news", words(nameOf(player)), ` ${LEAVING[reason] ?? "left"}`);
  });
  room.on("hostChanged", ({ player }) => {
    if (!player) return;
    if (player.number === room.me) add("news", crown(), " You are host now");
    else add("news", crown(), " ", words(nameOf(player)), " is host now");
  });
  room.on("refused", ({ text }) => {
    if (room.state === "live") add("refusal", legible(text)); // before that, the page shows it
  });
  room.on("notice", (event) => {
    const text = notice(event);
    if (text) add("refusal", text);
  });
  room.on("lost", ({ messages }) =>
    add("refusal", `Lost with the connection: ${count(messages.length, "message")}`),
  );
  room.on("resumed", ({ resumed, reason }) => {
    const why = ANEW[reason] ? `: ${ANEW[reason]}` : "";
    add("news", resumed ? "Back, and nothing missed" : `Back in the room${why}`);
  });
}

/** A guest watches until they have given a name. Only then they are news. */
const isGuest = ({ name, role }: Player): boolean => role === "spectator" && name === "";

const count = (number: number, thing: string): string =>
  `${number} ${thing}${number === 1 ? "" : "s"}`;

/** Lets the form send the typed text. */
export function enableChat(say: (text: string) => void): void {
  const input = find<HTMLInputElement>("#say-text");
  find("#say").addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) say(input.value.trim());
    input.value = "";
    input.blur(); // the keys steer again
  });
}

function add(className: string, ...content: (Node | string)[]): void {
  const log = find("#log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(make("li", { className }, ...content));
  while (log.children.length > LINES) log.firstElementChild?.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}
