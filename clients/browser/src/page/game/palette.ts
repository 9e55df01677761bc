// Which colour each player has.
//
// The colour follows from the player's number, so all pages agree. A relay that was restarted may
// give a player another number: then a player of the same name keeps the colour.

import type { Player, Room } from "../../index.js";
import { COLOURS, colour } from "../dom.js";

interface Given {
  readonly name: string;
  readonly index: number;
}

type Named = Pick<Player, "name" | "number">;

/** The colours of one page, over all rooms that it enters. */
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
