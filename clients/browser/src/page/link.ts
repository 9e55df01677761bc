// The state of this page's connection, in words.

import { NoticeKind, type Room } from "../index.js";
import { latency } from "./people.js";

/** What the page shows of the connection. */
export interface Words {
  /** For the style: the room's own states, "lagging" and "restarting". */
  readonly state: string;
  readonly text: string;
  /** A text that changes often, such as a countdown. */
  readonly detail: string;
  /** Whether the player may try at once instead of waiting. */
  readonly mayRetry: boolean;
}

const TIRED = 3; // attempts after which the page admits that no relay answers

/** Follows a room's connection. Times are in milliseconds. */
export class Link {
  private attempt = 0;
  private backAt = 0;
  /** When a relay that goes down said it would be back. */
  private restartedAt: number | null = null;
  /** When the relay will cut the connection, if this page reads too slowly. */
  private cutAt: number | null = null;

  constructor(
    private readonly room: Room,
    private readonly now: () => number,
    /** Whether the relay answers and yet no WebSocket opens. */
    private readonly isBlocked: () => boolean = () => false,
  ) {
    room.on("live", () => {
      this.attempt = 0;
      this.restartedAt = this.cutAt = null;
    });
    room.on("reconnecting", ({ attempt, delay }) => {
      this.attempt = attempt;
      this.backAt = now() + delay;
      this.cutAt = null;
    });
    room.on("notice", ({ kind, detail }) => {
      if (kind === NoticeKind.DRAIN) this.restartedAt = now() + (detail.after ?? 0);
      // The first LAG warns of a cut; the second says that the danger is over.
      if (kind === NoticeKind.LAG) {
        this.cutAt = detail.dropped === undefined ? now() + (detail.after ?? Infinity) : null;
      }
    });
  }

  get words(): Words {
    const { state } = this.room;
    if (state === "closed") return words(state, "Not connected");
    if (state === "live") return this.live();
    if (this.attempt === 0) return words(state, "Connecting…");
    return this.waiting(state, this.backAt - this.now());
  }

  private live(): Words {
    if (this.cutAt !== null) {
      return words("lagging", "You read too slowly", inSeconds("cut off", this.cutAt - this.now()));
    }
    if (this.restartedAt !== null) return this.restarting(this.restartedAt);
    return words("live", "Live", latency(this.room.clock.rtt / 1000));
  }

  private waiting(state: string, left: number): Words {
    const isExpected = this.restartedAt !== null && this.attempt <= TIRED;
    if (isExpected && left > 0) return this.restarting(this.now() + left);
    const atFirst = this.attempt > TIRED ? "No relay answers" : "Connecting";
    const unblocked = state === "reconnecting" ? "Connection lost" : atFirst;
    const text = this.isBlocked() ? "No WebSocket opens" : unblocked;
    if (left <= 1000) return words(state, text, "trying…");
    return { ...words(state, text, inSeconds("again", left)), mayRetry: true };
  }

  private restarting(at: number): Words {
    return words("restarting", "The relay restarts", inSeconds("back", at - this.now()));
  }
}

const words = (state: string, text: string, detail = ""): Words => ({
  state,
  text,
  detail,
  mayRetry: false,
});

const inSeconds = (what: string, left: number): string =>
  Number.isFinite(left) ? `${what} in ${Math.max(1, Math.ceil(left / 1000))} s` : "";
