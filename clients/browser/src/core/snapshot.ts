// A game's own state in parts, each of which fits a frame.

import { ErrorCode } from "../protocol/error-codes.js";
import { LocalProtocolError, RemoteProtocolError } from "../protocol/errors.js";
import { SnapshotReceived } from "../events.js";
import type { ClientFrame, FrameOf, Limits } from "../protocol/frames.js";
import { SNAPSHOT_BYTES, SNAPSHOT_PARTS } from "../protocol/limits.js";

/** Bytes of a SNAPSHOT before its payload, at most: array, opcode, seq, part, parts, bin. */
export const PART_HEAD = 18;

/**
 * Cuts a snapshot into as many frames as the relay's limits ask for.
 *
 * @throws LocalProtocolError if it is larger than a snapshot may be
 */
export function cut(
  seq: number,
  payload: Uint8Array,
  { maxFrame, window }: Pick<Limits, "maxFrame" | "window">,
): ClientFrame[] {
  const size = maxFrame - PART_HEAD;
  const limit = Math.min(SNAPSHOT_BYTES, size * Math.min(SNAPSHOT_PARTS, window));
  if (payload.length > limit) {
    throw new LocalProtocolError(ErrorCode.TOO_BIG, "the snapshot is larger than the relay takes", {
      got: `${payload.length} bytes`,
      limit,
    });
  }
  const parts = Math.max(1, Math.ceil(payload.length / size));
  return Array.from({ length: parts }, (_, part) => {
    const bytes = payload.subarray(part * size, (part + 1) * size);
    return { type: "Snapshot", seq, part, parts, payload: bytes };
  });
}

/** The parts of a snapshot as they come. */
export class Parts {
  private held: FrameOf<"Snapshot">[] = [];

  /**
   * Takes the next part; returns the snapshot once all are there.
   *
   * @throws RemoteProtocolError if it does not follow the last one
   */
  add(frame: FrameOf<"Snapshot">): SnapshotReceived | null {
    this.held.push(frame);
    this.check(frame);
    if (this.held.length < frame.parts) return null;
    const parts = this.held.splice(0);
    return new SnapshotReceived(frame.seq, joined(parts.map(({ payload }) => payload)));
  }

  private check({ seq, part, parts }: FrameOf<"Snapshot">): void {
    const first = this.held[0]!;
    const expected = this.held.length - 1;
    if (seq !== first.seq || part !== expected || parts !== first.parts || part >= parts) {
      throw new RemoteProtocolError(
        ErrorCode.OUT_OF_RANGE,
        "a part of a snapshot does not follow the last one",
        {
          expected: `part ${expected} of ${first.parts}, as of seq ${first.seq}`,
          got: `part ${part} of ${parts}, as of seq ${seq}`,
        },
      );
    }
    if (sizeOf(this.held.map(({ payload }) => payload)) > SNAPSHOT_BYTES) {
      throw new RemoteProtocolError(ErrorCode.TOO_BIG, "a snapshot is too large", {
        limit: SNAPSHOT_BYTES,
      });
    }
  }
}

const sizeOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
