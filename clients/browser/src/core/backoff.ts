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
  private notBefore = 0;

  /** @param random draws from [0, 1) */
  constructor(private readonly random: () => number) {}

  /** Notes that the connection has come to life. */
  live(now: number): void {
    this.liveSince = now;
  }

  /** Notes that the relay asked not to come back within `after`. */
  wait(after: number, now: number): void {
    this.notBefore = Math.max(this.notBefore, now + after);
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
    const bound = isLate ? 0 : Math.min(CAP, FIRST * 2 ** this.attempt);
    this.attempt += 1;
    return Math.max(this.notBefore - now, 0) + this.random() * bound;
  }
}
