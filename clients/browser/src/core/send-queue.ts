import { Fifo } from "./fifo.js";
import type { Continued } from "../protocol/seat.js";
import type { Window } from "../protocol/window.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** A connection that has been welcomed. */
export interface Line {
  send(message: Bytes): void;
  /** Bytes that were sent but are still in this machine. */
  readonly buffered: number;
}

/** Bytes under way beyond which volatile values wait for newer ones: 1 s of a poor uplink. */
const CONGESTED = 16 * 1024;
/** Milliseconds after which a congested line is looked at again. */
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
  /** It is for certain players, whose numbers mean nothing in another incarnation of the room. */
  readonly isPersonal: boolean;
  isDue: boolean;
}

/** What a game sends, until it can be sent: any frame may be given at any time. */
export class Outgoing {
  private line: Line | null = null;
  private hasBegun = false;
  private over: Error | null = null;
  private readonly backlog = new Fifo<Waiting>();
  /** By key and target. */
  private readonly slots = new Map<string, Slot>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private nextRound = 0;
  private rate = Infinity;

  /** @param now reads a monotonic clock, in milliseconds */
  constructor(
    private readonly window: Window,
    private readonly now: () => number,
  ) {}

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

  /** Sends a volatile message, or keeps it until it can be sent or a newer one replaces it. */
  volatile(slot: string, message: Bytes, isPersonal: boolean): void {
    if (this.over) return;
    this.slots.set(slot, { message, isPersonal, isDue: true });
    this.flush();
  }

  /**
   * Takes a line up. Returns the messages that are lost: their room or seat is gone.
   *
   * @param rate frames a second that the relay allows
   */
  open(line: Line, continued: Continued, rate: number): Bytes[] {
    this.line = line;
    this.rate = rate;
    this.nextRound = 0;
    const lost = this.hasBegun && !continued.continues ? this.startAnew(continued.lost) : [];
    this.hasBegun = true;
    for (const message of continued.resend) line.send(message);
    this.advance();
    // Also those that were sent: nobody acknowledges them, the lost line may have swallowed them.
    for (const slot of this.slots.values()) slot.isDue = true;
    this.flush();
    return lost;
  }

  /** Hands over what the window has room for, after the relay took some. */
  advance(): void {
    while (this.backlog.length > 0 && this.mayHandOver) {
      const { message, resolve } = this.backlog.shift()!;
      resolve(this.handOver(message));
    }
  }

  /** The line is gone. */
  close(): void {
    this.line = null;
    clearTimeout(this.timer);
    this.timer = undefined;
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
    this.slots.clear();
  }

  /** No line will come again. Returns the messages that were not acknowledged. */
  end(reason: Error): Bytes[] {
    this.close();
    this.refuse(reason);
    return [...this.window.pending, ...this.giveUpBacklog(reason)];
  }

  // Without a line too: the window is what a resume sends again.
  private get mayHandOver(): boolean {
    return this.hasBegun && !this.window.isFull;
  }

  private handOver(message: Bytes): number {
    const count = this.window.add(message);
    this.line?.send(message);
    return count;
  }

  private startAnew(unacknowledged: readonly Bytes[]): Bytes[] {
    for (const [name, slot] of this.slots) if (slot.isPersonal) this.slots.delete(name);
    const waiting = this.giveUpBacklog(new Error("the room is not the one that this was sent to"));
    return [...unacknowledged, ...waiting];
  }

  private giveUpBacklog(reason: Error): Bytes[] {
    const waiting = this.backlog.drain();
    for (const { reject } of waiting) reject(reason);
    return waiting.map(({ message }) => message);
  }

  private flush(): void {
    const due = [...this.slots.values()].filter(({ isDue }) => isDue);
    if (!this.line || due.length === 0 || this.timer !== undefined) return;
    const wait = this.line.buffered > CONGESTED ? LOOK_AGAIN : this.nextRound - this.now();
    if (wait > 0) return this.flushLater(wait);
    for (const slot of due) {
      this.line.send(slot.message);
      slot.isDue = false;
    }
    this.nextRound = this.now() + Math.max(ROUND, (1000 * due.length) / (this.rate * SHARE));
  }

  private flushLater(wait: number): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, wait);
  }
}

const refused = (reason: Error): Promise<never> => quiet(Promise.reject(reason));

/** Who does not wait for a promise does not want to hear of its failure; events tell of it. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
