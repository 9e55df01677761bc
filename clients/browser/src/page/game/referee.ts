// What the host does: it lays orbs out, decides who got one, and tells everybody.
//
// Every player has a referee, and only the host's referee acts. It goes on from what the last host
// told, so the game outlives each of its hosts.

import { PresenceState, type Room } from "../../index.js";
import { ARENA, REACH, type Ship, type Vector } from "./ship.js";

const ORBS = 12;
const MARGIN = 60;
/** Units by which the host may misplace a comet: a claim within them is no cheating. */
const DOUBT = 160;
const REMEMBER_EVERY = 1000;

export interface Orb extends Readonly<Vector> {
  readonly id: number;
  /** When we asked for it. It looks taken until the host has answered. */
  askedAt: number;
}

/** The game, as far as its referee decides about it. */
export interface Play {
  readonly ships: ReadonlyMap<number, Ship>;
  readonly orbs: Map<number, Orb>;
  readonly scores: Map<number, number>;
  setOrbs(orbs: Map<number, Orb>, scores: Map<number, number>): void;
}

export class Referee {
  private readonly room: Room;
  private readonly game: Play;
  private isRemembering = false;
  private newestId = 0;

  constructor(room: Room, game: Play) {
    this.room = room;
    this.game = game;
    room.on("hostChanged", () => this.begin());
    room.on("joined", () => this.tell());
    room.on("presenceChanged", ({ player }) => {
      if (player.state === PresenceState.HERE) this.tell();
    });
    room.on("left", ({ player }) => this.drop(player.number));
  }

  /** Becomes the acting referee, if I am host: lays the missing orbs out. */
  begin(): void {
    if (!this.isActing) return;
    this.decide(new Map(this.game.orbs), this.game.scores);
  }

  /** A player claims that their comet touches an orb. */
  grabbed(player: number, id: unknown): void {
    const orb = this.isActing && this.game.orbs.get(Number(id));
    // Two comets may touch one orb at once. The room's order decides: the second finds it gone.
    if (!orb || !this.isNear(player, orb)) return;
    const orbs = new Map(this.game.orbs);
    orbs.delete(orb.id);
    const scores = new Map(this.game.scores);
    scores.set(player, (scores.get(player) ?? 0) + 1);
    this.decide(orbs, scores);
    this.remember();
  }

  private drop(player: number): void {
    if (!this.isActing) return;
    const scores = new Map(this.game.scores);
    scores.delete(player);
    this.decide(new Map(this.game.orbs), scores);
  }

  private decide(orbs: Map<number, Orb>, scores: Map<number, number>): void {
    while (orbs.size < ORBS) this.layOrb(orbs);
    this.game.setOrbs(orbs, scores);
    this.tell();
  }

  private get isActing(): boolean {
    return this.room.isHost && this.room.state === "live";
  }

  private isNear(player: number, orb: Orb): boolean {
    const ship = this.game.ships.get(player);
    return ship !== undefined && ship.distanceTo(orb) <= REACH + DOUBT;
  }

  private layOrb(orbs: Map<number, Orb>): void {
    const id = (this.newestId = Math.max(this.newestId, ...orbs.keys()) + 1);
    const x = Math.round(MARGIN + Math.random() * (ARENA.width - 2 * MARGIN));
    const y = Math.round(MARGIN + Math.random() * (ARENA.height - 2 * MARGIN));
    orbs.set(id, { id, x, y, askedAt: -Infinity });
  }

  private tell(): void {
    if (!this.isActing) return;
    const orbs = Array.from(this.game.orbs.values(), ({ id, x, y }) => [id, x, y]);
    void this.room.send({ t: "orbs", orbs, scores: Object.fromEntries(this.game.scores) });
  }

  /** Writes the scores into the room, for a next host who has heard nothing yet. */
  private remember(): void {
    if (this.isRemembering) return;
    this.isRemembering = true;
    setTimeout(() => {
      this.isRemembering = false;
      if (this.isActing) void this.room.setProperty("scores", Object.fromEntries(this.game.scores));
    }, REMEMBER_EVERY);
  }
}
