// The lines under the arena: what is said, and what happens in the room.

import { LeftReason, NoticeKind, type Room } from "../index.js";
import { colourOf, crown, find, make } from "./dom.js";
import type { Game } from "./game.js";

const LINES = 100;

const LEAVING: Record<number, string> = {
  [LeftReason.LEFT]: "left",
  [LeftReason.EXPIRED]: "did not come back",
  [LeftReason.GONE]: "is gone",
  [LeftReason.KICKED]: "was removed by the host",
};

const NOTICES: Record<number, string> = {
  [NoticeKind.THROTTLE]: "You send more than the relay takes: some of it is left out",
  [NoticeKind.LAG]: "Your connection is slow: you see the newest only",
  [NoticeKind.DRAIN]: "The relay is about to restart; you will be back by yourself",
};

/** Follows a room. */
export function followChat(room: Room, game: Game): void {
  const nameOf = (number: number): string => room.players.get(number)?.name || `Player ${number}`;
  game.onSay = (player, text) => {
    const who = make("b", {}, nameOf(player));
    who.style.color = colourOf(player);
    add("", who, ` ${text}`);
  };
  room.on("joined", ({ player }) => {
    // On entry everybody is told of; that is no news.
    if (room.state === "live") add("news", `${player.name} joined`);
  });
  room.on("left", ({ player, reason }) =>
    add("news", `${player.name} ${LEAVING[reason] ?? "left"}`),
  );
  room.on("hostChanged", ({ player }) => {
    if (!player) return;
    add(
      "news",
      crown(),
      player.number === room.me ? " You are host now" : ` ${player.name} is host now`,
    );
  });
  room.on("refused", ({ text }) => {
    if (room.state === "live") add("refusal", text); // else it is entry, and the page tells of that
  });
  room.on("notice", ({ kind }) => {
    if (NOTICES[kind]) add("refusal", NOTICES[kind]);
  });
  room.on("lost", ({ messages }) =>
    add("refusal", `Lost with the connection: ${count(messages.length, "message")}`),
  );
  room.on("resumed", ({ resumed }) =>
    add("news", resumed ? "Back, and nothing missed" : "Back in the room"),
  );
}

const count = (number: number, thing: string): string =>
  `${number} ${thing}${number === 1 ? "" : "s"}`;

/** Lets the form send what is typed. */
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
