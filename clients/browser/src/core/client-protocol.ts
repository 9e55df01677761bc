// A client's side of the wire, over as many connections as it takes.
//
// Bytes in, events and bytes out.
//
// Nothing here touches the world. Time is an argument, in milliseconds of a monotonic clock.
//
// Duties of whoever drives it, for each connection: `connecting`, and `connected` once it is open;
// `receive` for every message; `handleTimer` every second; after each call, to send what
// `dataToSend` gives, now and at `sendDeadline`, and to close the connection when `fault` says so;
// `disconnected` at its end, and a new one when the event `reconnecting` says.

import { closedBy, RoomClosed } from "../errors.js";
import { ABNORMAL, CloseCode, closeName } from "../protocol/close-codes.js";
import { decode, encode } from "../protocol/codec.js";
import { checkTurn } from "../protocol/conversation.js";
import { ErrorCode, errorName } from "../protocol/error-codes.js";
import { LocalProtocolError, RemoteProtocolError } from "../protocol/errors.js";
import type { WireTarget } from "../protocol/fields/field-types.js";
import {
  type ClientFrame,
  type FrameOf,
  type HelloOptions,
  NoticeKind,
  PresenceState,
  type RelayFrame,
  type Session,
} from "../protocol/frames.js";
import { isAboutResume, RESUME_REFUSALS, ResumeState } from "../protocol/resume.js";
import type { Event } from "../events.js";
import { Backoff } from "./backoff.js";
import type { Clock } from "./clock.js";
import { Heartbeat } from "./heartbeat.js";
import { RoomState } from "./room-state.js";
import { type Bytes, SendQueue } from "./send-queue.js";

/** Whether the room can be used: what `room.state` says. */
export type ConnectionState = "connecting" | "live" | "reconnecting" | "closed";

/** The protocol's unit of time, from milliseconds. */
export const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1000);

/** One seat in one room. */
export class ClientProtocol {
  readonly seat: ResumeState;
  readonly sendQueue: SendQueue;
  phase: ConnectionState = "connecting";
  room = new RoomState();
  session: Session | null = null;
  /** The seq after which the past was told in full; see `Room.completeFrom`. */
  completeFrom = 0;
  /** Close code and reason with which to close this connection now. */
  fault: readonly [code: number, reason: string] | null = null;
  /** The relay makes this connection worse on purpose. */
  isShaped = false;
  isLeaving = false;
  /** LEAVE was the last word on this connection. */
  hasSaidLeave = false;
  /** The seat is given up, and nothing is waited for any more. */
  hasLeft = false;
  /** The relay may hold a seat with this secret: HELLO was said with it, if only by another page. */
  mayHaveSeat = false;
  private heartbeat = new Heartbeat(0);
  readonly backoff: Backoff;
  /** There is a connection, or an attempt at one. */
  private hasConnection = false;
  private isInRoom = false;
  private readonly groups = new Set<number>();
  private presenceState: number = PresenceState.HERE;
  private acknowledged = 0;
  /** In microseconds. */
  private helloAt = 0;
  /** What the relay said before WELCOME. */
  private refusal: FrameOf<"Error"> | null = null;

  /**
   * @param options of every HELLO; `options.seat` is the secret, 16 random bytes, if any
   * @param clock on the same local clock as `now` everywhere, in microseconds
   * @param random draws from [0, 1), for the backoff
   * @param tell is told an event the moment it happens, and so may look at the room as of then
   * @param relays how many there are that share the room
   */
  constructor(
    options: HelloOptions,
    readonly clock: Clock,
    random: () => number,
    private readonly tell: (event: Event) => void,
    relays = 1,
  ) {
    this.seat = new ResumeState(options);
    this.sendQueue = new SendQueue(this.seat.window);
    this.backoff = new Backoff(random, relays);
  }

  // What the program asks for.

  /**
   * Sends a counted frame, now or once there is room for it; resolves with its number.
   *
   * @throws LocalProtocolError if it is larger than the relay takes
   */
  post(message: Bytes): Promise<number> {
    return this.sendQueue.counted(this.checkSize(message));
  }

  /** Sends a volatile frame, unless a newer one of its slot comes before it could be sent. */
  volatile(slot: string, message: Bytes, target: WireTarget): void {
    this.sendQueue.volatile(slot, this.checkSize(message), target);
  }

  /** Notes which groups were asked for, so as to ask again in a new seat. */
  noteGroups(add: readonly number[], remove: readonly number[]): void {
    for (const group of add) this.groups.add(group);
    for (const group of remove) this.groups.delete(group);
  }

  /** Tells the room whether somebody is looking, now and after every reconnect. */
  presence(state: number): void {
    this.presenceState = state;
    if (this.phase === "live") this.say({ type: "Presence", state });
  }

  /**
   * Gives the seat up, once the relay has what was sent, and we are in the room to say so. If that is
   * done at once, one `hasLeft`; if not, it takes a connection, and `depart` ends the wait.
   */
  leave(): void {
    // Also while the connection is lost: else the others would see a ghost for as long as it is held.
    const mayBeHeld = this.mayHaveSeat && !this.isInRoom;
    this.isLeaving = true;
    this.sendQueue.refuse(new RoomClosed(closedBy(CloseCode.NORMAL, "left")));
    if (this.sendQueue.isSettled && !mayBeHeld) this.depart();
    else this.sayLeave();
  }

  /** Gives the seat up, whatever the relay has. */
  depart(): void {
    if (this.isInRoom) this.sayLastWord();
    this.end(CloseCode.NORMAL, "left");
  }

  /** Does not come back. What seat the relay holds, it holds for one who does. */
  end(code: number, reason: string): void {
    this.hasLeft = true;
    if (this.hasConnection) this.fault = [code, reason];
    else this.close(code, reason);
  }

  // What happens to the connection.

  /**
   * Begins an attempt to connect.
   *
   * @param wall the wall clock, in milliseconds, which goes on while the machine sleeps
   */
  connecting(now: number, wall = now): void {
    this.hasConnection = true;
    this.isInRoom = this.hasSaidLeave = this.isShaped = false;
    this.fault = this.refusal = null;
    this.heartbeat = new Heartbeat(now, wall);
  }

  /** The connection is open. */
  connected(now: number): void {
    this.helloAt = microseconds(now);
    this.mayHaveSeat = this.seat.options.seat !== undefined; // else it ends with its connection
    this.say(this.seat.hello());
  }

  /**
   * Ends a connection, or the attempt at one; decides whether to come back.
   *
   * @param code the WebSocket close code; 1006 where there was none
   * @param isLate the end is heard of late, or its cause was not the network: come back at once
   */
  disconnected(code: number, reason: string, now: number, isLate = false): void {
    this.hasConnection = this.isInRoom = false;
    this.sendQueue.close();
    // The answer to LEAVE, unless we closed: all that was said before it is in the room's order.
    const isAnswered = this.hasSaidLeave && code === CloseCode.NORMAL && !this.fault;
    if (isAnswered) this.seat.window.settle();
    const { isDoubtful } = this.heartbeat;
    const delay = this.hasLeft ? null : this.backoff.lost(code, now, isLate || isDoubtful);
    if (delay === null) return this.close(code, reason);
    this.phase = this.seat.player ? "reconnecting" : "connecting";
    const { attempt } = this.backoff;
    this.tell({ type: "reconnecting", attempt, delay, reason: reason || closeName(code) });
  }

  /** Takes one message of the relay. */
  receive(data: Uint8Array, now: number): void {
    this.heartbeat.heard();
    if (this.hasSaidLeave || this.fault) return; // SPEC 9.5: what still arrives is ignored
    try {
      this.handle(decode(data), now);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.breakOff(error);
    }
  }

  /** Takes a text message, which no relay sends. */
  receiveText(): void {
    if (this.hasSaidLeave || this.fault) return;
    this.breakOff(new RemoteProtocolError(ErrorCode.NOT_A_FRAME, "frames are binary"));
  }

  /** Gives up a connection. The next one asks for all anew: a resume would bring the same again. */
  private breakOff(error: RemoteProtocolError): void {
    this.seat.forget();
    this.fault = [ABNORMAL, `the relay broke the protocol: ${error.message}`];
  }

  /** Does what is due: pings, acknowledges, or gives up a silent connection. */
  handleTimer(now: number, wall = now): void {
    const verdict = this.heartbeat.tick(now, wall);
    if (verdict === "dead") {
      this.fault = [ABNORMAL, ""];
      return;
    }
    if (verdict === "ping") this.ping(now);
    this.acknowledge();
  }

  /** Measures a round trip. */
  ping(now: number): void {
    if (this.phase === "live") this.say({ type: "Ping", t: microseconds(now) });
  }

  /** There is cause to think that the connection is dead. */
  doubt(now: number, wall = now): void {
    if (this.phase !== "live") return;
    this.heartbeat.doubt(now, wall);
    this.ping(now);
  }

  /**
   * Takes the messages to send now, in order.
   *
   * @param buffered bytes that were sent but are still in this machine
   */
  dataToSend(now: number, buffered: number): Bytes[] {
    return this.sendQueue.take(now, buffered);
  }

  /** When there will be more to send, though nothing happens; null if never. */
  get sendDeadline(): number | null {
    return this.sendQueue.deadline;
  }

  // What the relay's frames mean.

  private handle(frame: RelayFrame, now: number): void {
    checkTurn(frame.type, this.isInRoom, this.isInRoom && this.phase === "live");
    switch (frame.type) {
      case "Welcome":
        return this.welcomed(frame, now);
      case "Error":
        return this.refused(frame, now);
      case "Notice":
        return this.noticed(frame, now);
      default:
        this.seat.received(frame);
    }
    if (frame.type === "Pong")
      this.clock.add(frame.t, frame.received, frame.sent, microseconds(now));
    if (frame.type === "Live") this.live(frame, now);
    if ("taken" in frame) {
      this.sendQueue.advance();
      this.sayLeave();
    }
    if (frame.type === "Left") this.sendQueue.forget(frame.player);
    const event = this.room.apply(frame);
    if (event) this.tell(event);
  }

  private welcomed(frame: FrameOf<"Welcome">, now: number): void {
    const isReturn = this.session !== null;
    const continued = this.seat.welcomed(frame);
    const { time, limits, completeFrom } = frame.session;
    this.isInRoom = true;
    this.session = frame.session;
    this.clock.restart();
    this.clock.add(this.helloAt, time, time, microseconds(now));
    this.tellLost(this.sendQueue.open(continued, limits.framesPerSecond, now));
    // LEAVE came through, and its answer did not: there is nothing left to leave but this new seat.
    if (this.isLeaving && isReturn && !continued.continues) return this.depart();
    if (isReturn && !continued.continues) this.subscribeAgain();
    if (isReturn) {
      const reason = this.refusal ? errorName(this.refusal.code) : "";
      this.tell({ type: "resumed", resumed: continued.resumed, reason });
    }
    if (!continued.resumed) {
      this.room = new RoomState();
      this.completeFrom = completeFrom;
    }
    this.refusal = null;
    this.sayLeave();
  }

  /** Groups belong to a seat, and this is a new one. */
  private subscribeAgain(): void {
    if (this.groups.size === 0) return;
    const again: ClientFrame = { type: "Subscribe", add: [...this.groups], remove: [] };
    void this.sendQueue.counted(encode(again));
  }

  private refused(error: FrameOf<"Error">, now: number): void {
    const { seq, code, text, detail } = error;
    if (this.isInRoom) this.seat.received(error);
    else this.refusedEntry(error, now);
    if (!this.isInRoom && isAboutResume(code)) return;
    this.tell({ type: "refused", code, text, detail, frame: detail.frame, seq });
  }

  private refusedEntry(error: FrameOf<"Error">, now: number): void {
    this.refusal = error;
    this.backoff.wait(error.detail.after ?? 0, now);
    if (!RESUME_REFUSALS.has(error.code)) return;
    if (this.isLeaving) return this.depart(); // there is nothing left to leave
    this.comeAnew(error.code, now);
  }

  /**
   * Enters without a position. A room that is gone is made again as it was, so that its players
   * meet in it again.
   */
  private comeAnew(code: number, now: number): void {
    this.seat.forget();
    if (code === ErrorCode.ROOM_GONE) {
      const { options } = this.seat;
      const create = { ...this.session?.options, password: options.password, locked: false };
      this.seat.options = { ...options, create };
    }
    this.connected(now);
  }

  private noticed({ kind, detail }: FrameOf<"Notice">, now: number): void {
    if (kind === NoticeKind.TRIMMED)
      this.completeFrom = Math.max(this.completeFrom, detail.seq ?? 0);
    if (kind === NoticeKind.SHAPED) this.isShaped = detail.said !== undefined;
    if (kind === NoticeKind.DRAIN) this.backoff.wait(detail.after ?? 0, now);
    this.tell({ type: "notice", kind, detail });
  }

  private live({ seq }: FrameOf<"Live">, now: number): void {
    this.phase = "live";
    this.backoff.live(now);
    this.acknowledged = -1; // every LIVE is acknowledged, also one that brings nothing
    this.acknowledge();
    // The relay takes everybody who connects for being here.
    if (this.presenceState !== PresenceState.HERE) this.presence(this.presenceState);
    this.tell({ type: "live", seq });
  }

  // What goes out, and the end.

  /** Sends a frame that is not counted, if there is a connection that may carry it. */
  private say(frame: ClientFrame): void {
    if (this.hasConnection && !this.hasSaidLeave) this.sendQueue.own(encode(frame));
  }

  private acknowledge(): void {
    if (this.phase !== "live" || this.seat.seq <= this.acknowledged) return;
    this.acknowledged = this.seat.seq;
    this.say({ type: "Ack", seq: this.seat.seq });
  }

  /** Says LEAVE as the last word, once all that is to be counted was said before it. */
  private sayLeave(): void {
    if (!this.isLeaving || !this.isInRoom || !this.sendQueue.isHandedOver) return;
    this.sayLastWord();
  }

  private sayLastWord(): void {
    if (!this.hasSaidLeave) this.sendQueue.last(encode({ type: "Leave" }));
    this.hasSaidLeave = true;
  }

  private checkSize(message: Bytes): Bytes {
    const limit = this.session?.limits.maxFrame ?? Infinity;
    if (message.length <= limit) return message;
    throw new LocalProtocolError(ErrorCode.TOO_BIG, "the message is bigger than the relay takes", {
      got: `${message.length} bytes`,
      limit,
    });
  }

  private close(code: number, reason: string): void {
    this.phase = "closed";
    const closed = closedBy(code, reason, this.refusal?.text);
    this.tellLost(this.sendQueue.end(new RoomClosed(closed)));
    this.tell(closed);
  }

  private tellLost(lost: readonly Bytes[]): void {
    if (lost.length === 0) return;
    const messages = lost.map((message) => decode(message, "client") as ClientFrame);
    this.tell({ type: "lost", messages });
  }
}
