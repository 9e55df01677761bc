import { mayReturn } from "../protocol/close-codes.js";

/** Milliseconds; a blip of a phone's network is over by then. */
const FIRST = 100;
/** Milliseconds; a relay that restarts is missed by no more than this. */
const CAP = 5000;
/** Milliseconds live after which a loss is a new one and not the last one's echo. */
const STEADY = 5000;

/**
 * Delays that double up to a cap, each drawn from zero to its bound ("full jitter").
 *
 * Full jitter spreads the clients of a relay that fell over the whole delay, where a smaller one
 * would let them come back in waves. Times are in milliseconds.
 */
export class Backoff {
  /** Attempts since the connection was last steady. */
  attempt = 0;
  private liveSince: number | null = null;
  /** Which of several relays that share the room has its turn. Each loss leads to the next one. */
  relay = 0;
  private readonly notBefore: number[];

  /**
   * @param random draws from [0, 1)
   * @param relays how many there are
   */
  constructor(
    private readonly random: () => number,
    private readonly relays = 1,
  ) {
    this.notBefore = Array<number>(relays).fill(0);
  }

  /** Notes that the connection has come to life. */
  live(now: number): void {
    this.liveSince = now;
  }

  /** Notes that the relay asked not to come back within `after`. */
  wait(after: number, now: number): void {
    this.notBefore[this.relay] = Math.max(this.notBefore[this.relay]!, now + after);
  }

  /**
   * Returns how long to wait before the next attempt, or null to stay away.
   *
   * @param code the WebSocket close code; 1006 where there was none
   * @param isLate the loss was heard of late: who is back after a sleep has waited already
   */
  lost(code: number, now: number, isLate = false): number | null {
    if (!mayReturn(code)) return null;
    // SPEC 21.1: one who was live for so long begins with a short wait again.
    if (this.liveSince !== null && now - this.liveSince >= STEADY) this.attempt = 0;
    this.liveSince = null;
    const rounds = Math.floor(this.attempt / this.relays);
    const bound = isLate ? 0 : Math.min(CAP, FIRST * 2 ** rounds);
    this.attempt += 1;
    this.relay = (this.relay + 1) % this.relays;
    return Math.max(this.notBefore[this.relay]! - now, 0) + this.random() * bound;
  }
}
