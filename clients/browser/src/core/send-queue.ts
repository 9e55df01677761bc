import type { WireTarget } from "../protocol/fields/field-types.js";
import type { Continued } from "../protocol/resume.js";
import type { Window } from "../protocol/window.js";
import { Fifo } from "./fifo.js";
import { costOf, isPersonal, names } from "./target.js";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes under way beyond which volatile values wait for newer ones: 1 s of a poor uplink. */
const CONGESTED = 16 * 1024;
/** Milliseconds after which a congested connection is looked at again. */
const LOOK_AGAIN = 50;
/** Milliseconds between rounds of volatile values: a mouse tells of itself more often than that. */
const ROUND = 16;
/** The part of the rate that the relay allows which volatile values may take. */
const SHARE = 0.75;

interface Waiting {
  readonly message: Bytes;
  readonly resolve: (count: number) => void;
  readonly reject: (reason: Error) => void;
}

interface Slot {
  readonly message: Bytes;
  readonly target: WireTarget;
  isDue: boolean;
}

/**
 * What a game sends, until it can be sent: any frame may be given at any time.
 *
 * Counted messages are in the seat's window until the relay has taken them, and before that in the
 * backlog while the window is full.
 */
export class SendQueue {
  /** The connection has been welcomed. */
  private isOpen = false;
  private hasBegun = false;
  private over: Error | null = null;
  private readonly backlog = new Fifo<Waiting>();
  /** To be sent now. */
  private ready: Bytes[] = [];
  /** By key and target. */
  private readonly slots = new Map<string, Slot>();
  private hasDue = false;
  /** When the volatile values that are due may go, in milliseconds. */
  private nextRound = 0;
  private rate = Infinity;

  constructor(private readonly window: Window) {}

  /** Sends a counted message as soon as the window lets it; resolves with its count. */
  counted(message: Bytes): Promise<number> {
    if (this.over) return refused(this.over);
    if (this.backlog.length === 0 && this.mayHandOver)
      return Promise.resolve(this.handOver(message));
    const handedOver = new Promise<number>((resolve, reject) => {
      this.backlog.push({ message, resolve, reject });
    });
    return quiet(handedOver);
  }

  /**
   * Sends a volatile message, or keeps it until it can be sent or a newer one replaces it.
   *
   * @param slot by key and target: those of a slot replace each other
   */
  volatile(slot: string, message: Bytes, target: WireTarget): void {
    if (this.over) return;
    // Slots may share a receiver and a key: what was said last has to be said last again.
    this.slots.delete(slot);
    this.slots.set(slot, { message, target, isDue: true });
    this.hasDue = true;
  }

  /** Forgets volatile values for a player who has left: nobody has their number again. */
  forget(player: number): void {
    this.dropSlots((target) => names(target, player));
  }

  /** Sends a message about the connection or the seat; without a WELCOME too. */
  own(message: Bytes): void {
    this.ready.push(message);
  }

  /** Sends the last message of this connection, after the volatile values that still wait. */
  last(message: Bytes): void {
    this.ready.push(...this.takeSlots().map((slot) => slot.message), message);
  }

  /**
   * Begins to send on a connection. Returns the messages that are lost: their room or seat is gone.
   *
   * @param rate frames a second that the relay allows
   */
  open(continued: Continued, rate: number, now: number): Bytes[] {
    this.isOpen = true;
    this.rate = rate;
    this.nextRound = 0;
    const lost = this.hasBegun && !continued.continues ? this.startAnew(continued.lost) : [];
    this.hasBegun = true;
    // SPEC 13.5: byte for byte and in order, before anything newer.
    for (const message of continued.resend) this.ready.push(message);
    this.advance();
    // SPEC 14.3: also those that were sent. Nobody acknowledges them; the lost line may have them.
    for (const slot of this.slots.values()) slot.isDue = true;
    this.hasDue = this.slots.size > 0;
    this.ready = this.take(now, 0);
    return lost;
  }

  /** Hands over what the window has room for, after the relay took some. */
  advance(): void {
    while (this.backlog.length > 0 && this.mayHandOver) {
      const { message, resolve } = this.backlog.shift()!;
      resolve(this.handOver(message));
    }
  }

  /** Stops sending: the connection is gone. */
  close(): void {
    this.isOpen = false;
    this.ready = [];
  }

  /**
   * Takes the messages to send now, in order.
   *
   * @param buffered bytes that were sent but are still in this machine
   */
  take(now: number, buffered: number): Bytes[] {
    const { ready } = this;
    this.ready = [];
    const due = this.takeDue(now, buffered + sizeOf(ready));
    return due.length > 0 ? [...ready, ...due] : ready;
  }

  /** When there will be volatile values to take; null if none waits. */
  get deadline(): number | null {
    return this.isOpen && this.hasDue ? this.nextRound : null;
  }

  /** Whether the relay has taken all that was to be counted. */
  get isSettled(): boolean {
    return this.isHandedOver && this.window.isEmpty;
  }

  /** Whether all that is to be counted was sent, or will be sent again by a resume. */
  get isHandedOver(): boolean {
    return this.backlog.length === 0;
  }

  /** Takes nothing more; what was given so far goes on. */
  refuse(reason: Error): void {
    this.over = reason;
  }

  /** No connection will come again. Returns the messages that were not acknowledged. */
  end(reason: Error): Bytes[] {
    this.close();
    this.refuse(reason);
    this.slots.clear();
    return [...this.window.pending, ...this.giveUpBacklog(reason)];
  }

  // Without a connection too: the window is what a resume sends again.
  private get mayHandOver(): boolean {
    return this.hasBegun && !this.window.isFull;
  }

  private handOver(message: Bytes): number {
    const count = this.window.add(message);
    if (this.isOpen) this.ready.push(message);
    return count;
  }

  private startAnew(unacknowledged: readonly Bytes[]): Bytes[] {
    this.dropSlots(isPersonal);
    const waiting = this.giveUpBacklog(new Error("the room is not the one that this was sent to"));
    return [...unacknowledged, ...waiting];
  }

  private dropSlots(isOver: (target: WireTarget) => boolean): void {
    for (const [name, { target }] of this.slots) if (isOver(target)) this.slots.delete(name);
  }

  private giveUpBacklog(reason: Error): Bytes[] {
    const waiting = this.backlog.drain();
    for (const { reject } of waiting) reject(reason);
    return waiting.map(({ message }) => message);
  }

  private takeDue(now: number, buffered: number): Bytes[] {
    if (!this.isOpen || !this.hasDue || now < this.nextRound) return [];
    if (buffered > CONGESTED) {
      this.nextRound = now + LOOK_AGAIN;
      return [];
    }
    const due = this.takeSlots();
    const cost = due.reduce((sum, { target }) => sum + costOf(target), 0);
    this.nextRound = now + Math.max(ROUND, (1000 * cost) / (this.rate * SHARE));
    return due.map(({ message }) => message);
  }

  private takeSlots(): Slot[] {
    const due = [...this.slots.values()].filter(({ isDue }) => isDue);
    for (const slot of due) slot.isDue = false;
    this.hasDue = false;
    return due;
  }
}

const sizeOf = (messages: readonly Bytes[]): number =>
  messages.reduce((sum, { length }) => sum + length, 0);

const refused = (reason: Error): Promise<never> => quiet(Promise.reject(reason));

/** Who does not wait for a promise does not want to hear of its failure; events tell of it. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
