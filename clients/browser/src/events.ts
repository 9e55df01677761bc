// What happens in a room. Facts of the room carry the `seq` at which they became true; the
// connection's own events carry none.

import type { ClientFrame, ErrorDetail, NoticeDetail } from "./protocol/frames.js";
import { unpack } from "./protocol/msgpack/payload.js";

/** A player as he was when this value was made; `room.players` has the newest of each. */
export interface Player {
  /** From 1, never used again in the same room; 0 is the relay, or nobody. */
  readonly number: number;
  readonly name: string;
  readonly role: "player" | "spectator";
  /** One of `PresenceState`. */
  readonly state: number;
  readonly isHost: boolean;
  /** Whether this player may become host. */
  readonly canHost: boolean;
}

abstract class Packed {
  constructor(readonly payload: Uint8Array) {}

  /**
   * What was packed.
   *
   * @throws RemoteProtocolError if the payload is no value of the interop profile; the game may
   *   make something of `payload`
   */
  // A prototype's payloads are its own: what it sent as one type, it may read as that type.
  get value(): any {
    return unpack(this.payload);
  }
}

/** Somebody sent a payload, at its place in the room's order. */
export class Message extends Packed {
  readonly type = "message";

  constructor(
    readonly seq: number,
    readonly sender: number,
    payload: Uint8Array,
    /** The sender as this client knew him then, also when he has left since. */
    readonly player: Player,
    /**
     * It comes before `live`, to catch up with a room that one enters late or anew. What was missed
     * while the connection was lost and then resumed is not history.
     */
    readonly isHistory = false,
  ) {
    super(payload);
  }
}

/**
 * The game's own state as of `seq`, as a host gave it; history follows where it ends. Comes before
 * `live`, and only in a room that was made with `history`.
 */
export class SnapshotReceived extends Packed {
  readonly type = "snapshotReceived";

  constructor(
    readonly seq: number,
    payload: Uint8Array,
  ) {
    super(payload);
  }
}

/**
 * The relay asks this client, who is host, for a snapshot: call `room.giveSnapshot`. Of what
 * happened up to `seq`, history will soon forget the beginning.
 */
export interface SnapshotWanted {
  readonly type: "snapshotWanted";
  readonly seq: number;
}

/** The newest volatile value of (`sender`, `key`); older ones may have been left out. */
export class Updated extends Packed {
  readonly type = "updated";

  constructor(
    readonly key: number,
    readonly sender: number,
    payload: Uint8Array,
    readonly player: Player,
  ) {
    super(payload);
  }
}

/** A property of the room (scope 0) or of player `scope` was written, or deleted. */
export class PropertyChanged {
  readonly type = "propertyChanged";

  constructor(
    readonly scope: number,
    readonly key: string,
    /** null: deleted */
    readonly payload: Uint8Array | null,
    readonly version: number,
    readonly by: number,
    readonly seq: number,
  ) {}

  /** What was packed, or undefined where the property was deleted. Throws as `Message.value` does. */
  get value(): any {
    return this.payload ? unpack(this.payload) : undefined;
  }
}

/** A player has a seat in the room; on entry told once of each who has, oneself included. */
export interface Joined {
  readonly type: "joined";
  readonly player: Player;
  readonly seq: number;
}

/** A player's seat is no more. `reason` is one of `LeftReason`. */
export interface Left {
  readonly type: "left";
  readonly player: Player;
  readonly reason: number;
  readonly seq: number;
}

/** A player is here, away, lost or lagging: see `player.state`. */
export interface PresenceChanged {
  readonly type: "presenceChanged";
  readonly player: Player;
  readonly seq: number;
}

/** The room has another host, or none; `term` counts hosts. */
export interface HostChanged {
  readonly type: "hostChanged";
  readonly player: Player | null;
  readonly term: number;
  readonly seq: number;
}

/** The relay or the room refused something that this client sent, or its entry. */
export interface Refused {
  readonly type: "refused";
  /** One of `ErrorCode`. */
  readonly code: number;
  /** One sentence for a human. */
  readonly text: string;
  readonly detail: ErrorDetail;
  /** Which frame: the number that `send` and its kin resolved with, if it was counted. */
  readonly frame: number | undefined;
  readonly seq: number;
}

/**
 * The relay says something worth knowing. `kind` is one of `NoticeKind`:
 *
 * THROTTLE: more was sent than `detail.limit` frames a second; for `detail.after` ms the relay does
 * not read on. LAG: this client reads too slowly, and is cut off in `detail.after` ms unless it
 * catches up; once it has, another LAG says how many volatile values were `detail.dropped`. DRAIN:
 * the relay goes down soon, and the client comes back by itself in `detail.after` ms. TRIMMED: some
 * of the room's past was forgotten while it was being told, up to `detail.seq`; `room.completeFrom`
 * says the same. MEMORY: the relay is short of memory, and has forgotten this room's past up to
 * `detail.seq`; late joiners will not hear it. STALLED: the relays of this room have lost one of
 * their stores, so what is sent reliably waits for some seconds; nothing of it is lost. GOES_ON:
 * that is over. OPERATOR: whoever runs the relay tells all players `detail.said`.
 * SHAPED: the relay makes this player's network worse on purpose, as `detail.said` has it; without
 * it, no longer.
 */
export interface Notice {
  readonly type: "notice";
  readonly kind: number;
  readonly detail: NoticeDetail;
}

/** The stream has caught up: what follows happens now. */
export interface Live {
  readonly type: "live";
  readonly seq: number;
}

/**
 * The connection is lost; the next attempt starts in `delay` milliseconds, by itself.
 *
 * Where `reason` is "unread", the client closed it, since more waited for the program than a room can
 * hold: the next attempt starts now that somebody reads. Of attempts that followed each other while
 * nobody read, the last one is told.
 */
export interface Reconnecting {
  readonly type: "reconnecting";
  readonly attempt: number;
  readonly delay: number;
  readonly reason: string;
}

/**
 * The connection is back. If `resumed`, what was missed follows and nothing is lacking. If not, the
 * room is told anew, as it stands; `reason` says why, where the relay did.
 */
export interface Resumed {
  readonly type: "resumed";
  readonly resumed: boolean;
  readonly reason: string;
}

/**
 * Frames of this client that were never acknowledged and never will be, in order: their room or seat
 * is gone, or one left before the relay could take them.
 */
export interface Lost {
  readonly type: "lost";
  readonly messages: readonly ClientFrame[];
}

/** The last event: the seat is given up, and this client does not come back by itself. */
export interface Closed {
  readonly type: "closed";
  /** One of `CloseCode`, or another code of the WebSocket standard. */
  readonly code: number;
  /** For programs, such as "kicked". */
  readonly reason: string;
  /** One sentence for people. */
  readonly text: string;
  /** Whether a new `connect` may succeed. */
  readonly mayReturn: boolean;
}

/** Whatever happens; `type` says what. */
export type Event =
  | Message
  | Updated
  | Joined
  | Left
  | PresenceChanged
  | HostChanged
  | PropertyChanged
  | SnapshotReceived
  | SnapshotWanted
  | Refused
  | Notice
  | Live
  | Reconnecting
  | Resumed
  | Lost
  | Closed;

/** The event of one type. */
export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;
