// Comets: everyone steers a comet, collects orbs and pushes the others about. Make it your own.
//
// A bot has to know only what the players say to each other:
//
//   VOLATILE key 0   [x, y, vx, vy]   where my comet is and how fast it goes, in units of an arena of
//                                     1600 x 900 and units a second; about 20 times a second
//   VOLATILE key 1   ms               my round trip to the relay, in milliseconds
//   SEND to others   {"t": "pop"}                    my comet pulses, and pushes those near it away
//   SEND to everyone {"t": "say", "text": "hello"}   a line of chat
//   SEND to the host {"t": "grab", "orb": 7}         I touch orb 7
//   SEND by the host, to others:
//     {"t": "orbs", "orbs": [[7, 120.5, 300], ...], "scores": {"1": 3, ...}}
//                                     every orb as [id, x, y], every score by player number
//
// Each player decides where their own comet is. The host decides about orbs and scores: see
// referee.ts. Everybody remembers the host's last word, so the next host can go on from it.

import { EVERYONE, HOST, type Message, type Room, type Updated } from "../../index.js";
import { legible } from "../legible.js";
import { type Orb, Referee } from "./referee.js";
import { REACH, Ship, type Vector } from "./ship.js";

const POP_REACH = 240;
const POP_FORCE = 900;
const TELL_EVERY = 0.05;
const RTT_EVERY = 2;
const ASK_AGAIN = 1;

export const Key = { POSITION: 0, RTT: 1 } as const;

/** Something that the arena shows for a moment. */
export interface Effect {
  readonly type: "pop" | "grab" | "say";
  readonly player: number;
  readonly at: Vector;
  readonly text: string;
  readonly since: number;
}

/** Seconds for which it is shown. */
export const LASTS = { pop: 0.8, grab: 0.9, say: 5 } as const;

/** The game as one player sees it. Time is an argument, in seconds. */
export class Game {
  readonly room: Room;
  private readonly now: () => number;
  readonly ships = new Map<number, Ship>();
  readonly rtts = new Map<number, number>();
  orbs = new Map<number, Orb>();
  scores = new Map<number, number>();
  effects: Effect[] = [];
  /** Called with every line of chat. */
  onSay: (player: number, text: string) => void = () => {};
  private own: Ship | null = null;
  private readonly referee: Referee;
  private toldAt = -Infinity;
  private told = "";
  private rttAt = -Infinity;

  constructor(room: Room, now: () => number) {
    this.room = room;
    this.now = now;
    this.referee = new Referee(room, this);
    room.on("updated", (event) => this.updated(event));
    room.on("message", (event) => this.heard(event));
    room.on("left", ({ player }) => this.forget(player.number));
    room.on("live", () => this.begin());
    room.on("resumed", ({ resumed }) => {
      // A room that is told anew may be another one, where numbers mean other players.
      if (!resumed) this.reset();
    });
    room.on("propertyChanged", ({ scope, key, value }) => {
      if (scope === 0 && key === "scores" && this.scores.size === 0)
        this.scores = readScores(value);
    });
  }

  /** My own comet, once the room has given me a number. */
  get mine(): Ship | undefined {
    return this.ships.get(this.room.me);
  }

  /** Whether anything moves that an eye follows. A saying stands where its comet is. */
  get isMoving(): boolean {
    const ships = [...this.ships.values()];
    return ships.some((ship) => ship.isMoving) || this.effects.some(({ type }) => type !== "say");
  }

  /** Moves everything on by `dt` seconds. My comet goes where I steer. */
  step(dt: number, steer: Vector): void {
    const now = this.now();
    for (const [number, ship] of this.ships) {
      if (number === this.room.me) ship.steer(steer, dt);
      else ship.follow(now);
      ship.leaveTrail(now);
    }
    this.effects = this.effects.filter(({ since, type }) => now - since < LASTS[type]);
    if (this.room.state !== "live" || !this.mine) return;
    this.tell(this.mine, now);
    this.grab(this.mine, now);
  }

  pop(): void {
    if (!this.mine) return;
    void this.room.send({ t: "pop" });
    this.show("pop", this.room.me);
  }

  say(text: string): void {
    void this.room.send({ t: "say", text: text.slice(0, 200) }, { to: EVERYONE });
  }

  /** Takes over the host's decisions. */
  setOrbs(orbs: Map<number, Orb>, scores: Map<number, number>): void {
    for (const [player, score] of scores) {
      if (score > (this.scores.get(player) ?? 0)) this.show("grab", player);
    }
    for (const [id, orb] of orbs) orb.askedAt = this.orbs.get(id)?.askedAt ?? -Infinity;
    this.orbs = orbs;
    this.scores = scores;
  }

  private begin(): void {
    if (this.room.players.get(this.room.me)?.role !== "player") return; // I only watch
    this.own ??= new Ship({ x: 200 + Math.random() * 1200, y: 150 + Math.random() * 600 });
    this.ships.set(this.room.me, this.own);
    this.referee.begin();
  }

  private reset(): void {
    this.ships.clear();
    this.rtts.clear();
    this.orbs.clear();
    this.scores.clear();
  }

  private forget(player: number): void {
    this.ships.delete(player);
    this.rtts.delete(player);
  }

  private tell(ship: Ship, now: number): void {
    if (now - this.toldAt >= TELL_EVERY) {
      const position = [ship.at.x, ship.at.y, ship.velocity.x, ship.velocity.y].map(Math.round);
      // A comet that stands still sends nothing: the relay keeps the newest value for joiners.
      if (position.join() !== this.told) this.room.volatile(Key.POSITION, position);
      this.told = position.join();
      this.toldAt = now;
    }
    if (now - this.rttAt >= RTT_EVERY && this.room.clock.count > 0) {
      this.rtts.set(this.room.me, this.room.clock.rtt / 1000);
      this.room.volatile(Key.RTT, this.room.clock.rtt / 1000);
      this.rttAt = now;
    }
  }

  private grab(ship: Ship, now: number): void {
    for (const orb of this.orbs.values()) {
      const isAsked = now - orb.askedAt < ASK_AGAIN;
      if (isAsked || ship.distanceTo(orb) > REACH) continue;
      orb.askedAt = now;
      void this.room.send({ t: "grab", orb: orb.id }, { to: HOST });
    }
  }

  private updated(event: Updated): void {
    const value = readable(event);
    if (event.key === Key.RTT && isNumber(value)) this.rtts.set(event.sender, value);
    if (event.key !== Key.POSITION || event.sender === this.room.me) return;
    if (!Array.isArray(value) || value.length < 4 || !value.every(isNumber)) return;
    const [x, y, vx, vy] = value as [number, number, number, number];
    const ship = this.ships.get(event.sender) ?? new Ship({ x, y });
    ship.hear({ x, y }, { x: vx, y: vy }, this.now());
    this.ships.set(event.sender, ship);
  }

  private heard(event: Message): void {
    const value = readable(event);
    if (!isMap(value)) return;
    if (value["t"] === "pop") this.popped(event.sender);
    else if (value["t"] === "say") this.said(event.sender, String(value["text"] ?? ""));
    else if (value["t"] === "grab") this.referee.grabbed(event.sender, value["orb"]);
    else if (value["t"] === "orbs" && event.sender === this.room.host && !this.room.isHost) {
      this.setOrbs(readOrbs(value["orbs"]), readScores(value["scores"]));
    }
  }

  private popped(player: number): void {
    const ship = this.ships.get(player);
    if (!ship) return;
    this.show("pop", player);
    this.mine?.push(ship.at, POP_REACH, POP_FORCE);
  }

  private said(player: number, said: string): void {
    const text = legible(said.slice(0, 200));
    if (!text) return; // there is nothing to see
    this.effects = this.effects.filter(
      (effect) => effect.type !== "say" || effect.player !== player,
    );
    this.show("say", player, text);
    this.onSay(player, text);
  }

  private show(type: Effect["type"], player: number, text = ""): void {
    const at = this.ships.get(player)?.at;
    if (at) this.effects.push({ type, player, at: { ...at }, text, since: this.now() });
  }
}

// Other players may be bots, older, newer or hostile: check what they send before it is used.

function readable(event: Message | Updated): unknown {
  try {
    return event.value;
  } catch {
    return undefined; // not of this game
  }
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readOrbs(value: unknown): Map<number, Orb> {
  const orbs = new Map<number, Orb>();
  for (const orb of Array.isArray(value) ? value : []) {
    if (!Array.isArray(orb) || orb.length < 3 || !orb.every(isNumber)) continue;
    const [id, x, y] = orb as [number, number, number];
    orbs.set(id, { id, x, y, askedAt: -Infinity });
  }
  return orbs;
}

function readScores(value: unknown): Map<number, number> {
  const scores = Object.entries(isMap(value) ? value : {});
  return new Map(
    scores.flatMap(([player, score]) => (isNumber(score) ? [[Number(player), score]] : [])),
  );
}
