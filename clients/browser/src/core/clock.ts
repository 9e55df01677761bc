/** Round trips to choose from: 40 seconds of them, in which clocks drift by microseconds. */
const SAMPLES = 8;

/** One round trip, in microseconds. */
interface Sample {
  readonly rtt: number;
  readonly offset: number;
}

/**
 * The relay's clock as seen from here. All times are whole microseconds.
 *
 * It trusts the fastest of the last round trips: what was quick was quick both ways, so its offset
 * is the least wrong. That offset is off by less than its round trip; so two that differ by more than
 * both of theirs are of two clocks. Then this machine's clock has stood still, as some do in sleep,
 * and all older round trips count for nothing.
 */
export class Clock {
  private samples: Sample[] = [];
  private best: Sample = { rtt: 0, offset: 0 };
  /** Mean distance of the last round trips from the best one. */
  jitter = 0;
  /** The newest round trip, unfiltered. */
  latest = 0;
  /** Round trips measured so far on this connection. */
  count = 0;

  /** @param local reads this machine's monotonic clock */
  constructor(private readonly local: () => number) {}

  /** The best of the last round trips, less the time that the relay kept it; 0 before the first. */
  get rtt(): number {
    return this.best.rtt;
  }

  /** What to add to this machine's clock to get the relay's. */
  get offset(): number {
    return this.best.offset;
  }

  /** The relay's time. */
  now(): number {
    return this.local() + this.best.offset;
  }

  /** Forgets all round trips: another connection may end at another clock. */
  restart(): void {
    this.samples = [];
    this.count = 0;
  }

  /** Takes a round trip: left here at `t`, was there from `received` to `sent`, is back `now`. */
  add(t: number, received: number, sent: number, now: number): void {
    const rtt = Math.max(now - t - (sent - received), 0);
    const offset = Math.floor((received - t + (sent - now)) / 2);
    const sample = { rtt, offset };
    if (this.isContradictedBy(sample)) this.samples = [];
    this.samples = [...this.samples, sample].slice(-SAMPLES);
    this.best = this.samples.reduce((best, sample) => (sample.rtt < best.rtt ? sample : best));
    const excess = this.samples.reduce((sum, sample) => sum + sample.rtt - this.best.rtt, 0);
    this.jitter = Math.floor(excess / this.samples.length);
    this.latest = rtt;
    this.count += 1;
  }

  private isContradictedBy({ rtt, offset }: Sample): boolean {
    return this.samples.length > 0 && Math.abs(offset - this.best.offset) > rtt + this.best.rtt;
  }
}
