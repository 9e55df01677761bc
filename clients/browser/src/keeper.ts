// Keeps a seat: connects, says HELLO, follows the stream, and comes back when the connection is lost.

import { ABNORMAL, CloseCode, closeName, explainClose, mayReturn } from "./close-codes.js";
import { Clock } from "./clock.js";
import { decode, encode } from "./codec.js";
import { Connection } from "./connection.js";
import { ErrorCode, errorName } from "./error-codes.js";
import { RemoteProtocolError } from "./errors.js";
import type { Closed, Event } from "./events.js";
import {
  type ClientFrame,
  type FrameOf,
  type HelloOptions,
  NoticeKind,
  PresenceState,
  type RelayFrame,
  type Session,
} from "./frames.js";
import { Heartbeat } from "./heartbeat.js";
import { Outgoing } from "./outgoing.js";
import { Backoff } from "./reconnect.js";
import { RoomState } from "./room-state.js";
import { RoomClosed } from "./room-closed.js";
import { Seat } from "./seat.js";
import type { World } from "./world.js";

/** Whether the room can be used: what `room.state` says. */
export type ConnectionState = "connecting" | "live" | "reconnecting" | "closed";

/** After these ERRORs the connection lives, and waits for a HELLO without a position. */
const RESUME_REFUSALS: ReadonlySet<number> = new Set([
  ErrorCode.EPOCH_CHANGED,
  ErrorCode.ROOM_GONE,
]);

/** Whether an ERROR only says why the stream begins anew, so that `resumed` tells of it. */
const isAboutResume = (code: number): boolean =>
  code >= ErrorCode.EPOCH_CHANGED && code < ErrorCode.VERSION;

/** Milliseconds between the first round trips, which the clock needs at once. */
const QUICK = [0, 100, 200];
const SECOND = 1000;

export class Keeper {
  readonly clock: Clock;
  readonly seat: Seat;
  readonly outgoing: Outgoing;
  state: ConnectionState = "connecting";
  room = new RoomState();
  session: Session | null = null;
  /** Groups that the game has joined. */
  readonly groups = new Set<number>();
  private connection: Connection | null = null;
  private isWelcome = false;
  private heartbeat: Heartbeat;
  private readonly backoff: Backoff;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private acknowledged = 0;
  private presence: number = PresenceState.HERE;
  /** What the relay said before WELCOME. */
  private objection: FrameOf<"Error"> | null = null;
  private helloAt = 0;
  private isLeaving = false;

  constructor(
    private readonly url: string,
    options: HelloOptions,
    private readonly world: World,
    private readonly emit: (event: Event) => void,
  ) {
    this.seat = new Seat(options);
    this.outgoing = new Outgoing(this.seat.window, world.now);
    this.clock = new Clock(() => this.microseconds());
    this.backoff = new Backoff(world.random);
    this.heartbeat = new Heartbeat(world.now());
  }

  /** Connects, now. */
  connect(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.isWelcome = false;
    this.objection = null;
    this.heartbeat = new Heartbeat(this.world.now());
    const every = setInterval(() => this.everySecond(), SECOND);
    this.timers.add(every);
    this.connection = new Connection(this.url, this.world.WebSocket, {
      opened: () => this.hello(),
      message: (data) => this.message(data),
      lost: (code, reason) => this.lost(code, reason),
    });
  }

  /** Sends a frame that is not counted, if there is a connection that may carry it. */
  transmit(frame: ClientFrame): void {
    this.connection?.send(encode(frame));
  }

  private hello(): void {
    this.helloAt = this.microseconds();
    this.transmit(this.seat.hello());
  }

  /** Tells the room whether somebody is looking, now and after every reconnect. */
  setPresence(state: number): void {
    this.presence = state;
    if (this.state === "live") this.transmit({ type: "Presence", state });
  }

  /** There is cause to think that the connection is dead, or that a new one would succeed. */
  check(): void {
    if (this.retry !== undefined) return this.connect();
    if (this.state !== "live") return;
    this.heartbeat.doubt(this.world.now());
    this.ping();
  }

  /** Loses the connection on purpose, as a bad network would. */
  drop(): void {
    this.connection?.drop();
  }

  /** Gives the seat up. */
  leave(): void {
    if (this.state === "closed") return;
    if (this.isWelcome) this.transmit({ type: "Leave" });
    this.isLeaving = true;
    if (this.connection) this.connection.drop(CloseCode.NORMAL, "left");
    else this.end(CloseCode.NORMAL, "left");
  }

  private message(data: Uint8Array): void {
    this.heartbeat.heard();
    try {
      this.received(decode(data));
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      // The next connection asks for all anew: a resumed one would bring the same frame again.
      this.seat.forget();
      this.connection?.drop(ABNORMAL, `the relay broke the protocol: ${error.message}`);
    }
  }

  private received(frame: RelayFrame): void {
    switch (frame.type) {
      case "Welcome":
        return this.welcomed(frame);
      case "Error":
        return this.refused(frame);
      case "Notice":
        return this.noticed(frame);
      default:
        this.seat.received(frame);
    }
    if (frame.type === "Pong") this.ponged(frame);
    if (frame.type === "Live") this.live(frame);
    if ("taken" in frame) this.outgoing.advance();
    const event = this.room.apply(frame);
    if (event) this.emit(event);
  }

  private welcomed(frame: FrameOf<"Welcome">): void {
    const isReturn = this.session !== null;
    const continued = this.seat.welcomed(frame);
    this.isWelcome = true;
    this.session = frame.session;
    const { time, limits } = frame.session;
    this.clock.restart();
    this.clock.add(this.helloAt, time, time, this.microseconds());
    const lost = this.outgoing.open(this.connection!, continued, limits.framesPerSecond);
    if (lost.length > 0) this.tellLost(lost);
    if (isReturn && !continued.continues) this.subscribeAgain();
    if (isReturn) {
      const reason = this.objection ? errorName(this.objection.code) : "";
      this.emit({ type: "resumed", resumed: continued.resumed, reason });
    }
    if (!continued.resumed) this.room = new RoomState();
    this.objection = null;
  }

  /** Groups belong to a seat, and this is a new one. */
  private subscribeAgain(): void {
    if (this.groups.size === 0) return;
    void this.outgoing.counted(encode({ type: "Subscribe", add: [...this.groups], remove: [] }));
  }

  private refused(error: FrameOf<"Error">): void {
    const { seq, code, text, detail } = error;
    if (this.isWelcome) this.seat.received(error);
    else this.objected(error);
    if (!this.isWelcome && isAboutResume(code)) return;
    this.emit({ type: "refused", code, text, detail, frame: detail.frame, seq });
  }

  private objected(error: FrameOf<"Error">): void {
    this.objection = error;
    this.backoff.wait(error.detail.after ?? 0, this.world.now());
    if (!RESUME_REFUSALS.has(error.code)) return;
    this.seat.forget();
    if (error.code === ErrorCode.ROOM_GONE) this.makeAgain();
    this.hello();
  }

  /** Asks for a room that is gone as it was, so that its players meet in it again. */
  private makeAgain(): void {
    const { options } = this.seat;
    const create = { ...this.session?.options, password: options.password, locked: false };
    this.seat.options = { ...options, create };
  }

  private noticed({ kind, detail }: FrameOf<"Notice">): void {
    if (kind === NoticeKind.DRAIN) this.backoff.wait(detail.after ?? 0, this.world.now());
    this.emit({ type: "notice", kind, detail });
  }

  private live({ seq }: FrameOf<"Live">): void {
    this.state = "live";
    this.backoff.live(this.world.now());
    this.acknowledge();
    for (const delay of QUICK) this.timers.add(setTimeout(() => this.ping(), delay));
    // The relay takes everybody who connects for being here.
    if (this.presence !== PresenceState.HERE) this.setPresence(this.presence);
    this.emit({ type: "live", seq });
  }

  private ponged({ t, received, sent }: FrameOf<"Pong">): void {
    this.clock.add(t, received, sent, this.microseconds());
  }

  private ping(): void {
    if (this.state === "live") this.transmit({ type: "Ping", t: this.microseconds() });
  }

  private acknowledge(): void {
    this.acknowledged = this.seat.seq;
    this.transmit({ type: "Ack", seq: this.seat.seq });
  }

  private everySecond(): void {
    const verdict = this.heartbeat.tick(this.world.now());
    if (verdict === "dead") return this.connection?.drop();
    if (verdict === "ping") this.ping();
    if (this.state === "live" && this.seat.seq > this.acknowledged) this.acknowledge();
  }

  private lost(code: number, reason: string): void {
    this.connection = null;
    this.outgoing.close();
    this.stopTimers();
    const { isDoubtful } = this.heartbeat;
    const delay = this.isLeaving ? null : this.backoff.lost(code, this.world.now(), isDoubtful);
    if (delay === null) return this.end(code, reason);
    this.state = this.seat.player ? "reconnecting" : "connecting";
    this.retry = setTimeout(() => this.connect(), delay);
    this.emit({
      type: "reconnecting",
      attempt: this.backoff.attempt,
      delay,
      reason: reason || closeName(code),
    });
  }

  private end(code: number, reason: string): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.state = "closed";
    const closed: Closed = {
      type: "closed",
      code,
      reason: reason || closeName(code),
      text: explainClose(code, this.objection?.text),
      mayReturn: mayReturn(code),
    };
    const lost = this.outgoing.end(new RoomClosed(closed));
    if (lost.length > 0 && code !== CloseCode.NORMAL) this.tellLost(lost);
    this.emit(closed);
  }

  private tellLost(lost: readonly Uint8Array[]): void {
    const messages = lost.map((message) => decode(message, "client") as ClientFrame);
    this.emit({ type: "lost", messages });
  }

  private stopTimers(): void {
    // One kind of handle for both: clearTimeout ends intervals too.
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private microseconds(): number {
    return Math.round(this.world.now() * 1000);
  }
}
