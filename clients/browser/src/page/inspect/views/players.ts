// The players of a room, with all that the relay knows of them, and what may be done with each.

import { crown, make, nameOf, write } from "../../dom.js";
import { isolated } from "../../legible.js";
import { type PlayerOverview, type Way, silence } from "../answers.js";
import { NONE, bytes, count, milliseconds, seconds } from "../units.js";

/** A column: its head, what a player has there, and by what to sort. */
interface Column {
  readonly head: string;
  readonly title: string;
  readonly text: (overview: PlayerOverview) => string;
  readonly order: (overview: PlayerOverview) => number | string;
}

const COLUMNS: readonly Column[] = [
  { head: "Is", title: "live, away, lost or lagging", text: presence, order: presence },
  {
    head: "RTT",
    title: "round trip to the relay, by the last ping that they answered",
    text: ({ rtt_ms: rtt }) => milliseconds(rtt),
    order: ({ rtt_ms: rtt }) => rtt ?? -1,
  },
  {
    head: "Silent",
    title: "for so long they have answered no ping, and sent nothing",
    text: (overview) => seconds(silence(overview) / 1000 || null),
    order: silence,
  },
  {
    head: "Outbox",
    title: "frames and bytes that wait for them",
    text: outbox,
    order: (overview) => overview.outbox?.frames ?? 0,
  },
  {
    head: "Behind",
    title: "seqs that are not on their way to them yet",
    text: ({ behind }) => count(behind ?? 0),
    order: ({ behind }) => behind ?? 0,
  },
  {
    head: "Blocked",
    title: "for so long they have not taken what waits",
    text: ({ blocked_ms: ms }) => milliseconds(ms || null),
    order: ({ blocked_ms: ms }) => ms ?? 0,
  },
  {
    head: "Throttled",
    title: "pauses in all, as they sent too fast",
    text: ({ throttled_ms: ms }) => milliseconds(ms || null),
    order: ({ throttled_ms: ms }) => ms ?? 0,
  },
  {
    head: "Taken",
    title: "frames of theirs that the room has taken",
    text: ({ taken }) => count(taken),
    order: ({ taken }) => taken,
  },
  {
    head: "Here for",
    title: "since they connected",
    text: ({ joined_s: s }) => seconds(s),
    order: ({ joined_s: s }) => s ?? -1,
  },
  {
    head: "Groups",
    title: "groups that they are in",
    text: ({ groups }) => groups.join(", ") || NONE,
    order: ({ groups }) => groups.length,
  },
  {
    head: "From",
    title: "their address; the relay and the link that they use",
    text: place,
    order: place,
  },
  {
    head: "Network",
    title: "conditions that are applied to it",
    text: conditions,
    order: conditions,
  },
];

function presence({ presence, role }: PlayerOverview): string {
  return role === "spectator" ? `${presence}, watching` : presence;
}

function outbox({ outbox: held }: PlayerOverview): string {
  if (!held) return NONE;
  return held.frames ? `${held.mode}: ${count(held.frames)}, ${bytes(held.bytes)}` : held.mode;
}

function place({ address, node, link }: PlayerOverview): string {
  return (
    [address, node && `at ${node}`, link === "direct" ? null : link].filter(Boolean).join(" ") ||
    NONE
  );
}

function conditions({ conditions }: PlayerOverview): string {
  if (!conditions) return NONE;
  const { down, up } = conditions;
  const [to, from] = [named(down), named(up)];
  if (to === from) return to;
  return [down && `down ${to}`, up && `up ${from}`].filter(Boolean).join(", ");
}

/** A direction by its profile. */
const named = (way: Way | null): string =>
  way === null ? NONE : typeof way["name"] === "string" && way["name"] ? way["name"] : "shaped";

/** Whether there is a pointer that can rest on something: a finger cannot. */
const CAN_HOVER = matchMedia("(hover: hover)");

/** What may be done with a player. */
export interface PlayerActs {
  why(overview: PlayerOverview): void;
  makeHost(overview: PlayerOverview): void;
  kick(overview: PlayerOverview): void;
}

export class PlayersView {
  readonly element = make("div", { className: "players-table", tabIndex: -1 });
  private readonly body = make("tbody");
  private readonly heads: HTMLElement[] = [];
  private readonly none = make("p", { className: "note" }, "Nobody is here.");
  private readonly rows = new Map<number, Row>();
  private told: readonly [players: readonly PlayerOverview[], host: number] = [[], 0];
  private sorting = -1;
  private isDown = false;

  constructor(private readonly acts: PlayerActs) {
    const heads = [
      this.head("Player", -1, "by number"),
      ...COLUMNS.map(({ head, title }, index) => this.head(head, index, title)),
    ];
    const last = make("th", {}, make("span", { className: "unseen" }, "What to do"));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads, last)), this.body);
    this.element.append(table, this.none);
    this.body.addEventListener("pointerleave", () => this.show(...this.told));
  }

  show(players: readonly PlayerOverview[], host: number): void {
    this.told = [players, host];
    const isHeld = this.isHeld();
    this.takeOut(new Set(players.map(({ player }) => player)), isHeld);
    const order = this.sorted(players).map((overview) =>
      this.rowOf(overview).show(overview, overview.player === host),
    );
    if (isHeld) this.body.append(...order.filter(({ isConnected }) => !isConnected));
    else if (order.some((row, index) => this.body.children[index] !== row))
      this.body.append(...order);
    this.none.hidden = players.length > 0;
  }

  /** Whether somebody is about to press a button: no other may come in its place meanwhile. */
  private isHeld(): boolean {
    const isPointedAt = CAN_HOVER.matches && this.body.matches(":hover");
    return isPointedAt || this.body.querySelector(":focus-visible") !== null;
  }

  private takeOut(here: ReadonlySet<number>, isHeld: boolean): void {
    for (const [number, row] of this.rows) {
      if (here.has(number)) continue;
      const hadFocus = row.element.contains(document.activeElement);
      if (isHeld) row.end();
      else {
        row.element.remove();
        this.rows.delete(number);
      }
      if (hadFocus) this.element.focus();
    }
  }

  private rowOf({ player }: PlayerOverview): Row {
    const row = this.rows.get(player) ?? new Row(this.acts);
    this.rows.set(player, row);
    return row;
  }

  private sorted(players: readonly PlayerOverview[]): PlayerOverview[] {
    const order = COLUMNS[this.sorting]?.order ?? (({ player }: PlayerOverview) => player);
    const sorted = [...players].sort(
      (one, other) => compared(order(one), order(other)) || one.player - other.player,
    );
    return this.isDown ? sorted.reverse() : sorted;
  }

  private head(text: string, index: number, title: string): HTMLElement {
    const button = make("button", { type: "button", title, className: "sort" }, text);
    const head = make("th", {}, button);
    this.heads.push(head);
    button.addEventListener("click", () => {
      this.isDown = this.sorting === index ? !this.isDown : index >= 0;
      this.sorting = index;
      for (const each of this.heads)
        each.ariaSort = each === head ? (this.isDown ? "descending" : "ascending") : null;
      this.show(...this.told);
    });
    return head;
  }
}

function compared(one: number | string, other: number | string): number {
  return typeof one === "number" && typeof other === "number"
    ? one - other
    : String(one).localeCompare(String(other));
}

class Row {
  readonly element = make("tr");
  private readonly number = make("span", { className: "dim" });
  private readonly name = make("bdi");
  private readonly host = make("span", {}, crown(), make("span", { className: "unseen" }, "host"));
  private readonly cells = COLUMNS.map(({ head }) => {
    const cell = make("td");
    cell.dataset["head"] = head;
    return cell;
  });
  private readonly why = make("button", { type: "button", className: "small" }, "Why?");
  private readonly makeHost = make("button", { type: "button", className: "small" }, "Make host");
  private readonly kick = make("button", { type: "button", className: "small danger" }, "Kick");
  private overview: PlayerOverview | null = null;

  constructor(acts: PlayerActs) {
    const who = make("th", { scope: "row" }, this.number, " ", this.name, " ", this.host);
    const doing = make("td", { className: "doing" }, this.why, " ", this.makeHost, " ", this.kick);
    this.element.append(who, ...this.cells, doing);
    for (const [button, act] of [
      [this.why, "why"],
      [this.makeHost, "makeHost"],
      [this.kick, "kick"],
    ] as const) {
      button.addEventListener("click", () => this.overview && acts[act](this.overview));
    }
  }

  show(overview: PlayerOverview, isHost: boolean): HTMLElement {
    this.overview = overview;
    const name = nameOf({ name: overview.name, number: overview.player });
    write(this.number, `#${overview.player}`);
    write(this.name, name);
    this.host.classList.toggle("is-off", !isHost);
    for (const [index, cell] of this.cells.entries()) write(cell, COLUMNS[index]!.text(overview));
    this.element.dataset["presence"] = overview.presence;
    this.makeHost.disabled = isHost || overview.role === "spectator";
    const said = isolated(name);
    this.why.ariaLabel = `Why does ${said} see nothing, or late?`;
    this.makeHost.ariaLabel = `Make ${said} host`;
    this.kick.ariaLabel = `Kick ${said}`;
    return this.element;
  }

  /** Keeps the place of a player who is gone. */
  end(): void {
    this.overview = null;
    this.element.dataset["presence"] = "gone";
    write(this.cells[0]!, "gone");
    for (const button of [this.why, this.makeHost, this.kick]) button.disabled = true;
  }
}
