// RoomwireError            whatever a client can do nothing about by itself
//   Unreachable            no WebSocket to a relay opens there
//     OriginRefused        the relay takes no pages of this origin
//   JoinError              the relay answered, and the room did not let us in
//     NoSuchRoom, RoomFull, RoomLocked, WrongPassword, NotAdmitted, Kicked,
//     VersionRefused, OtherApp, FrameSizeRefused
//   LobbyRefused           the relay does not list, match, make or describe what was asked for
//   RoomClosed             the room is over for this client
//
// A mistake in a call is a TypeError or a LocalProtocolError. The names are those of Python's client,
// where a refused origin is Unreachable.

import type { Closed } from "./events.js";
import { CloseCode, closeName, explainClose, mayReturn } from "./protocol/close-codes.js";
import { printable } from "./protocol/printable.js";

/** Base of the client's errors, but for mistakes in a call. */
export class RoomwireError extends Error {
  override readonly name: string = "RoomwireError";

  constructor(message: string) {
    super(printable(message)); // others chose some of the words, such as why a host removes one
  }
}

/** No WebSocket to a relay opens at this address. */
export class Unreachable extends RoomwireError {
  override readonly name: string = "Unreachable";
}

/** The relay lets no page of this origin open a WebSocket. */
export class OriginRefused extends Unreachable {
  override readonly name = "OriginRefused";
}

/** An error that a close is the cause of. */
abstract class Ended extends RoomwireError {
  /** One of `CloseCode`, or another code of the WebSocket standard. */
  readonly code: number;
  /** For programs, such as "kicked". */
  readonly reason: string;

  constructor(
    /** The room's last event. */
    readonly closed: Closed,
    advice = "",
  ) {
    super(`${closed.text} ${advice}`.trim());
    this.code = closed.code;
    this.reason = closed.reason;
  }
}

/** The relay did not let this client into the room; a subclass names the cause. */
export class JoinError extends Ended {
  override readonly name: string = "JoinError";
}

/** The room does not exist, and `create: false` forbade to make it. */
export class NoSuchRoom extends JoinError {
  override readonly name = "NoSuchRoom";
}

/** The room has as many players as it takes. */
export class RoomFull extends JoinError {
  override readonly name = "RoomFull";
}

/** The host has locked the room. */
export class RoomLocked extends JoinError {
  override readonly name = "RoomLocked";
}

/** The room has a password, and it is another one. */
export class WrongPassword extends JoinError {
  override readonly name = "WrongPassword";
}

/** The relay's `on_join` hook said no. */
export class NotAdmitted extends JoinError {
  override readonly name = "NotAdmitted";
}

/** The host or the operator removed this seat for the room's life. */
export class Kicked extends JoinError {
  override readonly name = "Kicked";
}

/** The relay speaks another version of the wire. */
export class VersionRefused extends JoinError {
  override readonly name = "VersionRefused";
}

/** The room is of another app or build. */
export class OtherApp extends JoinError {
  override readonly name = "OtherApp";
}

/** The room's frames may be larger than this client takes. */
export class FrameSizeRefused extends JoinError {
  override readonly name = "FrameSizeRefused";
}

/** The relay does not do what the lobby asked of it. */
export class LobbyRefused extends RoomwireError {
  override readonly name = "LobbyRefused";

  constructor(
    /**
     * Of HTTP: 404 no such room, 409 the name is taken, 422 what was asked cannot be, 429 too much
     * was asked, 503 the relay is full or goes down.
     */
    readonly status: number,
    /** Why, in the relay's words. */
    readonly text: string,
    /** Seconds after which to come back, where the relay says so. */
    readonly after: number | null = null,
  ) {
    const when = after === null ? "" : `; come back in ${after} s`;
    super(`the relay refuses (HTTP ${status}): ${text}${when}`);
  }
}

/** The room is over for this client: the seat was given up, or taken. */
export class RoomClosed extends Ended {
  override readonly name = "RoomClosed";
}

type Cause = new (closed: Closed, advice?: string) => JoinError;

/** By close code: what it means before the room was live, and what a program may do. */
const CAUSES: Record<number, readonly [cause: Cause, advice?: string]> = {
  [CloseCode.NO_SUCH_ROOM]: [NoSuchRoom, "{ create: true } makes it."],
  [CloseCode.ROOM_FULL]: [RoomFull],
  [CloseCode.LOCKED]: [RoomLocked],
  [CloseCode.WRONG_PASSWORD]: [WrongPassword, "Give the right { password }."],
  [CloseCode.NOT_ADMITTED]: [NotAdmitted],
  [CloseCode.KICKED]: [Kicked],
  [CloseCode.VERSION]: [VersionRefused],
  [CloseCode.OTHER_APP]: [OtherApp, "Give its { app } and { build }."],
  [CloseCode.FRAME_SIZE]: [FrameSizeRefused, "Give a larger { maxFrame }."],
};

/** The error that a close before the room was live means. */
export function entryError(closed: Closed): JoinError | RoomClosed {
  if (closed.code === CloseCode.NORMAL) return new RoomClosed(closed);
  const [cause, advice = ""] = CAUSES[closed.code] ?? [JoinError];
  return new cause(closed, `${advice} (${closed.reason}, ${closed.code})`.trim());
}

/**
 * The last event of a room.
 *
 * @param said a sentence of the relay's, instead of our own
 */
export const closedBy = (code: number, reason = "", said?: string): Closed => ({
  type: "closed",
  code,
  reason: reason || closeName(code),
  text: explainClose(code, said),
  mayReturn: mayReturn(code),
});
