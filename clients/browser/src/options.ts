// What `connect` may be told. The types of what goes into HELLO are those of the frame.

import type { Storage } from "./io/secret.js";
import type { WebSocketClass } from "./io/websocket.js";
import { describe, isObject } from "./protocol/fields/mismatch.js";
import { HELLO_OPTIONS, type HelloOptions, ROOM_OPTIONS } from "./protocol/frames.js";

/** Seconds to be live in the room, unless told otherwise. */
export const TIMEOUT = 10;
/** Seconds: more was meant in milliseconds. */
const MAX_TIMEOUT = 600;

/** Of HELLO's options, those that are the client's own matter. */
type Own = "position" | "min" | "seat";

/** What `connect` may be told; all of it may be left out. */
export interface ConnectOptions extends OpenOptions {
  /** Seconds within which to be live in the room; 10, unless told otherwise, and 600 at most. */
  timeout?: number;
}

/** What `openRoom` may be told; all of it may be left out. */
export interface OpenOptions extends Omit<HelloOptions, Own> {
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
  /** Gives the seat up when it is aborted; `connect` then throws its reason. */
  signal?: AbortSignal;
  /** false: do not tell the room when the page is hidden. */
  followPage?: boolean;
}

type Check = readonly [expected: string, isFit: (value: any) => boolean];

/** Of the options that are not in HELLO, what they must be. HELLO's are checked by its encoder. */
const CHECKS: Record<string, Check> = {
  room: ["a string", (room) => typeof room === "string"],
  storage: ["a Storage or null", (it) => it === null || typeof it?.getItem === "function"],
  WebSocket: ["a class", (it) => typeof it === "function"],
  signal: ["an AbortSignal", (signal) => typeof signal?.addEventListener === "function"],
  followPage: ["true or false", (follows) => typeof follows === "boolean"],
  timeout: [
    `seconds, more than 0 and at most ${MAX_TIMEOUT}`,
    (timeout) => typeof timeout === "number" && timeout > 0 && timeout <= MAX_TIMEOUT,
  ],
};

const KNOWN = [...Object.keys(CHECKS), ...HELLO_OPTIONS].filter(
  (name) => name !== "position" && name !== "min",
);

/** @throws TypeError for an option that there is none of, or that is not what it must be */
export function checkOptions(options: object): void {
  if (!isObject(options)) throw new TypeError(`options: an object was expected, not ${describe(options)}`);
  checkNames("option", options, KNOWN);
  for (const [name, [expected, isFit]] of Object.entries(CHECKS)) {
    const value = options[name];
    if (value === undefined || isFit(value)) continue;
    throw new TypeError(`option "${name}": ${expected} was expected, not ${describe(value)}`);
  }
  if (isObject(options["create"])) checkNames("create option", options["create"], ROOM_OPTIONS);
}

function checkNames(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`there is no ${what} "${unknown}": there are ${known.join(", ")}`);
}
