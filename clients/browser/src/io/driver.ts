// Keeps a protocol connected: opens sockets, carries bytes and events, keeps the timers.

import { ClientProtocol, microseconds } from "../core/client-protocol.js";
import { Clock } from "../core/clock.js";
import { half, roomBound } from "../core/room-bound.js";
import type { Bytes } from "../core/send-queue.js";
import type { Event } from "../events.js";
import { ABNORMAL, CloseCode } from "../protocol/close-codes.js";
import type { WireTarget } from "../protocol/fields/field-types.js";
import type { HelloOptions } from "../protocol/frames.js";
import { EventHub } from "./event-hub.js";
import { Pulse } from "./pulse.js";
import { Socket } from "./websocket.js";
import type { World } from "./world.js";

/** Milliseconds for the relay to acknowledge what was sent before the player left. */
const FAREWELL = 3000;

/** The reason of a close with TOO_SLOW, when the program does not read. */
export const UNREAD = "unread";

type Timer = ReturnType<typeof setTimeout>;

/** Keeps one room connected. */
export class Driver {
  readonly protocol: ClientProtocol;
  readonly hub = new EventHub(() => this.eventsTaken());
  private socket: Socket | null = null;
  private readonly pulse = new Pulse({
    everySecond: () => this.everySecond(),
    ping: () => this.ping(),
  });
  /** The timer of the next attempt. */
  private retry: Timer | undefined;
  /** The timer of the next time to send. */
  private sending: Timer | undefined;
  /** The timer that ends the wait for acknowledgements after the player left. */
  private farewell: Timer | undefined;
  /** Whether the connection is closed until somebody reads. */
  private isUnread = false;
  /** The seat's secret, until it is known which page it belongs to. */
  private confirming: Promise<void> | null = null;
  /** Where it connected last, or tried to. */
  url: string;

  /** @param urls of the room's WebSocket, at each relay that shares the room */
  constructor(
    readonly urls: readonly [string, ...string[]],
    options: HelloOptions,
    private readonly world: World,
  ) {
    const clock = new Clock(() => microseconds(world.now()));
    const tell = (event: Event): void => this.tell(event);
    this.protocol = new ClientProtocol(options, clock, world.random, tell, urls.length);
    this.url = urls[0];
  }

  // For the room.

  /**
   * Connects for the first time.
   *
   * @param confirmed resolves with the seat's secret, if HELLO has to wait for it
   * @throws Error if no WebSocket can be made for the address
   */
  open(confirmed: Promise<Uint8Array<ArrayBuffer>> | null): void {
    this.dial();
    if (confirmed) this.protocol.mayHaveSeat = true;
    const known = confirmed?.then((secret) => {
      const { seat } = this.protocol;
      seat.options = { ...seat.options, seat: secret };
      this.confirming = null;
    });
    this.confirming = known ?? null;
  }

  /** See `ClientProtocol.post`. */
  post(message: Bytes): Promise<number> {
    const posted = this.protocol.post(message);
    this.pump();
    return posted;
  }

  /** See `ClientProtocol.volatile`. */
  volatile(slot: string, message: Bytes, target: WireTarget): void {
    this.protocol.volatile(slot, message, target);
    this.pump();
  }

  /** See `ClientProtocol.presence`. */
  presence(state: number): void {
    this.protocol.presence(state);
    this.pump();
  }

  /** Checks the connection, as it may be dead; or connects at once, as that may succeed. */
  check(): void {
    if (this.retry !== undefined) return this.connect();
    this.protocol.doubt(this.world.now(), this.wall());
    this.pump();
  }

  /** Loses the connection on purpose, as a bad network would. */
  drop(): void {
    this.socket?.drop();
  }

  /** Gives the seat up, once the relay has taken what was sent or FAREWELL is over. */
  leave(): void {
    const { protocol } = this;
    if (protocol.phase === "closed" || protocol.isLeaving) return;
    protocol.leave();
    if (!protocol.hasLeft) this.waitForFarewell();
    this.pump();
  }

  /** Ends all attempts to connect. The seat stays for a later page. */
  giveUp(): void {
    if (this.protocol.phase === "closed") return;
    this.protocol.end(ABNORMAL, "unreachable");
    this.pump();
  }

  private waitForFarewell(): void {
    this.farewell = setTimeout(() => {
      this.protocol.depart();
      this.pump();
    }, FAREWELL);
    if (!this.socket) this.connect();
  }

  /** Reconnects after a close for not reading, once half of what waited was read. */
  private eventsTaken(): void {
    const { session, room } = this.protocol;
    if (!this.isUnread || !session) return;
    if (!this.hub.isBeyond(half(roomBound(session, room.players.size)))) this.connect();
  }

  // The connection.

  /** Connects again, now. */
  private connect(): void {
    try {
      this.dial();
    } catch (error) {
      // The address was right before, so this may pass: a page may be short of sockets.
      this.lost(ABNORMAL, `no WebSocket could be made: ${(error as Error).message}`);
    }
  }

  private dial(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.isUnread = false;
    this.url = this.urls[this.protocol.backoff.relay]!;
    this.socket = new Socket(this.url, this.world.WebSocket, {
      begins: () => this.hub.begin(),
      opened: () => this.opened(),
      message: (data) => this.received(data),
      text: () => this.heardText(),
      lost: (code, reason) => this.lost(code, reason),
    });
    this.protocol.connecting(this.world.now(), this.wall());
    this.pulse.start();
  }

  private opened(): void {
    const { socket, confirming } = this;
    if (!confirming) return this.connected();
    void confirming.then(() => {
      if (this.socket === socket) this.connected();
    });
  }

  private connected(): void {
    this.protocol.connected(this.world.now());
    this.pump();
  }

  private received(data: Uint8Array): void {
    this.protocol.receive(data, this.world.now());
    this.pump();
    if (this.socket && this.isBehind) this.rest();
  }

  private heardText(): void {
    this.protocol.receiveText();
    this.pump();
  }

  private lost(code: number, reason: string): void {
    this.socket = null;
    this.pulse.stop();
    clearTimeout(this.sending);
    this.sending = undefined;
    this.protocol.disconnected(code, reason, this.world.now(), this.isUnread);
  }

  /** Whether too much waits for the program. */
  private get isBehind(): boolean {
    const { session, room, hasSaidLeave } = this.protocol;
    if (!session || hasSaidLeave) return false;
    return this.hub.isBeyond(roomBound(session, room.players.size));
  }

  /** Closes the connection until somebody reads. */
  private rest(): void {
    this.isUnread = true;
    this.socket?.drop(CloseCode.TOO_SLOW, UNREAD);
  }

  // From the protocol to the program, the relay and the timers.

  private tell(event: Event): void {
    if (event.type === "reconnecting") this.comeBackIn(event.delay);
    if (event.type === "live") this.pulse.live();
    if (event.type === "closed") this.stop();
    this.hub.emit(event, this.protocol.seat.knownSeq);
  }

  private comeBackIn(delay: number): void {
    if (!this.isUnread) this.retry = setTimeout(() => this.connect(), delay);
  }

  private stop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.farewell);
    this.retry = undefined;
    this.isUnread = false;
  }

  /** Sends the messages that wait, and closes the connection if the protocol says so. */
  private pump(): void {
    this.flush();
    const { fault } = this.protocol;
    if (fault) this.socket?.drop(...fault);
  }

  private flush(): void {
    const { socket, protocol } = this;
    if (!socket) return;
    const now = this.world.now();
    for (const message of protocol.dataToSend(now, socket.buffered)) socket.send(message);
    const { sendDeadline } = protocol;
    if (sendDeadline !== null) this.sending ??= this.flushIn(sendDeadline - now);
  }

  private flushIn(delay: number): Timer {
    return setTimeout(() => {
      this.sending = undefined;
      this.flush();
    }, delay);
  }

  private everySecond(): void {
    this.protocol.handleTimer(this.world.now(), this.wall());
    this.pump();
  }

  private ping(): void {
    this.protocol.ping(this.world.now());
    this.pump();
  }

  private wall(): number {
    return this.world.wall?.() ?? this.world.now();
  }
}
