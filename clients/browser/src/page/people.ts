// The list of players: names, scores, latency, the host, and what a host may do with players.

import { type Player, PresenceState, type Room } from "../index.js";
import { crown, find, make, nameOf, write } from "./dom.js";
import type { Game } from "./game/game.js";
import type { Palette } from "./game/palette.js";
import { isolated } from "./legible.js";

const STATES: Record<number, string> = {
  [PresenceState.AWAY]: "away",
  [PresenceState.LOST]: "connection lost",
  [PresenceState.LAGGING]: "slow connection",
};

/** The list of players of one room. */
export class People {
  private readonly list = find("#players");
  /** A row lives as long as its player, so that an open menu stays open and keeps the focus. */
  private readonly rows = new Map<number, Row>();

  constructor(
    private readonly room: Room,
    private readonly game: Game,
    private readonly palette: Palette,
  ) {
    this.list.replaceChildren();
  }

  /** Updates the list. Call it whenever something may have changed. */
  show(): void {
    const { room } = this;
    for (const number of this.rows.keys()) if (!room.players.has(number)) this.remove(number);
    const players = [...room.players.values()].sort(
      (one, other) => this.score(other) - this.score(one) || one.number - other.number,
    );
    const order = players.map((player) => this.showRow(player));
    // Whoever is about to press a button keeps it: another's may be "Remove".
    const isHeld = this.list.querySelector(":focus-visible, .choices:not([hidden])") !== null;
    if (isHeld) this.list.append(...order.filter(({ isConnected }) => !isConnected));
    else if (order.some((element, index) => this.list.children[index] !== element)) {
      this.list.append(...order);
    }
    write(find("#count"), room.options ? counted(players, room.options.capacity) : "");
    find("#lock-row").hidden = !room.isHost;
  }

  private score = ({ number }: Player): number => this.game.scores.get(number) ?? 0;

  private showRow(player: Player): HTMLLIElement {
    const row = this.rows.get(player.number) ?? new Row(player.number);
    this.rows.set(player.number, row);
    return row.show(player, this.room, this.game, this.palette.of(player.number));
  }

  private remove(number: number): void {
    this.rows.get(number)?.element.remove();
    this.rows.delete(number);
  }
}

/** How many play, as text. Those who watch take no player's place. */
function counted(everybody: Player[], capacity: number | undefined): string {
  const watching = everybody.filter(({ role }) => role === "spectator").length;
  const playing = `${everybody.length - watching} of ${capacity}`;
  return watching ? `${playing}, and ${watching} watching` : playing;
}

/** Shows whether the room is locked. */
export function followLock(room: Room): void {
  const show = (): void => void (find<HTMLInputElement>("#lock").checked = isLocked(room));
  room.on("live", show);
  room.on("propertyChanged", ({ key }) => {
    if (key === "@locked") show();
  });
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

class Row {
  readonly element = make("li");
  private readonly dot = make("span", { className: "dot" });
  private readonly name = make("bdi");
  private readonly tag = make("span", { className: "tag" });
  private readonly crown = crown();
  private readonly score = make("span", { className: "score", title: "orbs" });
  private readonly rtt = make("span", { className: "rtt", title: "round trip to the relay" });
  private readonly toggle = make("button", { className: "toggle", ariaExpanded: "false" }, "⋯");
  private readonly choices = make("div", { className: "choices", hidden: true });
  private readonly crowning = make("button", {}, "Make host");

  constructor(number: number) {
    this.element.dataset["number"] = String(number);
    const named = make("span", { className: "named" }, this.crown, this.name);
    const who = make("span", { className: "who" }, named, " ", this.tag);
    this.element.append(this.dot, who, this.score, this.rtt, this.toggle, this.choices);
    this.toggle.addEventListener("click", () => this.open(this.choices.hidden !== false));
  }

  show(player: Player, room: Room, game: Game, colour: string): HTMLLIElement {
    const { number, state, isHost, role } = player;
    const name = nameOf(player);
    const isMe = number === room.me;
    const tags = [
      isMe && "you",
      isHost && "host",
      role === "spectator" && "watching",
      STATES[state],
    ];
    this.dot.style.background = colour;
    write(this.name, name);
    write(this.tag, tags.filter(Boolean).join(", "));
    write(this.score, String(game.scores.get(number) ?? 0));
    write(this.rtt, latency(game.rtts.get(number)));
    this.crown.classList.toggle("is-off", !isHost);
    this.element.classList.toggle("is-me", isMe);
    this.element.classList.toggle("is-absent", state !== PresenceState.HERE);
    this.toggle.ariaLabel = `What to do with ${isolated(name)}`;
    this.crowning.hidden = !player.canHost || role === "spectator";
    this.offer(room, number, room.isHost && !isMe);
    return this.element;
  }

  /** Offers what a host may do with the player. */
  private offer(room: Room, number: number, isOffered: boolean): void {
    this.toggle.hidden = !isOffered;
    if (!isOffered) this.open(false);
    if (!isOffered || this.choices.hasChildNodes()) return;
    this.choices.append(
      this.choice(this.crowning, () => void room.transfer(number)),
      this.choice(make("button", {}, "Remove"), () => {
        void room.kick(number, "removed by the host");
      }),
    );
  }

  private choice(button: HTMLButtonElement, choose: () => void): HTMLButtonElement {
    button.addEventListener("click", () => {
      this.open(false);
      choose();
    });
    return button;
  }

  private open(isOpen: boolean): void {
    this.choices.hidden = !isOpen;
    this.toggle.ariaExpanded = String(isOpen);
  }
}

/** A round trip in milliseconds, as text. */
export function latency(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  return milliseconds < 1 ? "<1 ms" : `${Math.round(milliseconds)} ms`;
}
