// What keeps a connection: pings that prove that it lives and set the clock, and ACKs.

import { Heartbeat } from "../core/heartbeat.js";
import type { World } from "./world.js";

/** Milliseconds between the first round trips, which the clock needs at once. */
const QUICK = [0, 100, 200];
const SECOND = 1000;

/** What a pulse asks for. */
export interface Keeping {
  ping(): void;
  acknowledge(): void;
  /** The connection is dead. */
  dead(): void;
}

/** The pulse of one connection after the other. */
export class Pulse {
  private heartbeat: Heartbeat;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(
    private readonly world: World,
    private readonly keeping: Keeping,
  ) {
    this.heartbeat = this.newHeartbeat();
  }

  /** Whether a doubt has not been answered yet. */
  get isDoubtful(): boolean {
    return this.heartbeat.isDoubtful;
  }

  /** A connection begins. */
  start(): void {
    this.heartbeat = this.newHeartbeat();
    this.timers.add(setInterval(() => this.everySecond(), SECOND));
  }

  /** It is live. */
  live(): void {
    for (const delay of QUICK) this.timers.add(setTimeout(() => this.keeping.ping(), delay));
  }

  /** Something came from the relay. */
  heard(): void {
    this.heartbeat.heard();
  }

  /** There is cause to think that the connection is dead. */
  doubt(): void {
    this.heartbeat.doubt(this.world.now(), this.wall());
    this.keeping.ping();
  }

  stop(): void {
    // One kind of handle for both: clearTimeout ends intervals too.
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private everySecond(): void {
    const verdict = this.heartbeat.tick(this.world.now(), this.wall());
    if (verdict === "dead") return this.keeping.dead();
    if (verdict === "ping") this.keeping.ping();
    this.keeping.acknowledge();
  }

  private newHeartbeat(): Heartbeat {
    return new Heartbeat(this.world.now(), this.wall());
  }

  private wall(): number {
    return this.world.wall?.() ?? this.world.now();
  }
}
