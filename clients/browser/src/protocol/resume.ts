import { ErrorCode } from "./error-codes.js";
import type { ClientFrame, FrameOf, HelloOptions, RelayFrame } from "./frames.js";
import { WIRE_VERSION, WIRE_VERSION_MIN } from "./version.js";
import { Window } from "./window.js";

/** After these ERRORs the connection lives, and waits for a HELLO without a position. */
export const RESUME_REFUSALS: ReadonlySet<number> = new Set([
  ErrorCode.EPOCH_CHANGED,
  ErrorCode.ROOM_GONE,
]);

/** Whether an ERROR only says why the stream begins anew, so that `resumed` tells of it. */
export const isAboutResume = (code: number): boolean =>
  code >= ErrorCode.EPOCH_CHANGED && code < ErrorCode.VERSION;

/** What a WELCOME means for what came before it. */
export interface Continued {
  /** The relay's count goes on from ours: same room, same seat. */
  readonly continues: boolean;
  /** The stream follows our position; if not, it begins anew and tells the room as it stands. */
  readonly resumed: boolean;
  /** Counted messages that the relay has not taken: send them again, in this order. */
  readonly resend: readonly Uint8Array<ArrayBuffer>[];
  /** Counted messages that nobody will ever take: their room or seat is gone. */
  readonly lost: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * A client's seat in a room, across connections.
 *
 * The same secret in the same room is the same seat, whether WELCOME arrived or not. Pass every
 * WELCOME to `welcomed`, every later frame to `received`, and every counted message to
 * `window.add` before sending it.
 */
export class ResumeState {
  readonly window = new Window();
  player = 0;
  epoch: Uint8Array | null = null;
  seq = 0;
  /** LIVE was heard in this epoch: only from then on is `seq` a position to resume from. */
  private isLive = false;

  /** @param options of every HELLO; `options.seat` is the secret, 16 random bytes, if any */
  constructor(public options: HelloOptions) {}

  /** Where to resume from, if not anew. */
  get position(): readonly [Uint8Array, number] | undefined {
    return this.epoch && this.isLive && this.options.seat ? [this.epoch, this.seq] : undefined;
  }

  /** Up to where the room is known in full; 0 while a fresh stream still tells of it. */
  get knownSeq(): number {
    return this.isLive ? this.seq : 0;
  }

  /** The HELLO of the next connection. */
  hello(): ClientFrame {
    const min = WIRE_VERSION_MIN === WIRE_VERSION ? undefined : WIRE_VERSION_MIN;
    const options = { ...this.options, position: this.position, min };
    return { type: "Hello", version: WIRE_VERSION, options };
  }

  /** Gives the position up, after the relay refused it; the next HELLO asks for all anew. */
  forget(): void {
    this.isLive = false;
  }

  /** Takes up what WELCOME says. */
  welcomed({ player, seq, session }: FrameOf<"Welcome">): Continued {
    let lost: Continued["lost"] = [];
    // SPEC 13.5: only a relay that counts on from our count may be sent the rest again.
    const continues = this.isContinuedBy(player, session);
    if (continues) {
      this.window.take(session.taken);
    } else {
      lost = this.window.pending;
      this.window.countOn(session.taken);
    }
    this.window.size = session.limits.window;
    this.player = player;
    this.epoch = session.epoch;
    this.seq = seq;
    // SPEC 12.3.1: a fresh stream ends the position, even in the same epoch.
    this.isLive = session.resumed;
    return { continues, resumed: session.resumed, resend: this.window.pending, lost };
  }

  /** Whether the relay's count is one that this client's frames can go on from. */
  private isContinuedBy(player: number, { epoch, taken }: FrameOf<"Welcome">["session"]): boolean {
    return (
      this.epoch !== null &&
      isSame(this.epoch, epoch) &&
      this.player === player &&
      this.window.taken <= taken &&
      taken <= this.window.sent
    );
  }

  /**
   * Follows a frame of the relay: positions and acknowledgements.
   *
   * @throws RemoteProtocolError if the relay acknowledges what was never sent
   */
  received(frame: RelayFrame): void {
    if (frame.type === "Snapshot" || frame.type === "SnapshotWanted") {
      return; // their seq speaks of the game's state, not of this stream
    }
    if ("taken" in frame) this.window.take(frame.taken);
    if ("seq" in frame) this.seq = Math.max(this.seq, frame.seq);
    if (frame.type === "Live") this.isLive = true;
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);
