// Keeps a seat: connects, says HELLO, follows the stream, and comes back when the connection is lost.

import {
  ABNORMAL,
  CloseCode,
  closeName,
  explainClose,
  mayReturn,
} from "../protocol/close-codes.js";
import { Clock } from "../core/clock.js";
import { decode, encode } from "../protocol/codec.js";
import { Connection } from "./websocket.js";
import { ErrorCode, errorName } from "../protocol/error-codes.js";
import { RemoteProtocolError } from "../protocol/errors.js";
import type { Closed, Event } from "../events.js";
import {
  type ClientFrame,
  type FrameOf,
  type HelloOptions,
  NoticeKind,
  PresenceState,
  type RelayFrame,
  type Session,
} from "../protocol/frames.js";
import { Outgoing } from "../core/send-queue.js";
import { Pulse } from "./pulse.js";
import { Backoff } from "../core/backoff.js";
import { RoomState } from "../core/room-state.js";
import { RoomClosed } from "../room-closed.js";
import { Seat } from "../protocol/seat.js";
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

/** Milliseconds for the relay to acknowledge what was sent before one left. */
const FAREWELL = 3000;

/** Why the connection was closed, with TOO_SLOW, where the program does not read. */
export const UNREAD = "unread";

/** The program, as far as the connection goes. */
export interface Program {
  /** A macrotask of the connection begins: see `Listener`. */
  begins(): void;
  hears(event: Event): void;
  /** Whether more waits for the program than may. */
  isBehind(): boolean;
}

export class Keeper {
  readonly clock: Clock;
  readonly seat: Seat;
  readonly outgoing: Outgoing;
  state: ConnectionState = "connecting";
  room = new RoomState();
  session: Session | null = null;
  /** The seq after which the past was told in full; see `Room.completeFrom`. */
  completeFrom = 0;
  /** The connection was closed since nobody reads, until somebody does. */
  isUnread = false;
  /** Groups that the game has joined. */
  readonly groups = new Set<number>();
  private connection: Connection | null = null;
  private isWelcome = false;
  private readonly pulse: Pulse;
  private readonly backoff: Backoff;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private acknowledged = 0;
  private presence: number = PresenceState.HERE;
  /** What the relay said before WELCOME. */
  private objection: FrameOf<"Error"> | null = null;
  private helloAt = 0;
  private isLeaving = false;
  private hasSaidLeave = false;
  /** Until when the relay may acknowledge what was sent before one left. */
  private farewell: ReturnType<typeof setTimeout> | undefined;
  private hasLeft = false;
  /** The seat's secret while it is not known yet whose it is. */
  private confirming: Promise<void> | null = null;

  constructor(
    private readonly url: string,
    options: HelloOptions,
    private readonly world: World,
    private readonly program: Program,
  ) {
    this.seat = new Seat(options);
    this.outgoing = new Outgoing(this.seat.window, world.now);
    this.clock = new Clock(() => this.microseconds());
    this.backoff = new Backoff(world.random);
    this.pulse = new Pulse(world, {
      ping: () => this.ping(),
      acknowledge: () => this.acknowledge(),
      dead: () => this.connection?.drop(),
    });
  }

  /**
   * Connects for the first time.
   *
   * @param confirmed the seat's secret, where no HELLO can be said before it is known
   * @throws Error if no WebSocket can be made for the address
   */
  begin(confirmed: Promise<Uint8Array<ArrayBuffer>> | null): void {
    this.open();
    const known = confirmed?.then((seat) => {
      this.seat.options = { ...this.seat.options, seat };
      this.confirming = null;
    });
    this.confirming = known ?? null;
  }

  /** Connects again, now. */
  private connect(): void {
    try {
      this.open();
    } catch (error) {
      // The address was right once, so this may pass: as when a page is short of sockets.
      this.lost(ABNORMAL, `no WebSocket could be made: ${(error as Error).message}`);
    }
  }

  private open(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.isWelcome = this.hasSaidLeave = this.isUnread = false;
    this.objection = null;
    this.connection = new Connection(this.url, this.world.WebSocket, {
      begins: () => this.program.begins(),
      opened: () => this.opened(),
      message: (data) => this.message(data),
      lost: (code, reason) => this.lost(code, reason),
    });
    this.pulse.start();
  }

  private opened(): void {
    const { connection, confirming } = this;
    if (!confirming) return this.hello();
    void confirming.then(() => {
      if (this.connection === connection) this.hello();
    });
  }

  /** Sends a frame that is not counted, if there is a connection that may carry it. */
  private transmit(frame: ClientFrame): void {
    if (!this.hasSaidLeave) this.connection?.send(encode(frame));
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
    if (this.state === "live") this.pulse.doubt();
  }

  /** Loses the connection on purpose, as a bad network would. */
  drop(): void {
    this.connection?.drop();
  }

  /** Closes the connection until `comeBack`: more waits for the program than may. */
  private rest(): void {
    this.isUnread = true;
    this.connection?.drop(CloseCode.TOO_SLOW, UNREAD);
  }

  /** Somebody reads again. */
  comeBack(): void {
    if (!this.isUnread || this.state === "closed") return;
    this.isUnread = false;
    this.connect();
  }

  /** Gives the seat up, once the relay has what was sent or FAREWELL is over. */
  leave(): void {
    if (this.state === "closed" || this.isLeaving) return;
    this.isLeaving = true;
    this.outgoing.refuse(new RoomClosed(this.closed(CloseCode.NORMAL, "left")));
    if (this.outgoing.isSettled) return this.depart();
    this.farewell = setTimeout(() => this.depart(), FAREWELL);
    if (this.connection) this.sayLeave();
    else this.connect();
  }

  /** Says LEAVE as the last word, once all that is to be counted was said before it. */
  private sayLeave(): void {
    if (!this.isLeaving || !this.isWelcome || !this.outgoing.isHandedOver) return;
    this.transmit({ type: "Leave" });
    this.hasSaidLeave = true;
  }

  /** Goes, whatever the relay has. */
  private depart(): void {
    if (this.isWelcome) this.transmit({ type: "Leave" });
    this.hasLeft = true;
    if (this.connection) this.connection.drop(CloseCode.NORMAL, "left");
    else this.end(CloseCode.NORMAL, "left");
  }

  private message(data: Uint8Array): void {
    this.pulse.heard();
    if (this.hasSaidLeave) return; // SPEC 9.4: what still arrives is ignored
    try {
      this.received(decode(data));
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      // The next connection asks for all anew: a resumed one would bring the same frame again.
      this.seat.forget();
      this.connection?.drop(ABNORMAL, `the relay broke the protocol: ${error.message}`);
    }
    if (this.connection && this.program.isBehind()) this.rest();
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
    if ("taken" in frame) {
      this.outgoing.advance();
      this.sayLeave();
    }
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
    // LEAVE came through, and its answer did not: there is nothing left to leave but this new seat.
    if (this.isLeaving && isReturn && !continued.continues) return this.depart();
    if (isReturn && !continued.continues) this.subscribeAgain();
    if (isReturn) {
      const reason = this.objection ? errorName(this.objection.code) : "";
      this.emit({ type: "resumed", resumed: continued.resumed, reason });
    }
    if (!continued.resumed) {
      this.room = new RoomState();
      this.completeFrom = frame.session.completeFrom;
    }
    this.objection = null;
    this.sayLeave();
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
    if (this.isLeaving) return this.depart(); // there is nothing left to leave
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
    if (kind === NoticeKind.TRIMMED)
      this.completeFrom = Math.max(this.completeFrom, detail.seq ?? 0);
    if (kind === NoticeKind.DRAIN) this.backoff.wait(detail.after ?? 0, this.world.now());
    this.emit({ type: "notice", kind, detail });
  }

  private live({ seq }: FrameOf<"Live">): void {
    this.state = "live";
    this.backoff.live(this.world.now());
    this.acknowledged = -1; // every LIVE is acknowledged, also one that brings nothing
    this.acknowledge();
    this.pulse.live();
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
    if (this.state !== "live" || this.seat.seq <= this.acknowledged) return;
    this.acknowledged = this.seat.seq;
    this.transmit({ type: "Ack", seq: this.seat.seq });
  }

  private lost(code: number, reason: string): void {
    this.connection = null;
    this.outgoing.close();
    this.pulse.stop();
    // The answer to LEAVE: all that was said before it is in the room's order.
    if (this.hasSaidLeave && code === CloseCode.NORMAL) this.seat.window.settle();
    const { isDoubtful } = this.pulse;
    const delay = this.hasLeft
      ? null
      : this.backoff.lost(code, this.world.now(), isDoubtful || this.isUnread);
    if (delay === null) return this.end(code, reason);
    this.state = this.seat.player ? "reconnecting" : "connecting";
    if (!this.isUnread) this.retry = setTimeout(() => this.connect(), delay);
    this.emit({
      type: "reconnecting",
      attempt: this.backoff.attempt,
      delay,
      reason: reason || closeName(code),
    });
  }

  private end(code: number, reason: string): void {
    clearTimeout(this.retry);
    clearTimeout(this.farewell);
    this.retry = undefined;
    this.isUnread = false;
    this.state = "closed";
    const closed = this.closed(code, reason);
    const lost = this.outgoing.end(new RoomClosed(closed));
    if (lost.length > 0) this.tellLost(lost);
    this.emit(closed);
  }

  private closed(code: number, reason: string): Closed {
    return {
      type: "closed",
      code,
      reason: reason || closeName(code),
      text: explainClose(code, this.objection?.text),
      mayReturn: mayReturn(code),
    };
  }

  private emit(event: Event): void {
    this.program.hears(event);
  }

  private tellLost(lost: readonly Uint8Array[]): void {
    const messages = lost.map((message) => decode(message, "client") as ClientFrame);
    this.emit({ type: "lost", messages });
  }

  private microseconds(): number {
    return Math.round(this.world.now() * 1000);
  }
}
