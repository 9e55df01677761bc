import type { Closed } from "./events.js";

/** The room cannot be used: entry was refused, or the seat was given up. */
export class RoomClosed extends Error {
  override readonly name = "RoomClosed";
  /** One of `CloseCode`, or another code of the WebSocket standard. */
  readonly code: number;
  /** For programs, such as "kicked". */
  readonly reason: string;

  constructor(closed: Closed) {
    super(closed.text);
    this.code = closed.code;
    this.reason = closed.reason;
  }
}
