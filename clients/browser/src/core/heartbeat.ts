/** Milliseconds between pings. */
const EVERY = 5000;
/** Milliseconds without any sign of life after a ping, or after an attempt began. */
const PATIENCE = 10_000;
/** The same where we have cause to doubt the connection. */
const DOUBT = 3000;
/** A second between ticks is meant; after this many milliseconds, the machine or tab has slept. */
const SLEPT = 5000;
/** Milliseconds by which two clocks of a machine differ only if one of them stood still, or was set. */
const APART = 500;

/**
 * Decides when to ask whether a connection lives, and when to give it up.
 *
 * A browser tells of a connection that has silently died only after minutes. Times are in
 * milliseconds and passed in: of a monotonic clock, and of the wall clock, as the former stands still
 * in some machines' sleep.
 */
export class Heartbeat {
  /** Whether a doubt has not been answered yet. */
  isDoubtful = false;
  private lastPing: number;
  private lastTick: number;
  private lastWall: number;
  private deadline: number;

  constructor(now: number, wall = now) {
    this.lastWall = wall;
    this.lastPing = this.lastTick = now;
    this.deadline = now + PATIENCE;
  }

  /** Notes that something came from the relay. */
  heard(): void {
    this.deadline = Infinity;
    this.isDoubtful = false;
  }

  /** Notes a cause for doubt: a ping is due, and its answer soon. */
  doubt(now: number, wall = now): void {
    this.isDoubtful = true;
    this.lastTick = now;
    this.lastWall = wall;
    this.deadline = now + DOUBT;
    this.lastPing = now;
  }

  /** Call it every second, and send a PING on "ping"; on "dead", drop the connection. */
  tick(now: number, wall = now): "ping" | "dead" | null {
    const [passed, passedOnWall] = [now - this.lastTick, wall - this.lastWall];
    this.lastTick = now;
    this.lastWall = wall;
    if (Math.max(passed, passedOnWall) >= SLEPT) {
      // What was due in the meantime proves nothing: nobody was here to hear the answer.
      this.doubt(now, wall);
      return "ping";
    }
    if (now >= this.deadline) return "dead";
    const isClockWrong = Math.abs(passedOnWall - passed) > APART;
    if (now - this.lastPing < EVERY && !isClockWrong) return null;
    this.lastPing = now;
    this.deadline = Math.min(this.deadline, now + PATIENCE);
    return "ping";
  }
}
