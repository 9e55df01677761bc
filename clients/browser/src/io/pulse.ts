/** Milliseconds between the first round trips: the clock needs some at once. */
const QUICK = [0, 100, 200];
const SECOND = 1000;

/** What a pulse calls when it is time. */
export interface Keeping {
  everySecond(): void;
  ping(): void;
}

/** The timers of one connection after the other. */
export class Pulse {
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly keeping: Keeping) {}

  /** A connection begins. */
  start(): void {
    this.timers.add(setInterval(() => this.keeping.everySecond(), SECOND));
  }

  /** It is live. */
  live(): void {
    for (const delay of QUICK) this.timers.add(setTimeout(() => this.keeping.ping(), delay));
  }

  stop(): void {
    // One kind of handle for both: clearTimeout ends intervals too.
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
