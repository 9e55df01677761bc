import type { Session } from "../protocol/frames.js";
import { SNAPSHOT_BYTES } from "../protocol/limits.js";

/** How much may wait. */
export interface Bound {
  readonly events: number;
  /** Of payloads. */
  readonly bytes: number;
}

// What a relay keeps of a room, for one player or for the room itself (SPEC, sections 14 and 16).
const PROPERTIES = 256;
const PROPERTY_BYTES = 64 * 1024;
const VOLATILE_KEYS = 256;
const VOLATILE_BYTES = 64 * 1024;
/** JOINED and PRESENCE. */
const FACTS = 2;

/**
 * How much may wait for a program that does not read: the past of a room, as its relay bounds it,
 * and all that the room as it stands can hold.
 *
 * @param seats that are taken; a host may have raised the capacity
 */
export function roomBound({ limits, options }: Session, seats: number): Bound {
  const players = Math.max(options.capacity + options.spectators, seats);
  return {
    events: limits.historyFrames + players * (FACTS + PROPERTIES + VOLATILE_KEYS) + PROPERTIES,
    bytes:
      limits.historyBytes +
      players * (PROPERTY_BYTES + VOLATILE_BYTES) +
      PROPERTY_BYTES +
      SNAPSHOT_BYTES,
  };
}

/** Half of it: who has read so far may hear more. */
export const half = ({ events, bytes }: Bound): Bound => ({ events: events / 2, bytes: bytes / 2 });
