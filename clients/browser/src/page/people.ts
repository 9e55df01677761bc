// Who is in the room: names, scores, latency, who is host, and what a host may do about it.

import { type Player, PresenceState, type Room } from "../index.js";
import { colourOf, crown, find, make } from "./dom.js";
import type { Game } from "./game.js";

const STATES: Record<number, string> = {
  [PresenceState.AWAY]: "away",
  [PresenceState.LOST]: "connection lost",
  [PresenceState.LAGGING]: "slow connection",
};

/** Shows the players. Call it again whenever something may have changed. */
export function showPeople(room: Room, game: Game): void {
  const list = find("#players");
  // While a menu is open, the list under it must not move.
  if (list.querySelector("details[open]")) return;
  const score = (player: Player): number => game.scores.get(player.number) ?? 0;
  const players = [...room.players.values()].sort(
    (one, other) => score(other) - score(one) || one.number - other.number,
  );
  list.replaceChildren(...players.map((player) => row(player, room, game)));
  find("#count").textContent = `${players.length} of ${room.options?.capacity ?? "?"}`;
  find("#lock-row").hidden = !room.isHost;
  find<HTMLInputElement>("#lock").checked = isLocked(room);
}

/** Lets the host lock the room. */
export function enableLock(current: () => Room): void {
  const lock = find<HTMLInputElement>("#lock");
  lock.addEventListener("change", () => void current().setProperty("@locked", lock.checked));
}

const isLocked = (room: Room): boolean =>
  room.properties.has("@locked")
    ? room.properties.get("@locked") === true
    : room.options?.locked === true;

function row(player: Player, room: Room, game: Game): HTMLLIElement {
  const { number, name, state, isHost } = player;
  const isMe = number === room.me;
  const dot = make("span", { className: "dot" });
  dot.style.background = colourOf(number);
  const who = make("span", { className: "who", title: name }, name || `Player ${number}`);
  const tags = [
    isMe && "you",
    isHost && "host",
    player.role === "spectator" && "watching",
    STATES[state],
  ];
  who.append(make("span", { className: "tag" }, ` ${tags.filter(Boolean).join(", ")}`));
  if (isHost) who.prepend(crown(), " ");
  return make(
    "li",
    { className: `${isMe ? "is-me" : ""} ${state === PresenceState.HERE ? "" : "is-absent"}` },
    dot,
    who,
    make("span", { className: "score", title: "orbs" }, String(game.scores.get(number) ?? 0)),
    make(
      "span",
      { className: "rtt", title: "round trip to the relay" },
      latency(game.rtts.get(number)),
    ),
    room.isHost && !isMe ? menu(player, room) : "",
  );
}

function latency(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  return milliseconds < 1 ? "<1 ms" : `${Math.round(milliseconds)} ms`;
}

function menu(player: Player, room: Room): HTMLElement {
  const details = make("details", { className: "menu" });
  const choice = (text: string, choose: () => void): HTMLButtonElement => {
    const button = make("button", {}, text);
    button.addEventListener("click", () => {
      details.open = false;
      choose();
    });
    return button;
  };
  const summary = make("summary", { ariaLabel: `What to do with ${player.name}` }, "⋯");
  const choices = make(
    "div",
    {},
    choice("Make host", () => void room.transfer(player)),
    choice("Remove", () => void room.kick(player, "removed by the host")),
  );
  details.append(summary, choices);
  return details;
}
