// What `connect` may be told. The types of what goes into HELLO are those of the frame.

import type { Storage } from "./io/secret.js";
import type { WebSocketClass } from "./io/websocket.js";
import type { HelloOptions } from "./protocol/frames.js";

/** Of HELLO's options, those that are the client's own matter. */
type Own = "position" | "min" | "seat";

/** What `connect` may be told; all of it may be left out. */
export interface ConnectOptions extends Omit<HelloOptions, Own> {
  /** The room's code, unless the address ends in it. */
  room?: string;
  /** How others see this player. */
  readonly name?: HelloOptions["name"];
  /** A spectator sees and cannot act. */
  readonly role?: HelloOptions["role"];
  /** Whether to make the room if there is none, and how; true, unless told otherwise. */
  readonly create?: HelloOptions["create"];
  /** The room's, if it has one. */
  readonly password?: HelloOptions["password"];
  /** The game's name; a room of another game refuses. */
  readonly app?: HelloOptions["app"];
  /** The game's build; a room of another one refuses. */
  readonly build?: HelloOptions["build"];
  /** For the relay's own admission. */
  readonly ticket?: HelloOptions["ticket"];
  /** Largest message to take, in bytes. */
  readonly maxFrame?: HelloOptions["maxFrame"];
  /** Whether this player may become host. */
  readonly canHost?: HelloOptions["canHost"];
  /** The seat's secret, 16 random bytes; null for a seat that ends with its connection. */
  seat?: Uint8Array<ArrayBuffer> | null;
  /** Where a secret outlives a reload; `sessionStorage`, unless told otherwise. */
  storage?: Storage | null;
  /** For Node without a global WebSocket: that of the package `ws`. */
  WebSocket?: WebSocketClass;
  /** Gives the seat up when it is aborted. */
  signal?: AbortSignal;
  /** false: do not tell the room when the page is hidden. */
  followPage?: boolean;
}
