// What a room remembers: its seq, epoch, host and term, its history, groups and properties.

import { unpack } from "../../../protocol/msgpack/payload.js";
import { printable } from "../../../protocol/printable.js";
import { hexOf } from "../../decode/hex.js";
import { fromBase64 } from "../../decode/sources/text.js";
import { make, nameOf, words } from "../../dom.js";
import type { PlayerOverview, Property, Standing } from "../answers.js";
import { bytes, count } from "../units.js";

export class StateView {
  readonly element = make("div", { className: "state" });
  private readonly about = make("dl", { className: "about card" });
  private readonly properties = make("tbody");
  private readonly none = make("p", { className: "note" }, "The room has no properties.");

  constructor() {
    const heads = ["Owner", "Key", "Version", "Value"].map((text) =>
      make("th", { scope: "col" }, text),
    );
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), this.properties);
    const scrolls = make("div", { className: "scrolls" }, table);
    this.element.append(
      this.about,
      make("section", { className: "card" }, make("h3", {}, "Properties"), scrolls, this.none),
    );
  }

  show(standing: Standing, players: readonly PlayerOverview[]): void {
    const { room, seq, epoch, host, term, history, groups, properties } = standing;
    const size = `${count(history.frames)} frames, ${bytes(history.bytes)}`;
    const past = `${history.mode}; ${size}, from seq ${count(history.first)} on`;
    const who = Object.entries(groups).map(([name, members]) => `${name}: ${inWords(members, players)}`);
    const told: Readonly<Record<string, string>> = {
      Host: host ? named(host, players) : "nobody",
      Term: count(term),
      Seq: count(seq),
      Epoch: epoch,
      History: past,
      Groups: who.join("; ") || "none",
      Game: room.app || "not said",
      Places: `${room.players} of ${room.capacity}, ${room.spectators} watching`,
    };
    this.about.replaceChildren(
      ...Object.entries(told).flatMap(([name, value]) => [
        make("dt", {}, name),
        make("dd", {}, words(value)),
      ]),
    );
    this.properties.replaceChildren(...properties.map((property) => rowOf(property, players)));
    this.none.hidden = properties.length > 0;
  }
}

/** Who is in a group: `#21 Ada, #22 Bob`. */
const inWords = (members: unknown, players: readonly PlayerOverview[]): string =>
  Array.isArray(members)
    ? members.map((member) => named(Number(member), players)).join(", ")
    : typeof members === "number"
      ? `${members} players`
      : JSON.stringify(members);

function named(number: number, players: readonly PlayerOverview[]): string {
  const overview = players.find(({ player }) => player === number);
  return `#${number} ${overview ? nameOf({ name: overview.name, number }) : ""}`.trim();
}

function rowOf(
  { owner, key, version, data }: Property,
  players: readonly PlayerOverview[],
): HTMLElement {
  const cells = [
    make("td", {}, words(key)),
    make("td", {}, String(version)),
    make("td", { className: "held" }, make("bdi", {}, valueOf(data))),
  ];
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, owner ? words(named(owner, players)) : "the room"),
    ...cells,
  );
}

/** Characters of a value that are shown. */
const LONGEST = 500;

/** A property's value as it reads best. */
function valueOf(data: string | null): string {
  const held = data === null ? null : fromBase64(data);
  if (!held) return "too long to be shown";
  const text = textOf(held);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function textOf(held: Uint8Array): string {
  const plain = (_: string, value: unknown): unknown =>
    value instanceof Uint8Array ? hexOf(value) : value;
  try {
    return printable(JSON.stringify(unpack(held), plain));
  } catch {
    return hexOf(held, " ");
  }
}
