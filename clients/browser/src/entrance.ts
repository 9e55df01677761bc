import { JoinError, type RoomwireError, Unreachable, closedBy } from "./errors.js";
import type { Driver } from "./io/driver.js";
import { type Fetch, whyUnreached } from "./io/unreachable.js";
import { ABNORMAL, CloseCode, closeName } from "./protocol/close-codes.js";
import type { Room } from "./room.js";

/** How long to wait, and how to find out why in vain. */
export interface Patience {
  /** Seconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly fetch: Fetch;
}

/** The way into a room: until it is live, or never will be. */
export class Entrance {
  private readonly over = new AbortController();
  private isAsking = false;
  /** Why no WebSocket opened in the last attempt; empty if one did, or nobody knows. */
  private unreached = "";
  /** Where nothing is that could be a relay. */
  private readonly hopeless = new Set<string>();
  /** Why the last attempt ended. */
  private lastLoss = "";

  constructor(
    private readonly driver: Driver,
    private readonly room: Room,
    private readonly patience: Patience,
  ) {}

  /**
   * Resolves once the room is live. If it never will be, this gives it up and rejects.
   *
   * @throws Unreachable, JoinError, or the reason of the signal
   */
  async passed(): Promise<void> {
    const { timeout } = this.patience;
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(this.tooLate()), timeout * 1000);
        this.over.signal.addEventListener("abort", () => clearTimeout(timer));
        this.followSignal(reject);
        this.followAttempts(reject);
        this.room.ready.then(resolve, reject);
      });
    } catch (error) {
      if (this.unreached) this.driver.giveUp();
      else this.room.leave();
      // The signal may have closed the room before we heard of it.
      const { signal } = this.patience;
      throw signal?.aborted ? signal.reason : error;
    } finally {
      this.over.abort();
    }
  }

  private followSignal(reject: (reason: unknown) => void): void {
    const { signal } = this.patience;
    signal?.addEventListener("abort", () => reject(signal.reason), { signal: this.over.signal });
  }

  private followAttempts(reject: (error: Unreachable) => void): void {
    const { hub, protocol } = this.driver;
    hub.watch("refused", ({ text }) => (this.lastLoss = text));
    hub.watch("reconnecting", ({ reason }) => {
      this.lastLoss ||= reason;
      // With a code the relay said itself why, and one who was in comes back whatever the failure.
      if (reason === closeName(ABNORMAL) && !protocol.session) void this.ask(reject);
      else this.unreached = "";
    });
  }

  private async ask(reject: (error: Unreachable) => void): Promise<void> {
    const { signal } = this.over;
    if (this.isAsking || signal.aborted) return;
    this.isAsking = true;
    const { url, urls } = this.driver;
    const found = await whyUnreached(url, this.patience.fetch, signal);
    this.isAsking = false;
    if (this.driver.protocol.session) return; // it is in by now
    this.unreached = found instanceof Unreachable ? found.message : found;
    if (!(found instanceof Unreachable)) return;
    this.hopeless.add(url);
    if (urls.every((each) => this.hopeless.has(each))) reject(found);
  }

  private tooLate(): RoomwireError {
    const { timeout } = this.patience;
    const tried = `within ${timeout} s`;
    if (this.unreached) return new Unreachable(`${this.unreached} (not ${tried})`);
    if (!this.lastLoss) return new Unreachable(`no answer from ${this.driver.url} ${tried}`);
    const why = `The room did not become live ${tried}: ${this.lastLoss}`;
    return new JoinError(closedBy(CloseCode.GOING_AWAY, "gave_up", why));
  }
}
