import { ErrorCode } from "./error-codes.js";
import { RemoteProtocolError } from "./errors.js";
import { WINDOW } from "./limits.js";

/**
 * Counted frames of one seat until the relay has taken them, so that a resume can send the rest.
 *
 * They are numbered from 1. A frame's number is not on the wire: both sides count.
 */
export class Window {
  sent = 0;
  taken = 0;
  private held: Uint8Array<ArrayBuffer>[] = [];

  constructor(public size: number = WINDOW) {}

  /** Whether the client must wait before it sends another counted frame. */
  get isFull(): boolean {
    return this.held.length >= this.size;
  }

  /** Whether the relay has taken all. */
  get isEmpty(): boolean {
    return this.held.length === 0;
  }

  /** What a resume must send again, in order. */
  get pending(): readonly Uint8Array<ArrayBuffer>[] {
    return [...this.held];
  }

  /** Remembers a counted frame that is about to be sent; returns its count. */
  add(message: Uint8Array<ArrayBuffer>): number {
    this.held.push(message);
    return ++this.sent;
  }

  /**
   * Forgets what the relay has taken. Smaller numbers are older news and change nothing.
   *
   * @throws RemoteProtocolError if the relay claims more than was ever sent
   */
  take(taken: number): void {
    if (taken > this.sent) {
      throw new RemoteProtocolError(
        ErrorCode.OUT_OF_RANGE,
        "the relay took more counted frames than were sent",
        { expected: `taken up to ${this.sent}`, got: String(taken), limit: this.sent },
      );
    }
    if (taken <= this.taken) return;
    this.held.splice(0, taken - this.taken);
    this.taken = taken;
  }

  /** Forgets all: the relay has taken everything. */
  settle(): void {
    this.countOn(this.sent);
  }

  /** Goes on from `taken`: a seat known to the relay, of which this client knows nothing. */
  countOn(taken: number): void {
    this.held = [];
    this.sent = this.taken = taken;
  }
}
