// Which colour each player has.
//
// It goes by the player's number, which all pages know alike. A relay that is started anew may give
// the same players other numbers: then who was here before keeps the colour that goes with the name.

import type { Player, Room } from "../../index.js";
import { COLOURS, colour } from "../dom.js";

interface Given {
  readonly name: string;
  readonly index: number;
}

type Named = Pick<Player, "name" | "number">;

/** The colours of one page, whichever rooms it enters one after another. */
export class Palette {
  private room: Pick<Room, "players"> | null = null;
  private readonly given = new Map<number, Given>();
  private readonly remembered = new Map<string, number>();

  follow(room: Pick<Room, "players">): void {
    this.room = room;
  }

  of(number: number, alpha = 1): string {
    const player = this.room?.players.get(number);
    return colour(player ? this.index(player) : number, alpha);
  }

  private index(player: Named): number {
    return this.held(player) ?? this.give(player);
  }

  private held({ number, name }: Named): number | undefined {
    const given = this.given.get(number);
    return given?.name === name ? given.index : undefined;
  }

  private give({ number, name }: Named): number {
    const others = [...this.room!.players.values()].filter((other) => other.number !== number);
    const taken = new Set(others.map((other) => this.held(other) ?? this.remembered.get(other.name)));
    const wanted = this.remembered.get(name) ?? number;
    const free = Array.from({ length: COLOURS }, (_, step) => (wanted + step) % COLOURS).find(
      (index) => !taken.has(index),
    );
    const index = free ?? wanted % COLOURS;
    this.given.set(number, { name, index });
    if (!this.remembered.has(name)) this.remembered.set(name, index);
    return index;
  }
}
