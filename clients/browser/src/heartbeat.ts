/** Milliseconds between pings. */
const EVERY = 5000;
/** Milliseconds without any sign of life after a ping, or after an attempt began. */
const PATIENCE = 10_000;
/** The same where we have cause to doubt the connection. */
const DOUBT = 3000;
/** A second between ticks is meant; after this many milliseconds, the machine or tab has slept. */
const SLEPT = 5000;

/**
 * Decides when to ask whether a connection lives, and when to give it up.
 *
 * A browser tells of a connection that has silently died only after minutes. Times are in
 * milliseconds and passed in.
 */
export class Heartbeat {
  /** Whether a doubt has not been answered yet. */
  isDoubtful = false;
  private lastPing: number;
  private lastTick: number;
  private deadline: number;

  constructor(now: number) {
    this.lastPing = this.lastTick = now;
    this.deadline = now + PATIENCE;
  }

  /** Notes that something came from the relay. */
  heard(): void {
    this.deadline = Infinity;
    this.isDoubtful = false;
  }

  /** Notes a cause for doubt: a ping is due, and its answer soon. */
  doubt(now: number): void {
    this.isDoubtful = true;
    this.lastTick = now;
    this.deadline = now + DOUBT;
    this.lastPing = now;
  }

  /** Call it every second, and send a PING on "ping"; on "dead", drop the connection. */
  tick(now: number): "ping" | "dead" | null {
    const slept = now - this.lastTick >= SLEPT;
    this.lastTick = now;
    if (slept) {
      // What was due in the meantime proves nothing: nobody was here to hear the answer.
      this.doubt(now);
      return "ping";
    }
    if (now >= this.deadline) return "dead";
    if (now - this.lastPing < EVERY) return null;
    this.lastPing = now;
    this.deadline = Math.min(this.deadline, now + PATIENCE);
    return "ping";
  }
}
